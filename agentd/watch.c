/* See watch.h. */
#include "agentd/watch.h"

#include <errno.h>
#include <stdlib.h>

struct watch {
	struct sp_op op;
	watch_fn fn;
	void *owner;
};

static void on_ready(struct sp_op *op, int res, bool more)
{
	struct watch *w = op->owner;
	watch_fn fn = w->fn;
	void *owner = w->owner;

	(void)res;
	(void)more;
	free(w);
	if (fn)
		fn(owner);
}

int watch_new(struct sp_loop *loop, int fd, uint32_t mask, watch_fn fn, void *owner,
	      struct watch **ret, struct sp_err *err)
{
	struct watch *w = calloc(1, sizeof(*w));

	if (!w)
		return sp_fail_nomem(err);
	w->op.fn = on_ready;
	w->op.owner = w;
	w->fn = fn;
	w->owner = owner;
	sp_op_poll(loop, &w->op, fd, mask);
	*ret = w;
	return 0;
}

void watch_drop(struct watch *w)
{
	if (!w)
		return;
	w->fn = NULL;
	sp_op_cancel(&w->op);
}
