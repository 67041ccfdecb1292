/* Replies that are known as a whole; see httpd.h. */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/fd.h"
#include "base/httpd_impl.h"
#include "base/json.h"

void httpd_reply_with(struct sp_httpd_req *req, int status, const char *content_type,
		      struct MHD_Response *response)
{
	bool deferred;

	if (response && content_type)
		MHD_add_response_header(response, MHD_HTTP_HEADER_CONTENT_TYPE, content_type);
	if (response && req->header_value)
		MHD_add_response_header(response, req->header, req->header_value);
	pthread_mutex_lock(&req->lock);
	assert(!req->replied);
	req->replied = true;
	req->status = status;
	req->response = response;
	deferred = req->deferred;
	if (deferred && req->mhd)
		httpd_wake(req);
	pthread_mutex_unlock(&req->lock);
	if (deferred)
		httpd_request_unref(req);
}

void sp_httpd_reply_header(struct sp_httpd_req *req, const char *name, const char *value)
{
	free(req->header_value);
	req->header = name;
	req->header_value = strdup(value);
}

static struct MHD_Response *own_text(char *text)
{
	struct MHD_Response *r;

	if (!text)
		return NULL;
	r = MHD_create_response_from_buffer(strlen(text), text, MHD_RESPMEM_MUST_FREE);
	if (!r)
		free(text);
	return r;
}

void sp_httpd_reply_json(struct sp_httpd_req *req, int status, json_t *json)
{
	char *text = json ? sp_json_text(json) : NULL;

	json_decref(json);
	httpd_reply_with(req, status, "application/json", own_text(text));
}

void httpd_reply_error(struct sp_httpd_req *req, int status, const struct sp_err *err)
{
	json_t *json = json_pack("{s:{s:s,s:s,s:s,s:b}}", "error", "code",
				 sp_err_code_name(err->code), "stage", sp_stage_name(err->stage),
				 "message", err->message, "retryable", sp_err_retryable(err));

	sp_httpd_reply_json(req, status, json);
}

void sp_httpd_reply_err(struct sp_httpd_req *req, const struct sp_err *err)
{
	httpd_reply_error(req, sp_http_status_of(err), err);
}

void sp_httpd_reply_text(struct sp_httpd_req *req, int status, const char *content_type,
			 const char *text)
{
	httpd_reply_with(req, status, content_type, own_text(strdup(text)));
}

void sp_httpd_reply_fd(struct sp_httpd_req *req, int status, const char *content_type, int fd,
		       uint64_t len)
{
	off_t at = lseek(fd, 0, SEEK_CUR);
	struct MHD_Response *r =
		MHD_create_response_from_fd_at_offset64(len, fd, at > 0 ? (uint64_t)at : 0);

	if (!r)
		close(fd);
	httpd_reply_with(req, status, content_type, r);
}

int sp_http_status_of(const struct sp_err *err)
{
	switch ((enum sp_err_code)err->code) {
	case SP_E_OK:
		return 200;
	case SP_E_INVALID:
		return 400;
	case SP_E_DENIED:
		return 403;
	case SP_E_NOT_FOUND:
		return 404;
	case SP_E_EXISTS:
	case SP_E_CONFLICT:
	case SP_E_LOCKED:
		return 409;
	case SP_E_FENCED:
		return 412;
	case SP_E_TOO_LARGE:
		return 413;
	case SP_E_UNREACHABLE:
		return 502;
	case SP_E_UNHEALTHY:
		return 503;
	case SP_E_TIMEOUT:
		return 504;
	case SP_E_NO_SPACE:
		return 507;
	case SP_E_INTERNAL:
	case SP_E_SYSTEM:
	case SP_E_NO_MEMORY:
	case SP_E_UNSUPPORTED:
	case SP_E_CORRUPT:
	case SP_E_ESCAPE:
	case SP_E_INTERRUPTED:
	case SP_E_UNPLACEABLE:
		return 500;
	}
	return 500;
}
