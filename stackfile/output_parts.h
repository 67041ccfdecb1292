/*
 * Outputs that tell where a service is: `tcp://${services.db.address}:5432`. What stands there is
 * known only once the stack is placed, so such a value is kept as pieces, and controld puts them
 * together when it is asked.
 */
#pragma once

#include "stackfile/reader.h"

/* The text of v, which has references (node.h: refers), as pieces of o. */
void output_parts_read(const struct value *v, struct stack_output *o);

/* Every service they name is there, and has what they ask for. */
void output_parts_check(struct reader *r);
