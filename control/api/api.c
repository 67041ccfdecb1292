/* The table of routes, who may call them, and what every handler needs; see api.h. */
#include "control/api/api.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/json.h"
#include "base/log.h"
#include "base/str.h"
#include "control/api/handlers.h"
#include "control/api/hint.h"

#define UPLOAD_MAX \
	(UINT64_C(64) << 30) /* of the route; the configured cap is checked as it arrives */

static const struct sp_httpd_route routes[] = {
	{ "GET", "/v1/health", system_health, NULL, 0, API_OPEN },
	{ "GET", "/v1/ready", system_ready, NULL, 0, API_OPEN },
	{ "GET", "/v1/version", system_version, NULL, 0, API_OPEN },
	{ "POST", "/v1/join", nodes_join, NULL, 64 << 10, API_OPEN },
	{ "GET", "/v1/nodes", nodes_list, NULL, 0, API_OPERATOR },
	{ "POST", "/v1/nodes/tokens", nodes_token, NULL, 0, API_OPERATOR },
	{ "GET", "/v1/nodes/{name}", nodes_get, NULL, 0, API_OPERATOR },
	{ "DELETE", "/v1/nodes/{name}", nodes_remove, NULL, 0, API_OPERATOR },
	{ "GET", "/v1/nodes/{name}/agent/{rest...}", nodes_agent, NULL, 0, API_OPERATOR },
	{ "POST", "/v1/deploys", stacks_deploy, NULL, 16 << 20, API_OPERATOR },
	{ "POST", "/v1/plans", plans_make, NULL, 16 << 20, API_OPERATOR },
	{ "GET", "/v1/stacks", stacks_list, NULL, 0, API_OPERATOR },
	{ "GET", "/v1/stacks/{name}", stacks_get, NULL, 0, API_OPERATOR },
	{ "GET", "/v1/stacks/{name}/diff", stacks_diff, NULL, 0, API_OPERATOR },
	{ "DELETE", "/v1/stacks/{name}", stacks_destroy, NULL, 0, API_OPERATOR },
	{ "POST", "/v1/validations", validations_make, NULL, 16 << 20, API_OPERATOR },
	{ "GET", "/v1/deps", deps_show, NULL, 0, API_OPERATOR },
	{ "GET", "/v1/deps/check", deps_check, NULL, 0, API_OPERATOR },
	{ "POST", "/v1/deps/check", deps_check_file, NULL, 0, API_OPERATOR },
	{ "GET", "/v1/deps/order", deps_order, NULL, 0, API_OPERATOR },
	{ "GET", "/v1/stacks/{name}/drift", drift_show, NULL, 0, API_OPERATOR },
	{ "POST", "/v1/stacks/{name}/drift", drift_look, NULL, 0, API_OPERATOR },
	{ "POST", "/v1/stacks/{name}/drift/fix", drift_mend, NULL, 0, API_OPERATOR },
	{ "POST", "/v1/stacks/{name}/verifications", verifications_report, NULL, 0, API_OPERATOR },
	{ "GET", "/v1/stacks/{name}/snapshots", snapshots_list, NULL, 0, API_OPERATOR },
	{ "POST", "/v1/stacks/{name}/snapshots", snapshots_create, NULL, 0, API_OPERATOR },
	{ "GET", "/v1/stacks/{name}/snapshots/{version}", snapshots_get, NULL, 0, API_OPERATOR },
	{ "DELETE", "/v1/stacks/{name}/snapshots/{version}", snapshots_remove, NULL, 0,
	  API_OPERATOR },
	{ "PUT", "/v1/stacks/{name}/snapshots/{version}/tags", snapshots_tag, NULL, 0,
	  API_OPERATOR },
	{ "GET", "/v1/stacks/{name}/snapshots/{version}/compare/{other}", snapshots_compare, NULL,
	  0, API_OPERATOR },
	{ "POST", "/v1/stacks/{name}/snapshots/{version}/restore", snapshots_restore, NULL, 0,
	  API_OPERATOR },
	{ "GET", "/v1/workloads", workloads_list, NULL, 0, API_OPERATOR },
	{ "GET", "/v1/workloads/{id}/logs", workloads_logs, NULL, 0, API_OPERATOR },
	{ "POST", "/v1/workloads/{id}/exec", workloads_exec, NULL, 0, API_OPERATOR },
	{ "POST", "/v1/workloads/{id}/restart", workloads_restart, NULL, 0, API_OPERATOR },
	{ "POST", "/v1/workloads/{id}/stop", workloads_stop, NULL, 0, API_OPERATOR },
	{ "POST", "/v1/workloads/{id}/start", workloads_start, NULL, 0, API_OPERATOR },
	{ "GET", "/v1/stacks/{name}/state", state_list, NULL, 0, API_OPERATOR },
	{ "GET", "/v1/stacks/{name}/state/{key}", state_get, NULL, 0, API_OPERATOR },
	{ "PUT", "/v1/stacks/{name}/state/{key}", state_set, NULL, 0, API_OPERATOR },
	{ "DELETE", "/v1/stacks/{name}/state/{key}", state_remove, NULL, 0, API_OPERATOR },
	{ "GET", "/v1/stacks/{name}/outputs", outputs_list, NULL, 0, API_OPERATOR },
	{ "GET", "/v1/operations", operations_list, NULL, 0, API_OPERATOR },
	{ "GET", "/v1/operations/{id}", operations_get, NULL, 0, API_OPERATOR },
	{ "POST", "/v1/operations/{id}/cancel", operations_cancel, NULL, 0, API_OPERATOR },
	{ "GET", "/v1/hooks", hooks_list, NULL, 0, API_OPERATOR },
	{ "GET", "/v1/locks", locks_list, NULL, 0, API_OPERATOR },
	{ "GET", "/v1/locks/{stack}", locks_get, NULL, 0, API_OPERATOR },
	{ "POST", "/v1/locks/{stack}", locks_acquire, NULL, 0, API_OPERATOR },
	{ "PUT", "/v1/locks/{stack}", locks_renew, NULL, 0, API_OPERATOR },
	{ "DELETE", "/v1/locks/{stack}", locks_release, NULL, 0, API_OPERATOR },
	{ "POST", "/v1/locks/{stack}/force-release", locks_force, NULL, 0, API_OPERATOR },
	{ "GET", "/v1/events", events_list, NULL, 0, API_OPERATOR },
	{ "GET", "/v1/store", store_check_all, NULL, 0, API_OPERATOR },
	{ "GET", "/v1/store/backup", store_copy_out, NULL, 0, API_OPERATOR },
	{ "POST", "/v1/store/migrate", store_move_to, NULL, 0, API_OPERATOR },
	{ "GET", "/v1/images", images_list, NULL, 0, API_OPERATOR },
	{ "POST", "/v1/images", images_import, images_import_body, UPLOAD_MAX, API_OPERATOR },
	{ "GET", "/v1/images/{reference...}", images_get, NULL, 0, API_OPERATOR },
	{ "DELETE", "/v1/images/{reference...}", images_remove, NULL, 0, API_OPERATOR },
	{ "POST", "/v1/image-push", images_push, NULL, 0, API_OPERATOR },
	{ 0 },
};

