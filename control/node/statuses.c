/* What all agents say, put together; see statuses.h. */
#include "control/node/statuses.h"

#include <string.h>

#include "base/json.h"
#include "base/str.h"
#include "control/node/agents_ask.h"
#include "control/store/stack.h"

struct gathered {
	json_t *list, *unreachable;
};

static int add_answer(json_t *list, const json_t *reply, const char *node)
{
	json_t *status;
	size_t i;

	json_array_foreach (json_object_get(reply, "workloads"), i, status) {
		if (json_object_set_new(status, "node", json_string(node)) < 0 ||
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
	int r = store_workload_list_brief(s, stack, 0, &all, err);

	for (size_t i = 0; r == 0 && i < all.n; i++)
		if (!strcmp(all.list[i].node, node) && is_last(&all, i) &&
		    json_array_append_new(list, unknown_status(&all.list[i])) < 0)
			r = sp_fail_nomem(err);
	return r;
}

static int gather(struct store *s, const struct store_nodes *nodes, json_t *const *replies,
		  const char *stack, struct gathered *g, struct sp_err *err)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < nodes->n; i++) {
		const char *node = nodes->list[i].name;

		if (replies[i]) {
			r = add_answer(g->list, replies[i], node) < 0 ? sp_fail_nomem(err) : 0;
			continue;
		}
		if (json_array_append_new(g->unreachable, json_string(node)) < 0)
			return sp_fail_nomem(err);
		r = add_unknown(s, stack, node, g->list, err);
	}
	return r;
}

static int read_from(struct control *c, struct store *s, const char *stack, const char *path,
		     json_t **ret_list, json_t **ret_unreachable, struct sp_err *err)
{
	autonodes struct store_nodes nodes = { 0 };
	autojson json_t *list = json_array(), *unreachable = json_array();
	struct gathered g = { list, unreachable };
	json_t **replies = NULL;
	int r = store_node_list(s, &nodes, err);

	if (r == 0 && (!list || !unreachable))
		r = sp_fail_nomem(err);
	if (r == 0)
		r = agents_ask(c, &nodes, path, &replies, err);
	if (r == 0)
		r = gather(s, &nodes, replies, stack, &g, err);
	agents_replies_free(replies, nodes.n);
	if (r < 0)
		return r;
	*ret_list = take_ptr(list);
	*ret_unreachable = take_ptr(unreachable);
	return 0;
}

int statuses_read_fields(struct control *c, struct store *s, const char *stack, const char *fields,
			 json_t **ret_list, json_t **ret_unreachable, struct sp_err *err)
{
	autobuf struct sp_buf path = SP_BUF_INIT;

	sp_buf_puts(&path, "/v1/workloads");
	if (fields)
		sp_buf_printf(&path, "?fields=%s", fields);
	if (stack)
		sp_buf_printf(&path, "%cstack=%s", fields ? '&' : '?', stack);
	if (sp_buf_check(&path, err) < 0)
		return sp_err_return(err);
	return read_from(c, s, stack, path.data, ret_list, ret_unreachable, err);
}

int statuses_read(struct control *c, struct store *s, const char *stack, json_t **ret_list,
		  json_t **ret_unreachable, struct sp_err *err)
{
	return statuses_read_fields(c, s, stack, NULL, ret_list, ret_unreachable, err);
}
