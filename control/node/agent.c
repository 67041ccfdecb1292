/* Calls to agents; see agent.h. */
#include "control/node/agent.h"

#include <errno.h>
#include <inttypes.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/str.h"
#include "base/time.h"
#include "control/node/agent_pool.h"
#include "control/node/url.h"

#define CALL_TIMEOUT_NS   (30 * SP_NS_PER_S)
#define BLOB_TIMEOUT_NS   (600 * SP_NS_PER_S)
#define UNPACK_TIMEOUT_NS (1800 * SP_NS_PER_S)
#define SLACK_NS          (10 * SP_NS_PER_S) /* for the network, over what the agent may take */
#define TAIL_BYTES_MAX    (64 << 10)

#define URL_MAX 160

struct agent {
	struct sp_httpc *http;
	struct agent_pool *pool;
	char *key; /* in the pool */
	char name[STORE_NAME_MAX];
	char what[STORE_NAME_MAX + 16];
	json_t *refusal; /* body of the last refused call */
	atomic_bool own; /* its connection is not for others */
};

static int connect_to(struct agent *a, const struct agent_access *access, const char *url,
		      struct sp_err *err)
{
	struct sp_httpc_conf conf = { .base_url = url,
				      .cert_file = access->cert_file,
				      .key_file = access->key_file,
				      .ca_file = access->ca_file,
				      .connect_timeout_ns = access->connect_timeout_ns,
				      .timeout_ns = CALL_TIMEOUT_NS,
				      .what = a->what };

	a->http = a->pool ? agent_pool_take(a->pool, a->key) : NULL;
	if (!a->http)
		return sp_httpc_new(&conf, &a->http, err);
	sp_httpc_set_timeout(a->http, CALL_TIMEOUT_NS);
	return 0;
}

int agent_open(const struct agent_access *access, const struct store_node *node, struct agent **ret,
	       struct sp_err *err)
{
	struct agent *a = calloc(1, sizeof(*a));
	char url[URL_MAX];
	int r;

	if (!a)
		return sp_fail_nomem(err);
	url_of_node(node, url, sizeof(url));
	snprintf(a->name, sizeof(a->name), "%s", node->name);
	snprintf(a->what, sizeof(a->what), "node '%s'", node->name);
	a->pool = access->pool;
	a->key = sp_str_format("%s %s %s %" PRId64, node->name, node->key_id, url,
			       access->connect_timeout_ns);
	r = a->key ? connect_to(a, access, url, err) : sp_fail_nomem(err);
	if (r < 0) {
		agent_close(a);
		return r;
	}
	*ret = a;
	return 0;
}

void agent_close(struct agent *a)
{
	if (!a)
		return;
	if (a->pool && a->http && !atomic_load(&a->own))
		agent_pool_give(a->pool, a->key, a->http);
	else
		sp_httpc_free(a->http);
	json_decref(a->refusal);
	free(a->key);
	free(a);
}

const char *agent_name(const struct agent *a)
{
	return a->name;
}

struct sp_httpc *agent_http(struct agent *a)
{
	atomic_store(&a->own, true);
	return a->http;
}

void agent_interrupt(struct agent *a)
{
	atomic_store(&a->own, true);
	sp_httpc_interrupt(a->http);
}

void agent_set_timeout(struct agent *a, int64_t timeout_ns)
{
	sp_httpc_set_timeout(a->http, timeout_ns);
}

void agent_failure(const struct agent *a, const struct sp_err *err, struct wire_failure *ret)
{
	json_t *error = json_object_get(a->refusal, "error");

	if (error || a->refusal)
		wire_failure_decode(error ? error : a->refusal, ret);
	else
		wire_failure_init(ret, err, "agentd");
	ret->err = *err;
	snprintf(ret->node, sizeof(ret->node), "%s", a->name);
	if (!*ret->component)
		snprintf(ret->component, sizeof(ret->component), "agentd");
	if (!*ret->next && err->code == SP_E_UNREACHABLE)
		snprintf(ret->next, sizeof(ret->next), "ctl node show %s", a->name);
}

/* One JSON call; what a refused one said is kept. ret may be NULL. */
static int call(struct agent *a, const char *method, const char *path, const json_t *body,
		json_t **ret, struct sp_err *err)
{
	json_t *reply = NULL;
	int r = sp_httpc_json(a->http, method, path, body, &reply, err);

	json_decref(a->refusal);
	a->refusal = NULL;
	if (r < 0) {
		a->refusal = reply;
		return r;
	}
	if (ret)
		*ret = reply;
	else
		json_decref(reply);
	return 0;
}

