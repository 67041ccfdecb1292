/* `depends_on` of a service, and the order that all of them give. */
#pragma once

#include "stackfile/reader.h"

void read_depends_on(const struct value *v, void *service);

/* Fill in stack.start_order, or refuse a cycle with its path ("a -> b -> a"). */
void start_order_find(struct reader *r);