/* On the socket the kernel says who it is, over TLS the certificate does. */
static bool authorize(const struct sp_http_peer *peer, const struct sp_httpd_route *route,
		      void *owner)
{
	(void)owner;
	if (route->tag == API_OPEN)
		return true;
	if (peer->local)
		return peer->uid == 0 || peer->uid == geteuid();
	return !strcmp(peer->role, "operator");
}

static const char *value_or_null(const char *s)
{
	return sp_str_empty(s) ? NULL : s;
}

int api_listen(struct control *c, struct sp_err *err)
{
	struct sp_httpd_conf conf = { .unix_path = value_or_null(c->config.unix_socket),
				      .tls_address = value_or_null(c->config.listen),
				      .cert_file = c->server_cert,
				      .key_file = c->server_key,
				      .ca_file = c->ca_file,
				      .routes = routes,
				      .authorize = authorize,
				      .owner = c };

	if (!conf.unix_path && !conf.tls_address)
		return sp_fail(err, SP_E_INVALID, "neither unix_socket nor listen is set");
	return sp_httpd_new(&conf, &c->httpd, err);
}

static void reply_failure(struct api *a, const struct sp_err *err)
{
	json_t *error;

	if (!*a->at.component)
		snprintf(a->at.component, sizeof(a->at.component), "controld");
	a->at.err = *err;
	error = wire_failure_encode(&a->at);
	if (!error) {
		sp_httpd_reply_err(a->req, err);
		return;
	}
	/* Without its store it serves nobody, whatever keeps it away. */
	sp_httpd_reply_json(a->req, a->store ? sp_http_status_of(err) : 503,
			    json_pack("{s:o}", "error", error));
}

