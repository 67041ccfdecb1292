/* `ports` and `expose` of a service. */
#pragma once

#include "stackfile/reader.h"

void read_ports(const struct value *v, void *service);
void read_expose(const struct value *v, void *service);
