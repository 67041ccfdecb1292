/* Nodes: list, show, remove, tokens, join, and the pass-through to an agent's own API. */
#include <stdio.h>
#include <string.h>

#include "base/json.h"
#include "base/str.h"
#include "base/time.h"
#include "control/api/api.h"
#include "control/api/handlers.h"
#include "control/node/node.h"
#include "control/node/poller.h"
#include "control/node/token.h"
#include "control/node/url.h"

#define PORT_DEFAULT 7701

API_HANDLER(nodes_list)
{
	autonodes struct store_nodes nodes = { 0 };
	autojson json_t *list = json_array();
	int r = store_node_list(a->store, &nodes, err);

	for (size_t i = 0; r == 0 && i < nodes.n; i++)
		if (json_array_append_new(list, node_view(&nodes.list[i])) < 0)
			return sp_fail_nomem(err);
	return r < 0 ? r : api_reply_as(a, "nodes", take_ptr(list), err);
}

API_HANDLER(nodes_get)
{
	autonode struct store_node n = { 0 };
	int r = store_node_get(a->store, sp_httpd_param(a->req, "name"), &n, err);

	return r < 0 ? r : api_reply(a, 200, node_view(&n), err);
}

API_HANDLER(nodes_remove)
{
	const char *name = sp_httpd_param(a->req, "name");
	int r;

	snprintf(a->at.node, sizeof(a->at.node), "%s", name);
	r = store_node_remove(a->store, name, err);
	if (r < 0)
		return r;
	poller_kick(a->control->poller);
	return api_reply(a, 200, json_pack("{s:s}", "removed", name), err);
}

API_HANDLER(nodes_token)
{
	autojson json_t *body = NULL;
	struct sp_json_reader r;
	struct token_made made;
	char expires[SP_TIME_STAMP_MAX];
	size_t len;
	int64_t ttl;
	int e = 0;

	sp_httpd_body(a->req, &len);
	body = len ? NULL : json_object();
	if (!body)
		e = api_body(a, &body, err);
	if (e < 0)
		return e;
	sp_json_open(&r, body, "token", err);
	ttl = sp_json_int(&r, "ttl_ns", 1, INT64_MAX, TOKEN_TTL_NS);
	e = sp_json_done(&r);
	if (e == 0)
		e = token_make(a->store, ca_fingerprint(a->control->ca), ttl, &made, err);
	if (e < 0)
		return e;
	sp_time_format(made.expires_at_ns, expires);
	return api_reply(a, 201,
			 json_pack("{s:s, s:s}", "token", made.token, "expires_at", expires), err);
}

API_HANDLER(nodes_join)
{
	autojson json_t *body = NULL;
	struct node_join_request q;
	struct sp_json_reader r;
	json_t *reply = NULL;
	int e = api_body(a, &body, err);

	if (e < 0)
		return e;
	sp_json_open(&r, body, "join", err);
	q.token = sp_json_need_str(&r, "token");
	q.name = sp_json_need_str(&r, "name");
	q.address = sp_json_need_str(&r, "address");
	q.csr = sp_json_need_str(&r, "csr");
	q.port = (uint16_t)sp_json_int(&r, "port", 1, 65535, PORT_DEFAULT);
	e = sp_json_done(&r);
	if (e < 0)
		return e;
	snprintf(a->at.node, sizeof(a->at.node), "%s", q.name);
	e = node_join(a->control, a->store, &q, &reply, err);
	return e < 0 ? e : api_reply(a, 200, reply, err);
}

/* Nothing but /v1/... of the agent, and nothing that climbs out of it. */
static int agent_path(struct api *a, char *ret, size_t room, struct sp_err *err)
{
	static const char *const passed[] = { "wait",  "wait_ns", "timeout_ns", "after", "limit",
					      "stack", "host",    "port",       "tail",  "since" };
	const char *rest = sp_httpd_param(a->req, "rest");
	size_t len;
	int r;

	if ((!sp_str_starts(rest, "v1/") && strcmp(rest, "metrics") != 0) || strstr(rest, ".."))
		return sp_fail(err, SP_E_INVALID, "'%.80s' is no path of an agent", rest);
	r = url_join(ret, room, "/", rest, err);
	for (size_t i = 0, n = 0; r == 0 && i < SP_COUNT(passed); i++) {
		const char *value = sp_httpd_query(a->req, passed[i]);

		if (!value)
			continue;
		len = strlen(ret);
		snprintf(ret + len, room - len, "%c%s=", n++ ? '&' : '?', passed[i]);
		len = strlen(ret);
		r = url_join(ret + len, room - len, "", value, err);
	}
	return r;
}

API_HANDLER(nodes_agent)
{
	auto_(agent_close) struct agent *agent = NULL;
	struct sp_http_reply reply = { 0 };
	char path[2048];
	int r = agent_path(a, path, sizeof(path), err);

	if (r == 0)
		r = api_agent(a, sp_httpd_param(a->req, "name"), &agent, err);
	if (r == 0)
		r = sp_httpc_call(agent_http(agent), "GET", path, NULL, 0, NULL, &reply, err);
	if (r < 0)
		return r;
	a->replied = true;
	sp_httpd_reply_text(a->req, reply.status, reply.content_type,
			    reply.body.data ? reply.body.data : "");
	sp_http_reply_fini(&reply);
	return 0;
}