int agent_ask(struct agent *a, const char *method, const char *path, json_t **ret,
	      struct sp_err *err)
{
	return call(a, method, path, NULL, ret, err);
}

int agent_get(struct agent *a, const char *path, json_t **ret, struct sp_err *err)
{
	return agent_ask(a, "GET", path, ret, err);
}

int agent_node(struct agent *a, json_t **ret, struct sp_err *err)
{
	return agent_get(a, "/v1/node", ret, err);
}

int agent_host_paths(struct agent *a, json_t *paths, json_t **ret, struct sp_err *err)
{
	json_t *body = json_pack("{s:O}", "paths", paths);
	int r = body ? call(a, "POST", "/v1/host-paths", body, ret, err) : sp_fail_nomem(err);

	json_decref(body);
	return r;
}

int agent_put_peers(struct agent *a, const json_t *peers, struct sp_err *err)
{
	return call(a, "PUT", "/v1/peers", peers, NULL, err);
}

int agent_events(struct agent *a, int64_t after, int64_t limit, json_t **ret, struct sp_err *err)
{
	char path[128];

	snprintf(path, sizeof(path), "/v1/events?after=%" PRId64 "&limit=%" PRId64, after, limit);
	return agent_get(a, path, ret, err);
}

static void right_query(const struct agent_right *right, char *ret, size_t room)
{
	snprintf(ret, room, "op=%s&step=%d&token=%" PRId64, right->operation, right->step,
		 right->token);
}

int agent_put_workload(struct agent *a, const struct agent_right *right, const char *id,
		       const json_t *spec, json_t **ret_status, struct sp_err *err)
{
	char path[256], query[128];

	right_query(right, query, sizeof(query));
	snprintf(path, sizeof(path), "/v1/workloads/%s?%s", id, query);
	return call(a, "PUT", path, spec, ret_status, err);
}

int agent_wait_workload(struct agent *a, const char *id, int64_t timeout_ns, json_t **ret_status,
			struct sp_err *err)
{
	char path[256];
	int r;

	snprintf(path, sizeof(path), "/v1/workloads/%s?wait=ready&timeout_ns=%" PRId64, id,
		 timeout_ns);
	sp_httpc_set_timeout(a->http, timeout_ns + SLACK_NS);
	r = agent_get(a, path, ret_status, err);
	sp_httpc_set_timeout(a->http, CALL_TIMEOUT_NS);
	return r;
}

int agent_state(struct agent *a, const struct agent_right *right, const char *id, json_t *answer,
		int64_t timeout_ns, json_t **ret, struct sp_err *err)
{
	autojson json_t *body = json_pack("{s:O?}", "answer", answer);
	char path[320], query[128];
	int r;

	if (!body)
		return sp_fail_nomem(err);
	right_query(right, query, sizeof(query));
	snprintf(path, sizeof(path), "/v1/workloads/%s/state?timeout_ns=%" PRId64 "&%s", id,
		 timeout_ns, query);
	sp_httpc_set_timeout(a->http, timeout_ns + SLACK_NS);
	r = call(a, "POST", path, body, ret, err);
	sp_httpc_set_timeout(a->http, CALL_TIMEOUT_NS);
	return r;
}

int agent_remove_workload(struct agent *a, const struct agent_right *right, const char *id,
			  int64_t timeout_ns, struct sp_err *err)
{
	char path[256], query[128];
	int r;

	right_query(right, query, sizeof(query));
	snprintf(path, sizeof(path), "/v1/workloads/%s?wait=1&%s", id, query);
	sp_httpc_set_timeout(a->http, timeout_ns + SLACK_NS);
	r = call(a, "DELETE", path, NULL, NULL, err);
	sp_httpc_set_timeout(a->http, CALL_TIMEOUT_NS);
	return r == -ENOENT ? 0 : r;
}

int agent_remove_volumes(struct agent *a, const struct agent_right *right, const char *stack,
			 struct sp_err *err)
{
	char path[256], query[128];

	right_query(right, query, sizeof(query));
	snprintf(path, sizeof(path), "/v1/stacks/%s/volumes?%s", stack, query);
	return call(a, "DELETE", path, NULL, NULL, err);
}

