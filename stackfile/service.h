/* A service of the stack file. */
#pragma once

#include "stackfile/reader.h"

/* Fill in the service of v->key, which is in the stack with its name already. */
void service_read(const struct value *v, struct stack_service *s);
