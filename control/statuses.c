/* Asking all agents at once; see statuses.h. */
#include "control/statuses.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/time.h"
#include "control/store_stack.h"

#define ASK_TIMEOUT_NS (5 * SP_NS_PER_S)
#define AT_ONCE_MAX    16 /* threads of one question */

struct question {
	const struct agent_access *access;
	const struct store_node *node;
	const char *stack;
	json_t *reply; /* NULL: it did not answer */
	pthread_t thread;
	bool asked;
};

static void *ask(void *arg)
{
	struct question *q = arg;
	auto_(agent_close) struct agent *a = NULL;

	if (agent_open(q->access, q->node, &a, NULL) < 0)
		return NULL;
	agent_set_timeout(a, ASK_TIMEOUT_NS);
	if (agent_workloads(a, q->stack, &q->reply, NULL) < 0)
		q->reply = NULL;
	return NULL;
}

/* A node that is known to be away is not waited for. */
static void ask_some(struct question *q, size_t n)
{
	for (size_t i = 0; i < n; i++)
		q[i].asked = q[i].node->state == STORE_NODE_READY &&
			     pthread_create(&q[i].thread, NULL, ask, &q[i]) == 0;
	for (size_t i = 0; i < n; i++)
		if (q[i].asked)
			pthread_join(q[i].thread, NULL);
}

static int add_answer(json_t *list, const struct question *q)
{
	json_t *status;
	size_t i;

	json_array_foreach (json_object_get(q->reply, "workloads"), i, status) {
		if (json_object_set_new(status, "node", json_string(q->node->name)) < 0 ||
		    json_array_append(list, status) < 0)
			return -1;
	}
	return 0;
}

static json_t *unknown_status(const struct store_workload *w)
{
	return json_pack("{s:s, s:s, s:s, s:i, s:s, s:s, s:b, s:s+}", "id", w->id, "stack",
			 w->stack, "service", w->service, "replica", (int)w->replica, "node",
			 w->node, "state", "unknown", "ready", 0, "reason", "no answer from ",
			 w->node);
}

/* The last row of an id says where it should be. */
static bool is_last(const struct store_workloads *all, size_t i)
{
	for (size_t j = i + 1; j < all->n; j++)
		if (!strcmp(all->list[j].id, all->list[i].id))
			return false;
	return true;
}

static int add_unknown(struct store *s, const char *stack, const char *node, json_t *list,
		       struct sp_err *err)
{
	autoworkloads struct store_workloads all = { 0 };
	int r = store_workload_list(s, stack, 0, &all, err);

	for (size_t i = 0; r == 0 && i < all.n; i++)
		if (!strcmp(all.list[i].node, node) && is_last(&all, i) &&
		    json_array_append_new(list, unknown_status(&all.list[i])) < 0)
			r = sp_fail_nomem(err);
	return r;
}

static int gather(struct store *s, const struct question *q, size_t n, json_t *list,
		  json_t *unreachable, struct sp_err *err)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < n; i++) {
		if (q[i].reply) {
			r = add_answer(list, &q[i]) < 0 ? sp_fail_nomem(err) : 0;
			continue;
		}
		if (json_array_append_new(unreachable, json_string(q[i].node->name)) < 0)
			return sp_fail_nomem(err);
		r = add_unknown(s, q[i].stack, q[i].node->name, list, err);
	}
	return r;
}

static struct question *questions(struct control *c, const struct store_nodes *nodes,
				  const char *stack)
{
	struct question *q = calloc(nodes->n + 1, sizeof(*q));

	for (size_t i = 0; q && i < nodes->n; i++)
		q[i] = (struct question){ .access = &c->access,
					  .node = &nodes->list[i],
					  .stack = stack };
	return q;
}

int statuses_read(struct control *c, struct store *s, const char *stack, json_t **ret_list,
		  json_t **ret_unreachable, struct sp_err *err)
{
	autonodes struct store_nodes nodes = { 0 };
	autojson json_t *list = json_array(), *unreachable = json_array();
	autofree struct question *q = NULL;
	int r = store_node_list(s, &nodes, err);

	if (r < 0)
		return r;
	q = questions(c, &nodes, stack);
	if (!q)
		return sp_fail_nomem(err);
	for (size_t i = 0; i < nodes.n; i += AT_ONCE_MAX)
		ask_some(q + i, nodes.n - i < AT_ONCE_MAX ? nodes.n - i : AT_ONCE_MAX);
	r = gather(s, q, nodes.n, list, unreachable, err);
	for (size_t i = 0; i < nodes.n; i++)
		json_decref(q[i].reply);
	if (r < 0)
		return r;
	*ret_list = take_ptr(list);
	*ret_unreachable = take_ptr(unreachable);
	return 0;
}
