/* See api.h. */
#include "agentd/api.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "agentd/fence.h"
#include "agentd/reply.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/str.h"

#define SPEC_BODY_MAX (12 << 20) /* a spec with files, in base64 */
#define BLOB_BODY_MAX (SIZE_MAX / 2)

static const struct sp_httpd_route routes[] = {
	{ "GET", "/v1/health", api_health, NULL, 0, 0 },
	{ "GET", "/v1/ready", api_ready, NULL, 0, 0 },
	{ "GET", "/v1/node", api_node, NULL, 0, 0 },
	{ "PUT", "/v1/peers", api_peers, NULL, 0, 0 },
	{ "GET", "/v1/reach", api_reach, NULL, 0, 0 },
	{ "POST", "/v1/host-paths", api_host_paths, NULL, 0, 0 },
	{ "GET", "/v1/observed", api_observed, NULL, 0, 0 },
	{ "GET", "/v1/workloads", api_workload_list, NULL, 0, 0 },
	{ "PUT", "/v1/workloads/{id}", api_workload_put, NULL, SPEC_BODY_MAX, 0 },
	{ "GET", "/v1/workloads/{id}", api_workload_get, NULL, 0, 0 },
	{ "DELETE", "/v1/workloads/{id}", api_workload_delete, NULL, 0, 0 },
	{ "POST", "/v1/workloads/{id}/restart", api_workload_restart, NULL, 0, 0 },
	{ "POST", "/v1/workloads/{id}/stop", api_workload_stop, NULL, 0, 0 },
	{ "POST", "/v1/workloads/{id}/start", api_workload_start, NULL, 0, 0 },
	{ "POST", "/v1/workloads/{id}/repair", api_workload_repair, NULL, 0, 0 },
	{ "POST", "/v1/network/repair", api_network_repair, NULL, 0, 0 },
	{ "DELETE", "/v1/extra/{kind}/{name}", api_extra_delete, NULL, 0, 0 },
	{ "POST", "/v1/workloads/{id}/state", api_workload_state, NULL, 0, 0 },
	{ "GET", "/v1/workloads/{id}/isolation", api_workload_isolation, NULL, 0, 0 },
	{ "GET", "/v1/workloads/{id}/logs", api_workload_logs, NULL, 0, 0 },
	{ "POST", "/v1/workloads/{id}/exec", api_exec, NULL, 0, 0 },
	{ "PUT", "/v1/stacks/{stack}/token", api_token_put, NULL, 0, 0 },
	{ "DELETE", "/v1/stacks/{stack}/volumes", api_volumes_delete, NULL, 0, 0 },
	{ "GET", "/v1/events", api_events, NULL, 0, 0 },
	{ "GET", "/v1/images", api_image_list, NULL, 0, 0 },
	{ "GET", "/v1/blobs/{digest}", api_blob_get, NULL, 0, 0 },
	{ "HEAD", "/v1/blobs/{digest}", api_blob_get, NULL, 0, 0 },
	{ "PUT", "/v1/blobs/{digest}", api_blob_put, api_blob_body, BLOB_BODY_MAX, 0 },
	{ "PUT", "/v1/images/{reference...}", api_image_put, NULL, 0, 0 },
	{ "DELETE", "/v1/images/{reference...}", api_image_delete, NULL, 0, 0 },
	{ "GET", "/metrics", api_metrics, NULL, 0, 0 },
	{ NULL, NULL, NULL, NULL, 0, 0 },
};

/* Over TLS only the control plane; on the socket root, or whom the agent runs as. */
static bool authorize(const struct sp_http_peer *peer, const struct sp_httpd_route *route,
		      void *owner)
{
	(void)route;
	(void)owner;
	if (peer->local)
		return peer->uid == 0 || peer->uid == geteuid();
	return !strcmp(peer->role, "control");
}

bool api_fenced(struct agent *a, struct sp_httpd_req *req, const char *stack)
{
	const char *text = sp_httpd_query(req, "token");
	struct sp_err err = { 0 };
	uint64_t token = 0;
	int r = 0;

	if (text)
		r = sp_parse_u64(text, &token, &err);
	if (r == 0)
		r = fence_pass(a->dirs.tokens, stack, token, &err);
	if (r < 0)
		reply_err(a, req, stack, &err);
	return r == 0;
}

bool api_number(struct agent *a, struct sp_httpd_req *req, const char *name, int64_t min,
		int64_t max, int64_t fallback, int64_t *ret)
{
	const char *text = sp_httpd_query(req, name);
	int64_t v = fallback;

	if (text && (sp_parse_i64(text, &v, NULL) < 0 || v < min || v > max)) {
		reply_fail(a, req, NULL, SP_E_INVALID,
			   "%s: '%.40s' is not a number from %lld to %lld", name, text,
			   (long long)min, (long long)max);
		return false;
	}
	*ret = v;
	return true;
}

/* "" listens where the node was told at join; "off" nowhere. */
static char *tls_address(const struct agent *a)
{
	const struct config *c = &a->config;

	if (!strcmp(c->listen, "off") || (!*c->listen && !*c->address))
		return NULL;
	return *c->listen ? strdup(c->listen)
			  : sp_str_format("%s:%lld", c->address, (long long)c->port);
}

int api_open(struct agent *a, struct sp_err *err)
{
	autofree char *socket = sp_str_format("%s/agentd.sock", a->dirs.run_path);
	autofree char *tls = tls_address(a);
	autofree char *cert = sp_str_format("%s/tls/cert.pem", a->dirs.state_path);
	autofree char *key = sp_str_format("%s/tls/key.pem", a->dirs.state_path);
	autofree char *ca = sp_str_format("%s/tls/ca.pem", a->dirs.state_path);
	struct sp_httpd_conf conf = { .unix_path = socket,
				      .tls_address = tls,
				      .cert_file = cert,
				      .key_file = key,
				      .ca_file = ca,
				      .routes = routes,
				      .authorize = authorize,
				      .owner = a,
				      .loop = a->loop };

	if (!socket || !cert || !key || !ca)
		return sp_fail_nomem(err);
	if (tls && access(cert, F_OK) < 0) {
		sp_log(SP_LOG_WARN, "api.no_certificate", SP_STR("path", cert));
		conf.tls_address = NULL;
	}
	return sp_httpd_new(&conf, &a->httpd, err);
}
