/* A process and its rights as orders: the same for a start and an exec. */
#pragma once

#include "base/err.h"
#include "runtime/engine_impl.h"
#include "runtime/orders.h"

int rt_orders_confined(struct rt_engine *e, struct rt_orders_draft *d, const struct rt_process *p,
		       const struct rt_security *security, uint32_t n_ids, struct sp_err *err);
