/* `x-stackpilot` of a service: startup, liveness and readiness probes. */
#pragma once

#include "stackfile/reader.h"

void read_stackpilot(const struct value *v, void *service);
