/* Agents of an operation; see agents.h. */
#include "control/operation/agents.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "base/time.h"
#include "control/store/node.h"

struct operation_agents {
	pthread_mutex_t lock; /* of the list, against a stop */
	bool stopping;
	int64_t until_ns; /* of the right to talk to them */
	struct agent **list;
	size_t n;
};

struct operation_agents *operation_agents_new(void)
{
	struct operation_agents *g = calloc(1, sizeof(*g));

	if (!g)
		return NULL;
	pthread_mutex_init(&g->lock, NULL);
	g->until_ns = INT64_MAX;
	return g;
}

void operation_agents_free(struct operation_agents *g)
{
	if (!g)
		return;
	for (size_t i = 0; i < g->n; i++)
		agent_close(g->list[i]);
	pthread_mutex_destroy(&g->lock);
	free(g->list);
	free(g);
}

static int open_one(const struct agent_access *access, struct store *s, const char *node,
		    struct agent **ret, struct sp_err *err)
{
	autonode struct store_node n = { 0 };
	int r = store_node_get(s, node, &n, err);

	return r < 0 ? r : agent_open(access, &n, ret, err);
}

static int keep(struct operation_agents *g, struct agent *a, struct sp_err *err)
{
	struct agent **list;

	pthread_mutex_lock(&g->lock);
	list = reallocarray(g->list, g->n + 1, sizeof(*list));
	if (list) {
		g->list = list;
		g->list[g->n++] = a;
	}
	pthread_mutex_unlock(&g->lock);
	return list ? 0 : sp_fail_nomem(err);
}

int operation_agents_get(struct operation_agents *g, const struct agent_access *access,
			 struct store *s, const char *node, struct agent **ret, struct sp_err *err)
{
	struct agent *a = NULL;
	int r;

	if (operation_agents_stopping(g))
		return sp_fail(err, SP_E_INTERRUPTED, "controld is stopping, or lost the lock");
	for (size_t i = 0; i < g->n; i++)
		if (!strcmp(agent_name(g->list[i]), node)) {
			*ret = g->list[i];
			return 0;
		}
	r = open_one(access, s, node, &a, err);
	if (r == 0)
		r = keep(g, a, err);
	if (r < 0) {
		agent_close(a);
		return r;
	}
	*ret = a;
	return 0;
}

void operation_agents_extend(struct operation_agents *g, int64_t until_ns)
{
	pthread_mutex_lock(&g->lock);
	g->until_ns = until_ns;
	pthread_mutex_unlock(&g->lock);
}

void operation_agents_stop(struct operation_agents *g)
{
	pthread_mutex_lock(&g->lock);
	g->stopping = true;
	for (size_t i = 0; i < g->n; i++)
		agent_interrupt(g->list[i]);
	pthread_mutex_unlock(&g->lock);
}

bool operation_agents_stopping(struct operation_agents *g)
{
	bool stopping;

	pthread_mutex_lock(&g->lock);
	stopping = g->stopping || sp_time_mono_ns() >= g->until_ns;
	pthread_mutex_unlock(&g->lock);
	return stopping;
}
