/* A request, from its head over the decisions about it to its end; see httpd.h for the order. */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/fd.h"
#include "base/httpd_impl.h"
#include "base/json.h"
#include "base/str.h"
#include "base/time.h"

static struct sp_httpd_req *req_new(struct httpd_conn *conn, struct MHD_Connection *c)
{
	struct sp_httpd_req *req = calloc(1, sizeof(*req));

	if (!req)
		return NULL;
	req->d = conn->listener->d;
	req->conn = conn;
	req->mhd = c;
	req->wake_fd = -1;
	atomic_init(&req->refs, 1);
	pthread_mutex_init(&req->lock, NULL);
	sp_list_init(&req->link);
	pthread_mutex_lock(&req->d->lock);
	conn->in_request = true;
	pthread_mutex_unlock(&req->d->lock);
	return req;
}

static void free_pairs(struct httpd_pair *pairs, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		free(pairs[i].name);
		free(pairs[i].value);
	}
}

void httpd_request_unref(struct sp_httpd_req *req)
{
	if (atomic_fetch_sub(&req->refs, 1) > 1)
		return;
	if (req->has_source)
		req->source.close(req->source.state);
	if (req->upgraded)
		req->upgraded(req->upgraded_state, -1, NULL, 0, NULL);
	if (req->slot && req->slot_free)
		req->slot_free(req->slot);
	if (req->response)
		MHD_destroy_response(req->response);
	free_pairs(req->params, req->n_params);
	free_pairs(req->query, req->n_query);
	free(req->path);
	sp_buf_fini(&req->body);
	sp_close(&req->wake_fd);
	pthread_mutex_destroy(&req->lock);
	free(req);
}

/* The reply is decided; what is still to come of the body is read away. */
static void refuse(struct sp_httpd_req *req, int status, const struct sp_err *err)
{
	json_t *json = json_pack("{s:{s:s,s:s,s:s,s:b}}", "error", "code",
				 sp_err_code_name(err->code), "stage", sp_stage_name(err->stage),
				 "message", err->message, "retryable", sp_err_retryable(err));

	req->refused = true;
	sp_httpd_reply_json(req, status, json);
}

static void refuse_err(struct sp_httpd_req *req, const struct sp_err *err)
{
	req->refused = true;
	sp_httpd_reply_err(req, err);
}

static enum MHD_Result take_query(void *cls, enum MHD_ValueKind kind, const char *key,
				  const char *value)
{
	struct sp_httpd_req *req = cls;
	struct httpd_pair *to = &req->query[req->n_query];
	struct sp_err err;

	(void)kind;
	if (req->n_query == HTTPD_QUERY_MAX) {
		sp_fail(&err, SP_E_INVALID, "more than %d query parameters", HTTPD_QUERY_MAX);
		refuse_err(req, &err);
		return MHD_NO;
	}
	req->n_query++;
	to->name = httpd_decode(key, strlen(key), &err);
	to->value = httpd_decode(value ? value : "", value ? strlen(value) : 0, &err);
	if (to->name && to->value)
		return MHD_YES;
	refuse_err(req, &err);
	return MHD_NO;
}

static bool decide_route(struct sp_httpd_req *req, const char *method)
{
	struct sp_err err;

	switch (httpd_route_find(req, method)) {
	case HTTPD_MATCH:
		return true;
	case HTTPD_NO_PATH:
		sp_fail(&err, SP_E_NOT_FOUND, "no resource '%s'", req->path);
		refuse_err(req, &err);
		return false;
	case HTTPD_NO_METHOD:
		sp_fail(&err, SP_E_UNSUPPORTED, "'%s' does not take %s", req->path, method);
		refuse(req, MHD_HTTP_METHOD_NOT_ALLOWED, &err);
		return false;
	case HTTPD_BAD_PATH:
		sp_fail(&err, SP_E_INVALID, "'%s' is not a valid path", req->path);
		refuse_err(req, &err);
		return false;
	case HTTPD_NO_MEMORY:
		sp_fail_nomem(&err);
		refuse_err(req, &err);
		return false;
	}
	return false;
}

