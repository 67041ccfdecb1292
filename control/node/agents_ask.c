/* Asking all agents at once; see agents_ask.h. */
#include "control/node/agents_ask.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/log.h"
#include "base/str.h"
#include "base/time.h"

#define ASK_TIMEOUT_NS (5 * SP_NS_PER_S)
#define AT_ONCE_MAX    16 /* threads of one question */
#define PATH_MAX_BYTES 160

struct question {
	const struct agent_access *access;
	const struct store_node *node;
	const char *method, *path;
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
	if (agent_ask(a, q->method, q->path, &q->reply, NULL) < 0)
		q->reply = NULL;
	return NULL;
}

/* The last one in the caller's own thread. */
static void ask_some(struct question *q, size_t n)
{
	while (n && q[n - 1].node->state != STORE_NODE_READY)
		n--;
	for (size_t i = 0; i + 1 < n; i++)
		q[i].asked = q[i].node->state == STORE_NODE_READY &&
			     pthread_create(&q[i].thread, NULL, ask, &q[i]) == 0;
	if (n)
		ask(&q[n - 1]);
	for (size_t i = 0; i + 1 < n; i++)
		if (q[i].asked)
			pthread_join(q[i].thread, NULL);
}

static int ask_all(struct control *c, const struct store_nodes *nodes, const char *method,
		   const char *path, json_t ***ret, struct sp_err *err)
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
					  .method = method,
					  .path = path };
	for (size_t i = 0; i < nodes->n; i += AT_ONCE_MAX)
		ask_some(q + i, nodes->n - i < AT_ONCE_MAX ? nodes->n - i : AT_ONCE_MAX);
	for (size_t i = 0; i < nodes->n; i++)
		replies[i] = q[i].reply;
	*ret = replies;
	return 0;
}

int agents_ask(struct control *c, const struct store_nodes *nodes, const char *path, json_t ***ret,
	       struct sp_err *err)
{
	return ask_all(c, nodes, "GET", path, ret, err);
}

int agents_fence(struct control *c, struct store *s, const char *stack, int64_t token)
{
	autonodes struct store_nodes nodes = { 0 };
	json_t **replies = NULL;
	char path[PATH_MAX_BYTES];
	int r = store_node_list(s, &nodes, NULL), n = 0;

	snprintf(path, sizeof(path), "/v1/stacks/%s/token?token=%lld", stack, (long long)token);
	if (r == 0)
		r = ask_all(c, &nodes, "PUT", path, &replies, NULL);
	for (size_t i = 0; r == 0 && i < nodes.n; i++)
		n += replies[i] != NULL;
	sp_log(SP_LOG_INFO, "lock.fence", SP_STR("stack", stack), SP_INT("token", token),
	       SP_INT("nodes", n));
	agents_replies_free(replies, nodes.n);
	return n;
}

void agents_replies_free(json_t **replies, size_t n)
{
	for (size_t i = 0; replies && i < n; i++)
		json_decref(replies[i]);
	free(replies);
}

bool agents_reply_has_image(const json_t *reply, const char *digest)
{
	const json_t *one;
	size_t i;

	json_array_foreach (json_object_get(reply, "images"), i, one) {
		if (sp_str_eq(json_string_value(json_object_get(one, "digest")), digest))
			return true;
	}
	return false;
}
