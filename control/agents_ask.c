/* Asking all agents at once; see agents_ask.h. */
#include "control/agents_ask.h"

#include <pthread.h>
#include <stdlib.h>

#include "base/time.h"

#define ASK_TIMEOUT_NS (5 * SP_NS_PER_S)
#define AT_ONCE_MAX    16 /* threads of one question */

struct question {
	const struct agent_access *access;
	const struct store_node *node;
	const char *path;
	json_t *reply; /* NULL: none */
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
	if (agent_get(a, q->path, &q->reply, NULL) < 0)
		q->reply = NULL;
	return NULL;
}

static void ask_some(struct question *q, size_t n)
{
	for (size_t i = 0; i < n; i++)
		q[i].asked = q[i].node->state == STORE_NODE_READY &&
			     pthread_create(&q[i].thread, NULL, ask, &q[i]) == 0;
	for (size_t i = 0; i < n; i++)
		if (q[i].asked)
			pthread_join(q[i].thread, NULL);
}

int agents_ask(struct control *c, const struct store_nodes *nodes, const char *path, json_t ***ret,
	       struct sp_err *err)
{
	autofree struct question *q = calloc(nodes->n + 1, sizeof(*q));
	json_t **replies = calloc(nodes->n + 1, sizeof(json_t *));

	if (!q || !replies) {
		free(replies);
		return sp_fail_nomem(err);
	}
	for (size_t i = 0; i < nodes->n; i++)
		q[i] = (struct question){ .access = &c->access,
					  .node = &nodes->list[i],
					  .path = path };
	for (size_t i = 0; i < nodes->n; i += AT_ONCE_MAX)
		ask_some(q + i, nodes->n - i < AT_ONCE_MAX ? nodes->n - i : AT_ONCE_MAX);
	for (size_t i = 0; i < nodes->n; i++)
		replies[i] = q[i].reply;
	*ret = replies;
	return 0;
}

void agents_replies_free(json_t **replies, size_t n)
{
	for (size_t i = 0; replies && i < n; i++)
		json_decref(replies[i]);
	free(replies);
}
