/* `x-stackpilot` of the top level: what Compose has no word for. */
#pragma once

#include "stackfile/reader.h"

/* After the services: what is here may name them. */
void read_extension(const struct value *v, void *stack);