static bool decide_peer(struct sp_httpd_req *req)
{
	struct httpd_conn *conn = req->conn;
	struct sp_err err;

	if (conn->peer_refused)
		sp_fail(&err, SP_E_DENIED,
			"the client certificate is not from this cluster's "
			"authority, or has expired");
	else if (req->d->authorize(&conn->peer, req->route, req->d->owner))
		return true;
	else if (conn->peer.local)
		sp_fail(&err, SP_E_DENIED, "user id %u may not do this", conn->peer.uid);
	else if (sp_str_empty(conn->peer.role))
		sp_fail(&err, SP_E_DENIED, "a client certificate is required");
	else
		sp_fail(&err, SP_E_DENIED, "'%s' with role '%s' may not do this", conn->peer.name,
			conn->peer.role);
	refuse_err(req, &err);
	return false;
}

/* The announced length, 0 when none is; MHD has checked the header's grammar. */
static uint64_t content_length(struct sp_httpd_req *req)
{
	const char *text = MHD_lookup_connection_value(req->mhd, MHD_HEADER_KIND,
						       MHD_HTTP_HEADER_CONTENT_LENGTH);
	uint64_t len = 0;

	if (text && sp_parse_u64(text, &len, NULL) < 0)
		return UINT64_MAX;
	return len;
}

static bool decide_size(struct sp_httpd_req *req)
{
	struct sp_err err;

	req->body_max = req->route->body_max ? req->route->body_max : SP_HTTP_BODY_MAX;
	if (content_length(req) <= req->body_max)
		return true;
	sp_fail(&err, SP_E_TOO_LARGE, "a body of over %zu bytes", req->body_max);
	refuse_err(req, &err);
	return false;
}

static void decide(struct sp_httpd_req *req, const char *url, const char *method,
		   const char *version)
{
	struct sp_err err;

	req->path = strdup(url);
	if (!req->path) {
		sp_fail_nomem(&err);
		refuse_err(req, &err);
		return;
	}
	if (!sp_str_starts(version, "HTTP/1.") || url[0] != '/') {
		sp_fail(&err, SP_E_INVALID, "not a request of HTTP/1.1");
		refuse_err(req, &err);
		return;
	}
	MHD_get_connection_values(req->mhd, MHD_GET_ARGUMENT_KIND, take_query, req);
	if (req->refused)
		return;
	httpd_peer_learn(req->conn, req->mhd);
	if (decide_route(req, method) && decide_peer(req))
		decide_size(req);
}

static enum MHD_Result queue(struct sp_httpd_req *req)
{
	if (!req->response)
		return MHD_NO;
	req->queued = true;
	return MHD_queue_response(req->mhd, (unsigned int)req->status, req->response);
}

/* A refusal is told before the body when the body is long, unknown or held back by the client. */
static bool is_told_early(struct sp_httpd_req *req)
{
	return content_length(req) > HTTPD_DISCARD_MAX ||
	       MHD_lookup_connection_value(req->mhd, MHD_HEADER_KIND, MHD_HTTP_HEADER_EXPECT) ||
	       MHD_lookup_connection_value(req->mhd, MHD_HEADER_KIND,
					   MHD_HTTP_HEADER_TRANSFER_ENCODING);
}

static enum MHD_Result begin(struct MHD_Connection *c, const char *url, const char *method,
			     const char *version, void **context)
{
	struct httpd_conn *conn = httpd_conn_of(c);
	struct sp_httpd_req *req = conn ? req_new(conn, c) : NULL;

	if (!req)
		return MHD_NO;
	*context = req;
	decide(req, url, method, version);
	return req->refused && is_told_early(req) ? queue(req) : MHD_YES;
}

static void keep_body(struct sp_httpd_req *req, const char *data, size_t len)
{
	const struct sp_httpd_route *route = req->route;
	struct sp_err err;

	if (req->received > req->body_max) {
		sp_fail(&err, SP_E_TOO_LARGE, "a body of over %zu bytes", req->body_max);
		refuse_err(req, &err);
	} else if (route->on_body) {
		if (route->on_body(req, data, len, req->d->owner) < 0) {
			assert(req->replied);
			req->refused = true;
		}
	} else {
		sp_buf_append(&req->body, data, len);
		if (sp_buf_check(&req->body, &err) < 0)
			refuse_err(req, &err);
	}
}

