/* A process and its rights as orders; see confine.h. */
#include "runtime/confine.h"

#include "runtime/caps.h"
#include "runtime/seccomp.h"

static int add_filter(struct rt_engine *e, struct rt_orders_draft *d, uint64_t caps,
		      struct sp_err *err)
{
	const struct rt_filter *filter = NULL;
	struct rt_slice slice;
	int r = rt_seccomp_get(e->filters, caps, &filter, err);

	if (r < 0)
		return r;
	slice = rt_orders_array(d, filter->code, filter->len, sizeof(*filter->code));
	rt_orders_head(d)->filter = slice;
	return 0;
}

int rt_orders_confined(struct rt_engine *e, struct rt_orders_draft *d, const struct rt_process *p,
		       const struct rt_security *security, uint32_t n_ids, struct sp_err *err)
{
	uint64_t caps = 0;
	int r = rt_caps_resolve(security->cap_add, security->cap_drop, &caps, err);

	if (r == 0)
		r = rt_orders_process(d, p, caps, !security->new_privileges, n_ids, err);
	if (r == 0 && security->seccomp == RT_SECCOMP_DEFAULT)
		r = add_filter(e, d, caps, err);
	return r;
}
