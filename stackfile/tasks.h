/* `x-stackpilot.tasks`. */
#pragma once

#include "stackfile/reader.h"

void read_tasks(const struct value *v, void *stack);

/* Fill in stack.task_order, or refuse a cycle with its path. */
void task_order_find(struct reader *r);
