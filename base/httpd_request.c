/* A request, from its head over the decisions about it to its end; see httpd.h for the order. */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/fd.h"
#include "base/httpd_impl.h"
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
	free(req->header_value);
	sp_buf_fini(&req->body);
	sp_close(&req->wake_fd);
	pthread_mutex_destroy(&req->lock);
	free(req);
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
	return httpd_content_length(req) > HTTPD_DISCARD_MAX ||
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
	httpd_decide(req, url, method, version);
	return req->refused && is_told_early(req) ? queue(req) : MHD_YES;
}

static void keep_body(struct sp_httpd_req *req, const char *data, size_t len)
{
	const struct sp_httpd_route *route = req->route;
	struct sp_err err;

	if (req->received > req->body_max) {
		sp_fail(&err, SP_E_TOO_LARGE, "a body of over %zu bytes", req->body_max);
		httpd_refuse(req, &err);
	} else if (route->on_body) {
		if (route->on_body(req, data, len, req->d->owner) < 0) {
			assert(req->replied);
			req->refused = true;
		}
	} else {
		sp_buf_append(&req->body, data, len);
		if (sp_buf_check(&req->body, &err) < 0)
			httpd_refuse(req, &err);
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

void sp_httpd_defer(struct sp_httpd_req *req)
{
	assert(!req->deferred && !req->replied);
	if (httpd_sleep_open(req) < 0)
		atomic_store(&req->gone, true); /* out of descriptors: the client is cut off */
	req->deferred = true;
	atomic_fetch_add(&req->refs, 1);
}
