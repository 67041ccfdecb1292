/* Taking a lock away from its holder; see lease.h. */
#include <stdio.h>

#include "control/store/lease_impl.h"
#include "control/store/operation.h"
#include "control/store/stack.h"

struct force {
	const struct store_lease_force *q;
	struct store_lease *was;
};

/* Nobody will bring it to an end any more: its worker is fenced off. */
static int cut_operation(struct store *s, const struct store_lease *l,
			 const struct store_lease_force *q, struct sp_err *err)
{
	struct wire_failure f;
	struct store_stack stack;
	struct sp_err e;
	int r;

	sp_fail(&e, SP_E_FENCED, "the lock was taken away by %s: %s", q->by, q->reason);
	sp_err_at(&e, SP_STAGE_LOCK);
	wire_failure_init(&f, &e, "controld");
	snprintf(f.resource, sizeof(f.resource), "%s", l->stack);
	snprintf(f.next, sizeof(f.next), "ctl op show %s; deploy the stack again", l->running);
	r = store_step_cut(s, l->running, &f, err);
	if (r == 0)
		r = store_operation_finish(s, l->running, STORE_OPERATION_FAILED, &f, err);
	if (r == 0 && store_stack_get(s, l->stack, &stack, NULL) == 0)
		r = store_stack_set_state(s, l->stack, STORE_STACK_FAILED, l->running, err);
	return r;
}

static int force(struct store *s, void *state, struct sp_err *err)
{
	const struct force *f = state;
	const struct store_lease_force *q = f->q;
	struct store_lease l;
	int r = lease_load(s, q->stack, &l, err);

	if (r == 0)
		r = lease_match(&l, q->id, err);
	if (r < 0)
		return r;
	*f->was = l;
	l.token++;
	r = lease_tell(s, "lock.forced", &l, q->by, q->reason, err);
	lease_clear(&l);
	if (r == 0)
		r = lease_put(s, &l, err);
	return r == 0 && *f->was->running ? cut_operation(s, f->was, q, err) : r;
}

int store_lease_force(struct store *s, const struct store_lease_force *q, struct store_lease *ret,
		      struct sp_err *err)
{
	struct force f = { q, ret };

	return store_transact(s, force, &f, err);
}