int agent_command(struct agent *a, const struct agent_right *right, const char *id,
		  const char *command, json_t **ret, struct sp_err *err)
{
	char path[320], query[128];

	right_query(right, query, sizeof(query));
	snprintf(path, sizeof(path), "/v1/workloads/%s/%s?%s", id, command, query);
	return call(a, "POST", path, NULL, ret, err);
}

int agent_repair(struct agent *a, const struct agent_right *right, const char *id, const char *part,
		 const char *only, struct sp_err *err)
{
	char path[640], query[128];

	right_query(right, query, sizeof(query));
	snprintf(path, sizeof(path), "/v1/workloads/%s/repair?part=%s%s%s&%s", id, part,
		 only ? "&only=" : "", only ? only : "", query);
	return call(a, "POST", path, NULL, NULL, err);
}

int agent_repair_network(struct agent *a, const struct agent_right *right, const char *stack,
			 const char *part, struct sp_err *err)
{
	char path[320], query[128];

	right_query(right, query, sizeof(query));
	snprintf(path, sizeof(path), "/v1/network/repair?part=%s&stack=%s&%s", part, stack, query);
	return call(a, "POST", path, NULL, NULL, err);
}

int agent_remove_extra(struct agent *a, const struct agent_right *right, const char *stack,
		       const char *kind, const char *name, struct sp_err *err)
{
	char path[400], query[128];
	int r;

	right_query(right, query, sizeof(query));
	snprintf(path, sizeof(path), "/v1/extra/%s/%s?stack=%s&%s", kind, name, stack, query);
	r = call(a, "DELETE", path, NULL, NULL, err);
	return r == -ENOENT ? 0 : r;
}

int agent_tail(struct agent *a, const char *id, int lines, struct sp_buf *out, struct sp_err *err)
{
	struct sp_http_reply reply = { 0 };
	char path[160];
	size_t cut;
	int r;

	snprintf(path, sizeof(path), "/v1/workloads/%s/logs?tail=%d", id, lines);
	r = sp_httpc_call(a->http, "GET", path, NULL, 0, NULL, &reply, err);
	if (r == 0 && reply.status < 300 && reply.body.len) {
		cut = reply.body.len > TAIL_BYTES_MAX ? reply.body.len - TAIL_BYTES_MAX : 0;
		sp_buf_append(out, reply.body.data + cut, reply.body.len - cut);
	}
	sp_http_reply_fini(&reply);
	return r;
}

int agent_has_blob(struct agent *a, const char *digest, struct sp_err *err)
{
	struct sp_http_reply reply = { 0 };
	char path[128];
	int r, status;

	snprintf(path, sizeof(path), "/v1/blobs/%s", digest);
	r = sp_httpc_call(a->http, "HEAD", path, NULL, 0, NULL, &reply, err);
	status = reply.status;
	sp_http_reply_fini(&reply);
	if (r < 0)
		return r;
	if (status != 200 && status != 404)
		return sp_fail(err, SP_E_SYSTEM, "%s: answered %d about blob '%s'", a->what, status,
			       digest);
	return status == 200;
}

int agent_put_blob(struct agent *a, const char *digest, int fd, uint64_t len, struct sp_err *err)
{
	json_t *reply = NULL;
	char path[128];
	int r;

	snprintf(path, sizeof(path), "/v1/blobs/%s", digest);
	sp_httpc_set_timeout(a->http, BLOB_TIMEOUT_NS);
	r = sp_httpc_upload(a->http, "PUT", path, fd, len, &reply, err);
	sp_httpc_set_timeout(a->http, CALL_TIMEOUT_NS);
	json_decref(a->refusal);
	a->refusal = NULL;
	if (r < 0)
		a->refusal = reply;
	else
		json_decref(reply);
	return r;
}

int agent_put_image(struct agent *a, const char *reference, const char *digest, struct sp_err *err)
{
	autojson json_t *body = json_pack("{s:s}", "digest", digest);
	char path[1600];
	int r = url_join(path, sizeof(path), "/v1/images/", reference, err);

	if (r < 0)
		return r;
	sp_httpc_set_timeout(a->http, UNPACK_TIMEOUT_NS);
	r = call(a, "PUT", path, body, NULL, err);
	sp_httpc_set_timeout(a->http, CALL_TIMEOUT_NS);
	return r;
}