void api_run(struct sp_httpd_req *req, void *owner, api_fn fn)
{
	struct control *c = owner;
	struct api a = { .control = c, .req = req };
	struct sp_err err = { 0 };
	int r = store_pool_take(c->stores, &a.store, &err);

	if (r == 0)
		r = fn(&a, &err);
	if (r < 0 && a.store && !a.replied)
		api_hint(&a, &err);
	store_pool_give(c->stores, a.store);
	if (r < 0 && !a.replied)
		reply_failure(&a, &err);
}

int api_reply(struct api *a, int status, json_t *json, struct sp_err *err)
{
	if (!json)
		return sp_fail_nomem(err);
	a->replied = true;
	sp_httpd_reply_json(a->req, status, json);
	return 0;
}

int api_reply_as(struct api *a, const char *key, json_t *json, struct sp_err *err)
{
	return api_reply(a, 200, json ? json_pack("{s:o}", key, json) : NULL, err);
}

int api_reply_accepted(struct api *a, const char *operation, struct sp_err *err)
{
	return api_reply(a, 202, json_pack("{s:s}", "operation", operation), err);
}

int api_query_int(struct api *a, const char *name, int64_t min, int64_t max, int64_t fallback,
		  int64_t *ret, struct sp_err *err)
{
	const char *text = sp_httpd_query(a->req, name);
	int r;

	*ret = fallback;
	if (!text)
		return 0;
	r = sp_parse_i64(text, ret, err);
	if (r < 0)
		return sp_err_prefix(err, "?%s", name);
	if (*ret < min || *ret > max)
		return sp_fail(err, SP_E_INVALID, "?%s: '%s' is not within %lld..%lld", name, text,
			       (long long)min, (long long)max);
	return 0;
}

bool api_query_flag(struct api *a, const char *name)
{
	const char *text = sp_httpd_query(a->req, name);

	return sp_str_eq(text, "1") || sp_str_eq(text, "true");
}

int api_body(struct api *a, json_t **ret, struct sp_err *err)
{
	json_t *body = NULL;
	int r = sp_httpd_body_json(a->req, &body, err);

	if (r == 0 && !json_is_object(body)) {
		json_decref(body);
		return sp_fail(err, SP_E_INVALID, "the body is not a JSON object");
	}
	if (r == 0)
		*ret = body;
	return r;
}

void api_requester(const struct api *a, char *ret, size_t room)
{
	const struct sp_http_peer *peer = sp_httpd_peer(a->req);

	if (peer->local)
		snprintf(ret, room, "local:%u", peer->uid);
	else
		snprintf(ret, room, "%s:%s", peer->role, peer->name);
}

int api_agent(struct api *a, const char *node, struct agent **ret, struct sp_err *err)
{
	autonode struct store_node n = { 0 };
	int r;

	snprintf(a->at.node, sizeof(a->at.node), "%s", node);
	r = store_node_get(a->store, node, &n, err);
	if (r < 0)
		return r;
	return agent_open(&a->control->access, &n, ret, err);
}

int api_agent_failed(struct api *a, const struct agent *agent, int r, const struct sp_err *err)
{
	if (r < 0)
		agent_failure(agent, err, &a->at);
	return r;
}
