/* Calls, uploads and streams; see httpc.h. */
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "base/httpc_impl.h"
#include "base/json.h"
#include "base/mem.h"

/* One exchange whose reply is kept whole; *ret is empty on failure. */
static int call(struct sp_httpc *c, const struct httpc_request *q, struct sp_http_reply *ret,
		struct sp_err *err)
{
	struct httpc_sink sink = { .body = &ret->body };
	struct httpc_head head;
	int r;

	*ret = (struct sp_http_reply){ .body.limit = HTTPC_BODY_MAX };
	r = httpc_exchange(c, q, &sink, &head, err);
	if (r < 0) {
		sp_http_reply_fini(ret);
		return r;
	}
	ret->status = head.status;
	memcpy(ret->content_type, head.content_type, sizeof(ret->content_type));
	return 0;
}

int sp_httpc_call(struct sp_httpc *c, const char *method, const char *path, const void *body,
		  size_t len, const char *content_type, struct sp_http_reply *ret,
		  struct sp_err *err)
{
	struct httpc_request q = { .method = method,
				   .path = path,
				   .content_type = body ? content_type : NULL,
				   .body = body,
				   .fd = -1,
				   .len = body ? len : 0 };

	httpc_begin(c, false);
	return call(c, &q, ret, err);
}

void sp_http_reply_fini(struct sp_http_reply *r)
{
	sp_buf_fini(&r->body);
}

int httpc_refusal(struct sp_httpc *c, int status, const struct sp_buf *body, json_t **ret_error,
		  struct sp_err *err)
{
	autojson json_t *json = NULL;
	json_t *error;
	const char *code, *stage, *message;
	int known;

	*ret_error = NULL;
	if (sp_json_parse(body->data ? body->data : "", body->len, &json, NULL) < 0 ||
	    !(error = json_object_get(json, "error")))
		return sp_fail(err, status < 500 ? SP_E_INVALID : SP_E_INTERNAL,
			       "%s at '%s' answered %d", c->what, httpc_address(c), status);
	code = json_string_value(json_object_get(error, "code"));
	stage = json_string_value(json_object_get(error, "stage"));
	message = json_string_value(json_object_get(error, "message"));
	known = code ? sp_err_code_parse(code) : -1;
	*ret_error = json_incref(error);
	sp_fail(err, known > SP_E_OK ? (enum sp_err_code)known : SP_E_INTERNAL, "%s",
		message ? message : "no message");
	if (stage && sp_stage_parse(stage) >= 0)
		sp_err_at(err, (enum sp_stage)sp_stage_parse(stage));
	return err ? sp_err_return(err) : -EIO;
}

/* A whole reply as JSON, or as the error it stands for. An empty one is JSON's null. */
static int take_json(struct sp_httpc *c, const struct sp_http_reply *reply, json_t **ret,
		     struct sp_err *err)
{
	json_t *json = NULL;
	int r = 0;

	if (reply->status >= 400)
		r = httpc_refusal(c, reply->status, &reply->body, &json, err);
	else if (reply->body.len)
		r = sp_json_parse(reply->body.data, reply->body.len, &json, err);
	else
		json = json_null();
	if (r < 0 && reply->status < 400)
		sp_err_prefix(err, "reply of %s", c->what);
	if (ret)
		*ret = json;
	else
		json_decref(json);
	return r;
}

int sp_httpc_json(struct sp_httpc *c, const char *method, const char *path, const json_t *body,
		  json_t **ret, struct sp_err *err)
{
	autofree char *text = body ? sp_json_text(body) : NULL;
	struct sp_http_reply reply;
	int r;

	if (ret)
		*ret = NULL;
	if (body && !text)
		return sp_fail_nomem(err);
	r = sp_httpc_call(c, method, path, text, text ? strlen(text) : 0, "application/json",
			  &reply, err);
	if (r < 0)
		return r;
	r = take_json(c, &reply, ret, err);
	sp_http_reply_fini(&reply);
	return r;
}

int sp_httpc_upload(struct sp_httpc *c, const char *method, const char *path, int fd, uint64_t len,
		    json_t **ret, struct sp_err *err)
{
	struct httpc_request q = { .method = method,
				   .path = path,
				   .content_type = "application/octet-stream",
				   .fd = fd,
				   .len = len,
				   .start = lseek(fd, 0, SEEK_CUR) };
	struct sp_http_reply reply;
	int r;

	if (ret)
		*ret = NULL;
	httpc_begin(c, true);
	r = call(c, &q, &reply, err);
	if (r < 0)
		return r;
	r = take_json(c, &reply, ret, err);
	sp_http_reply_fini(&reply);
	return r;
}

int sp_httpc_stream(struct sp_httpc *c, const char *method, const char *path,
		    sp_httpc_data_fn on_data, void *state, int *ret_status, struct sp_err *err)
{
	autobuf struct sp_buf refusal = { .limit = HTTPC_ERROR_BODY_MAX };
	struct httpc_sink sink = { .body = &refusal, .on_data = on_data, .state = state };
	struct httpc_request q = { .method = method, .path = path, .fd = -1 };
	autojson json_t *error = NULL;
	struct httpc_head head;
	int r;

	httpc_begin(c, true);
	r = httpc_exchange(c, &q, &sink, &head, err);
	if (ret_status)
		*ret_status = head.status;
	if (r == 0 && head.status >= 400)
		r = httpc_refusal(c, head.status, &refusal, &error, err);
	return r;
}
