/* `x-stackpilot.requires`: other stacks, and the use of their outputs in environments. */
#pragma once

#include "stackfile/reader.h"

void read_requires(const struct value *v, void *stack);
/* `from_output` of a service or task: {VARIABLE: STACK/OUTPUT}. */
void read_from_output(const struct value *v, void *service);

/* Every use names an output that the stack requires, and no variable twice. */
void from_output_check(struct reader *r);
