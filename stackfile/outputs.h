/* `x-stackpilot.outputs`. */
#pragma once

#include "stackfile/reader.h"

void read_outputs(const struct value *v, void *stack);

/* Letters, digits, '_', '-' and '.', at most SP_ID_MAX: names of outputs and keys of the state. */
bool output_name_valid(const char *name);
