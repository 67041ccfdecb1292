/* What a request is, who sends it and whether it may: settled before its body is read. */
#include <stdlib.h>
#include <string.h>

#include "base/httpd_impl.h"
#include "base/str.h"
#include "base/utf8.h"

/* The reply is decided; what is still to come of the body is read away. */
static void refuse_as(struct sp_httpd_req *req, int status, const struct sp_err *err)
{
	req->refused = true;
	httpd_reply_error(req, status, err);
}

void httpd_refuse(struct sp_httpd_req *req, const struct sp_err *err)
{
	refuse_as(req, sp_http_status_of(err), err);
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
		httpd_refuse(req, &err);
		return MHD_NO;
	}
	req->n_query++;
	to->name = httpd_decode(key, strlen(key), &err);
	to->value = httpd_decode(value ? value : "", value ? strlen(value) : 0, &err);
	if (to->name && to->value)
		return MHD_YES;
	sp_err_prefix(&err, "query parameter '%.80s'", to->name ? to->name : key);
	httpd_refuse(req, &err);
	return MHD_NO;
}

static bool decide_route(struct sp_httpd_req *req, const char *method)
{
	struct sp_err err;

	switch (httpd_route_find(req, method, &err)) {
	case HTTPD_MATCH:
		return true;
	case HTTPD_NO_PATH:
		sp_fail(&err, SP_E_NOT_FOUND, "no resource '%s'", req->path);
		httpd_refuse(req, &err);
		return false;
	case HTTPD_NO_METHOD:
		sp_fail(&err, SP_E_UNSUPPORTED, "'%s' does not take %s", req->path, method);
		refuse_as(req, MHD_HTTP_METHOD_NOT_ALLOWED, &err);
		return false;
	case HTTPD_BAD_PATH:
		httpd_refuse(req, &err);
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
	httpd_refuse(req, &err);
	return false;
}

/* The announced length, 0 when none is; MHD has checked the header's grammar. */
uint64_t httpd_content_length(struct sp_httpd_req *req)
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
	if (httpd_content_length(req) <= req->body_max)
		return true;
	sp_fail(&err, SP_E_TOO_LARGE, "a body of over %zu bytes", req->body_max);
	httpd_refuse(req, &err);
	return false;
}

void httpd_decide(struct sp_httpd_req *req, const char *url, const char *method,
		  const char *version)
{
	struct sp_err err;

	req->path = strdup(url);
	if (!req->path) {
		sp_fail_nomem(&err);
		httpd_refuse(req, &err);
		return;
	}
	if (!sp_str_starts(version, "HTTP/1.") || url[0] != '/' || !sp_utf8_valid(url) ||
	    !sp_utf8_valid(method)) {
		sp_fail(&err, SP_E_INVALID, "not a request of HTTP/1.1");
		httpd_refuse(req, &err);
		return;
	}
	MHD_get_connection_values(req->mhd, MHD_GET_ARGUMENT_KIND, take_query, req);
	if (req->refused)
		return;
	httpd_peer_learn(req->conn, req->mhd);
	req->peer = req->conn->peer;
	if (decide_route(req, method) && decide_peer(req))
		decide_size(req);
}
