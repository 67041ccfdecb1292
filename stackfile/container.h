/* The keys that a service and a task share: `keys_container`, whose target is a stack_service. */
#pragma once

#include "stackfile/reader.h"

/* A container with the values that a file may leave out. */
void container_init(struct stack_service *s);
/* Once its rows are read: what must be there is there. */
void container_finish(const struct value *v, struct stack_service *s);

/* char *: letters, digits, '.', '-' and '_'. */
void read_host_name(const struct value *v, void *field);

/* A row of a table for a key of Compose that StackPilot does not have. */
#define UNSUPPORTED(key)           \
	{                          \
		key, NULL, 0, NULL \
	}
