/* `x-stackpilot.drift`. */
#pragma once

#include "stackfile/reader.h"

void read_drift(const struct value *v, void *stack);