static enum MHD_Result take_body(struct sp_httpd_req *req, const char *data, size_t *len)
{
	req->received += *len;
	if (!req->refused)
		keep_body(req, data, *len);
	if (req->refused && req->received > req->body_max + HTTPD_DISCARD_MAX)
		return MHD_NO;
	*len = 0;
	return MHD_YES;
}

static void call_handler(struct sp_httpd_req *req)
{
	const struct sp_httpd_route *route = req->route;

	req->called = true;
	if (route->on_body && route->on_body(req, NULL, 0, req->d->owner) < 0) {
		assert(req->replied);
		return;
	}
	route->fn(req, req->d->owner);
	assert(req->replied || req->deferred);
}

static bool has_reply(struct sp_httpd_req *req)
{
	bool yes;

	pthread_mutex_lock(&req->lock);
	yes = req->replied;
	pthread_mutex_unlock(&req->lock);
	return yes;
}

/* Reply, or wait for it: on a loop MHD comes here again when the connection is resumed. */
static enum MHD_Result answer(struct sp_httpd_req *req)
{
	while (!has_reply(req)) {
		if (atomic_load(&req->gone) || atomic_load(&req->d->stopping))
			return MHD_NO;
		httpd_sleep(req);
		if (req->asleep)
			return MHD_YES;
	}
	return queue(req);
}

enum MHD_Result httpd_request_run(void *cls, struct MHD_Connection *c, const char *url,
				  const char *method, const char *version, const char *data,
				  size_t *len, void **context)
{
	struct sp_httpd_req *req = *context;

	(void)cls;
	if (!req)
		return begin(c, url, method, version, context);
	if (*len)
		return take_body(req, data, len);
	if (!req->called && !req->refused)
		call_handler(req);
	return answer(req);
}

void httpd_request_completed(void *cls, struct MHD_Connection *c, void **context,
			     enum MHD_RequestTerminationCode code)
{
	struct sp_httpd_req *req = *context;

	(void)cls;
	(void)c;
	(void)code;
	if (!req)
		return;
	*context = NULL;
	pthread_mutex_lock(&req->d->lock);
	req->conn->in_request = false;
	req->conn->since_ns = sp_time_mono_ns();
	pthread_mutex_unlock(&req->d->lock);
	pthread_mutex_lock(&req->lock);
	req->mhd = NULL;
	req->conn = NULL;
	pthread_mutex_unlock(&req->lock);
	httpd_request_unref(req);
}

const struct sp_http_peer *sp_httpd_peer(const struct sp_httpd_req *req)
{
	return &req->conn->peer;
}

static const char *find_pair(const struct httpd_pair *pairs, size_t n, const char *name)
{
	for (size_t i = 0; i < n; i++)
		if (sp_str_eq(pairs[i].name, name))
			return pairs[i].value;
	return NULL;
}

const char *sp_httpd_param(const struct sp_httpd_req *req, const char *name)
{
	const char *value = find_pair(req->params, req->n_params, name);

	assert(value);
	return value;
}

const char *sp_httpd_query(const struct sp_httpd_req *req, const char *name)
{
	return find_pair(req->query, req->n_query, name);
}

const char *sp_httpd_header(const struct sp_httpd_req *req, const char *name)
{
	return req->mhd ? MHD_lookup_connection_value(req->mhd, MHD_HEADER_KIND, name) : NULL;
}

const char *sp_httpd_body(const struct sp_httpd_req *req, size_t *ret_len)
{
	if (ret_len)
		*ret_len = req->body.len;
	return req->body.data ? req->body.data : "";
}

int sp_httpd_body_json(const struct sp_httpd_req *req, json_t **ret, struct sp_err *err)
{
	size_t len;
	const char *text = sp_httpd_body(req, &len);
	int r = sp_json_parse(text, len, ret, err);

	return r < 0 ? sp_err_prefix(err, "request body") : r;
}

void **sp_httpd_slot(struct sp_httpd_req *req, void (*free_fn)(void *))
{
	req->slot_free = free_fn;
	return &req->slot;
}

void sp_httpd_defer(struct sp_httpd_req *req)
{
	assert(!req->deferred && !req->replied);
	if (httpd_sleep_open(req) < 0)
		atomic_store(&req->gone, true); /* out of descriptors: the client is cut off */
	req->deferred = true;
	atomic_fetch_add(&req->refs, 1);
}
