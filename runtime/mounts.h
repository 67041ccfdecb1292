/* The mounts and files of a spec, as orders: detached mounts where the host has to make them. */
#pragma once

#include "base/err.h"
#include "runtime/orders.h"

int rt_orders_mounts(struct rt_orders_draft *d, const struct rt_spec *spec, int userns_fd,
		     struct sp_err *err);
int rt_orders_files(struct rt_orders_draft *d, const struct rt_spec *spec, struct sp_err *err);
int rt_orders_sysctls(struct rt_orders_draft *d, const struct rt_spec *spec, struct sp_err *err);
