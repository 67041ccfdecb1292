/* See ask.h. */
#include "control/drift/ask.h"

#include <stdio.h>

#include "control/node/agents_ask.h"

static void *run(void *arg)
{
	struct drift_ask *a = arg;

	a->result = agents_ask(a->control, a->nodes, a->path, &a->replies, &a->err);
	return NULL;
}

int drift_ask_begin(struct drift_ask *a, struct control *c, const struct store_nodes *nodes,
		    const char *stack, struct sp_err *err)
{
	int rc;

	a->control = c;
	a->nodes = nodes;
	snprintf(a->path, sizeof(a->path), "/v1/observed?stack=%s", stack);
	rc = pthread_create(&a->thread, NULL, run, a);
	if (rc)
		return sp_fail_errno(err, rc, "thread that asks the agents");
	a->running = true;
	return 0;
}

int drift_ask_wait(struct drift_ask *a, struct sp_err *err)
{
	if (a->running)
		pthread_join(a->thread, NULL);
	a->running = false;
	if (a->result < 0 && err)
		*err = a->err;
	return a->result;
}

void drift_ask_fini(struct drift_ask *a)
{
	drift_ask_wait(a, NULL);
	if (a->nodes)
		agents_replies_free(a->replies, a->nodes->n);
	*a = (struct drift_ask){ 0 };
}
