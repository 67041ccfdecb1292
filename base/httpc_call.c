/* Calls, uploads and streams; see httpc.h. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/httpc_impl.h"
#include "base/json.h"
#include "base/mem.h"
#include "base/str.h"
#include "base/time.h"

/* One transfer: where its bytes come from and go to. */
struct transfer {
	struct sp_httpc *c;
	int fd; /* source of an upload, -1 if there is none */
	off_t start;
	struct sp_buf *body;      /* of the reply, when it is kept */
	sp_httpc_data_fn on_data; /* or where it goes */
	void *state;
	bool stopped;     /* on_data has had enough */
	int64_t moved_ns; /* last time bytes moved */
};

static size_t on_write(char *data, size_t size, size_t n, void *arg)
{
	struct transfer *t = arg;
	size_t len = size * n;
	long status = 0;

	t->moved_ns = sp_time_mono_ns();
	curl_easy_getinfo(t->c->easy, CURLINFO_RESPONSE_CODE, &status);
	if (t->on_data && status < 400) {
		t->stopped = t->on_data(t->state, data, len) != 0;
		return t->stopped ? 0 : len;
	}
	sp_buf_append(t->body, data, len);
	return t->body->error ? 0 : len;
}

static size_t on_read(char *buf, size_t size, size_t n, void *arg)
{
	struct transfer *t = arg;
	ssize_t got;

	do
		got = read(t->fd, buf, size * n);
	while (got < 0 && errno == EINTR);
	t->moved_ns = sp_time_mono_ns();
	return got < 0 ? CURL_READFUNC_ABORT : (size_t)got;
}

/* curl sends again when a kept connection turns out to be dead. */
static int on_seek(void *arg, curl_off_t offset, int whence)
{
	struct transfer *t = arg;

	if (whence != SEEK_SET || lseek(t->fd, t->start + offset, SEEK_SET) < 0)
		return CURL_SEEKFUNC_FAIL;
	return CURL_SEEKFUNC_OK;
}

/* Wait for the one transfer of the multi handle to end. silence_ns: how long nothing may move. */
static CURLcode run_transfer(struct transfer *t, int64_t silence_ns)
{
	struct sp_httpc *c = t->c;
	int running = 1;

	t->moved_ns = sp_time_mono_ns();
	while (running) {
		if (curl_multi_perform(c->multi, &running) != CURLM_OK)
			return CURLE_OUT_OF_MEMORY;
		if (atomic_load(&c->interrupted))
			return CURLE_ABORTED_BY_CALLBACK;
		if (silence_ns && sp_time_mono_ns() - t->moved_ns > silence_ns)
			return CURLE_OPERATION_TIMEDOUT;
		if (running && curl_multi_poll(c->multi, NULL, 0, HTTPC_POLL_MS, NULL) != CURLM_OK)
			return CURLE_OUT_OF_MEMORY;
	}
	for (CURLMsg *m; (m = curl_multi_info_read(c->multi, &running));)
		if (m->msg == CURLMSG_DONE)
			return m->data.result;
	return CURLE_FAILED_INIT;
}

static int exchange(struct transfer *t, const char *method, int64_t silence_ns, struct sp_err *err)
{
	struct sp_httpc *c = t->c;
	CURLcode code;
	CURLMcode added;

	curl_easy_setopt(c->easy, CURLOPT_CUSTOMREQUEST, method);
	if (!strcmp(method, "HEAD"))
		curl_easy_setopt(c->easy, CURLOPT_NOBODY, 1L);
	curl_easy_setopt(c->easy, CURLOPT_WRITEFUNCTION, on_write);
	curl_easy_setopt(c->easy, CURLOPT_WRITEDATA, t);
	if (!silence_ns)
		curl_easy_setopt(c->easy, CURLOPT_TIMEOUT_MS, (long)(c->timeout_ns / SP_NS_PER_MS));
	atomic_store(&c->interrupted, false);
	added = curl_multi_add_handle(c->multi, c->easy);
	if (added != CURLM_OK)
		return sp_fail(err, SP_E_INTERNAL, "libcurl: %s", curl_multi_strerror(added));
	code = run_transfer(t, silence_ns);
	curl_multi_remove_handle(c->multi, c->easy);
	if (t->stopped)
		return 0;
	if (code != CURLE_OK && t->body && sp_buf_check(t->body, NULL) == -E2BIG)
		return sp_fail(err, SP_E_TOO_LARGE, "%s: a reply of over %zu bytes", c->what,
			       t->body->limit);
	return code == CURLE_OK ? 0 : httpc_fail(c, code, c->easy, err);
}

/* The handle's own headers and one of this call; the list is the caller's to free. */
static int set_headers(struct sp_httpc *c, const char *content_type, struct curl_slist **ret,
		       struct sp_err *err)
{
	autofree char *line = content_type ? sp_str_format("Content-Type: %s", content_type) : NULL;
	struct curl_slist *list = NULL, *grown;

