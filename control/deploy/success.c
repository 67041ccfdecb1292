/*
 * The good end of a deploy, also of one that was cut off after its revision became the current one:
 * the hosts are looked at, and the stack's lifetime begins anew. Nothing here can undo it; see
 * deploy.h.
 */
#include "base/time.h"
#include "control/deploy/deploy.h"
#include "control/drift/check.h"
#include "control/stack/revision.h"
#include "control/store/expiry.h"

struct success {
	struct deploy *d;
	int64_t ttl_ns;
};

/* What the file says that runs now. */
static int read_policy(struct deploy *d, bool *ret_detect, int64_t *ret_ttl_ns, struct sp_err *err)
{
	struct operation *o = d->o;
	autorevision struct revision rev = { 0 };
	struct store_stack now;
	int r = store_stack_get(o->store, o->row.stack, &now, err);

	if (r == 0)
		r = revision_read(o->store, o->row.stack, now.revision, &rev, err);
	if (r < 0)
		return r;
	*ret_detect = rev.stack->policy.detect_drift;
	*ret_ttl_ns = rev.stack->ttl_ns;
	return 0;
}

static int begin_lifetime(struct store *s, void *state, struct sp_err *err)
{
	const struct success *q = state;
	struct operation *o = q->d->o;
	char at[SP_TIME_STAMP_MAX], ttl[SP_DURATION_MAX];
	int64_t at_ns;
	int r = store_expiry_set(s, o->row.stack, q->ttl_ns, o->row.id, &at_ns, err);

	if (r < 0 || !at_ns)
		return r;
	sp_time_format(at_ns, at);
	sp_duration_format(q->ttl_ns, ttl);
	operation_warn(o, "ttl", "the stack is destroyed at %.19sZ, %s after its last deploy", at,
		       ttl);
	return 0;
}

void deploy_succeed(struct deploy *d, struct sp_err *err)
{
	struct success q = { .d = d };
	bool detect = false;
	int r = read_policy(d, &detect, &q.ttl_ns, err);

	d->o->past_return = true;
	if (r < 0)
		operation_warn(d->o, "policy", "%s", err->message);
	if (detect)
		drift_check(d->o);
	if (!operation_stopping(d->o))
		operation_end(d->o, STORE_OPERATION_SUCCEEDED, r < 0 ? NULL : begin_lifetime, &q,
			      err);
}