	for (struct curl_slist *h = c->headers; h; h = h->next) {
		grown = curl_slist_append(list, h->data);
		if (!grown)
			goto fail;
		list = grown;
	}
	if (content_type) {
		grown = line ? curl_slist_append(list, line) : NULL;
		if (!grown)
			goto fail;
		list = grown;
	}
	curl_easy_setopt(c->easy, CURLOPT_HTTPHEADER, list);
	*ret = list;
	return 0;
fail:
	curl_slist_free_all(list);
	return sp_fail_nomem(err);
}

static int reply_status(struct sp_httpc *c)
{
	long status = 0;

	curl_easy_getinfo(c->easy, CURLINFO_RESPONSE_CODE, &status);
	return (int)status;
}

static void keep_head(struct sp_httpc *c, struct sp_http_reply *ret)
{
	const char *type = NULL;
	size_t n;

	ret->status = reply_status(c);
	curl_easy_getinfo(c->easy, CURLINFO_CONTENT_TYPE, &type);
	n = type ? strnlen(type, sizeof(ret->content_type) - 1) : 0;
	memcpy(ret->content_type, type ? type : "", n);
	ret->content_type[n] = '\0';
}

int sp_httpc_call(struct sp_httpc *c, const char *method, const char *path, const void *body,
		  size_t len, const char *content_type, struct sp_http_reply *ret,
		  struct sp_err *err)
{
	struct transfer t = { .c = c, .fd = -1, .body = &ret->body };
	struct curl_slist *headers;
	int r;

	*ret = (struct sp_http_reply){ .body.limit = HTTPC_BODY_MAX };
	r = httpc_setup(c, c->easy, path, err);
	if (r < 0)
		return r;
	if (body) {
		curl_easy_setopt(c->easy, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)len);
		curl_easy_setopt(c->easy, CURLOPT_POSTFIELDS, body);
	}
	r = set_headers(c, body ? content_type : NULL, &headers, err);
	if (r < 0)
		return r;
	r = exchange(&t, method, 0, err);
	curl_slist_free_all(headers);
	if (r < 0)
		sp_http_reply_fini(ret);
	else
		keep_head(c, ret);
	return r;
}

void sp_http_reply_fini(struct sp_http_reply *r)
{
	sp_buf_fini(&r->body);
}

int httpc_refusal(struct sp_httpc *c, int status, const char *body, size_t len, json_t **ret_error,
		  struct sp_err *err)
{
	autojson json_t *json = NULL;
	json_t *error;
	const char *code, *stage, *message;
	int known;

	*ret_error = NULL;
	if (sp_json_parse(body, len, &json, NULL) < 0 || !(error = json_object_get(json, "error")))
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
	const char *text = reply->body.data ? reply->body.data : "";
	json_t *json = NULL;
	int r = 0;

	if (reply->status >= 400)
		r = httpc_refusal(c, reply->status, text, reply->body.len, &json, err);
	else if (reply->body.len)
		r = sp_json_parse(text, reply->body.len, &json, err);
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
	struct sp_http_reply reply = { .body.limit = HTTPC_BODY_MAX };
	struct transfer t = {
		.c = c, .fd = fd, .start = lseek(fd, 0, SEEK_CUR), .body = &reply.body
	};
	struct curl_slist *headers;
	int r;

	if (ret)
		*ret = NULL;
	r = httpc_setup(c, c->easy, path, err);
	if (r < 0)
		return r;
	curl_easy_setopt(c->easy, CURLOPT_UPLOAD, 1L);
	curl_easy_setopt(c->easy, CURLOPT_INFILESIZE_LARGE, (curl_off_t)len);
	curl_easy_setopt(c->easy, CURLOPT_READFUNCTION, on_read);
	curl_easy_setopt(c->easy, CURLOPT_READDATA, &t);
	curl_easy_setopt(c->easy, CURLOPT_SEEKFUNCTION, on_seek);
	curl_easy_setopt(c->easy, CURLOPT_SEEKDATA, &t);
	r = set_headers(c, "application/octet-stream", &headers, err);
	if (r < 0)
		return r;
	r = exchange(&t, method, c->timeout_ns, err);
	curl_slist_free_all(headers);
	if (r == 0) {
		keep_head(c, &reply);
		r = take_json(c, &reply, ret, err);
	}
	sp_http_reply_fini(&reply);
	return r;
}

int sp_httpc_stream(struct sp_httpc *c, const char *method, const char *path,
		    sp_httpc_data_fn on_data, void *state, int *ret_status, struct sp_err *err)
{
	autobuf struct sp_buf refusal = { .limit = HTTPC_ERROR_BODY_MAX };
	struct transfer t = {
		.c = c, .fd = -1, .body = &refusal, .on_data = on_data, .state = state
	};
	struct curl_slist *headers;
	autojson json_t *error = NULL;
	int r = httpc_setup(c, c->easy, path, err);

	if (r < 0)
		return r;
	r = set_headers(c, NULL, &headers, err);
	if (r < 0)
		return r;
	r = exchange(&t, method, c->timeout_ns, err);
	curl_slist_free_all(headers);
	if (ret_status)
		*ret_status = reply_status(c);
	if (r == 0 && reply_status(c) >= 400)
		r = httpc_refusal(c, reply_status(c), refusal.data ? refusal.data : "", refusal.len,
				  &error, err);
	return r;
}
