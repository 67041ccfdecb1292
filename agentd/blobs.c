/* Blobs over HTTP: verified while they arrive, synced by the loop, named last. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "agentd/api.h"
#include "agentd/reply.h"
#include "base/fd.h"
#include "base/mem.h"
#include "base/str.h"
#include "images/blob.h"
#include "images/put.h"

/* A blob on its way in; lives in the request's slot. */
struct upload {
	struct agent *agent;
	struct sp_httpd_req *req;
	struct img_put *put;
	bool present; /* it is here already: what arrives is read and dropped */
	struct sp_op sync;
};

static void upload_free(void *state)
{
	struct upload *u = state;

	if (!u)
		return;
	img_put_abort(u->put);
	free(u);
}

/* What Content-Length promised, so that a blob that is too short or too long is refused early. */
static uint64_t promised_size(struct sp_httpd_req *req)
{
	const char *text = sp_httpd_header(req, "Content-Length");
	uint64_t size;

	return text && sp_parse_u64(text, &size, NULL) == 0 ? size : IMG_SIZE_UNKNOWN;
}

static int begin(struct agent *a, struct sp_httpd_req *req, struct upload **ret, struct sp_err *err)
{
	const char *digest = sp_httpd_param(req, "digest");
	struct upload *u;
	int r;

	if (!sp_digest_valid(digest))
		return sp_fail(err, SP_E_INVALID, "'%.100s' is not a digest", digest);
	u = calloc(1, sizeof(*u));
	if (!u)
		return sp_fail_nomem(err);
	*u = (struct upload){ .agent = a, .req = req };
	r = img_blob_has(a->images, digest, NULL, err);
	u->present = r == 1;
	if (r == 0)
		r = img_put_begin(a->images, digest, promised_size(req), &u->put, err);
	if (r < 0) {
		free(u);
		return r;
	}
	*ret = u;
	return 0;
}

/* The upload of this request, begun at its first byte (or at its end, when it has none). */
static int upload_of(struct agent *a, struct sp_httpd_req *req, struct upload **ret,
		     struct sp_err *err)
{
	void **slot = sp_httpd_slot(req, upload_free);
	int r = 0;

	if (!slot)
		return sp_fail_nomem(err);
	if (!*slot) {
		struct upload *u = NULL;

		r = begin(a, req, &u, err);
		*slot = u;
	}
	*ret = *slot;
	return r;
}

int api_blob_body(struct sp_httpd_req *req, const void *data, size_t len, void *owner)
{
	struct agent *a = owner;
	struct upload *u;
	struct sp_err err = { 0 };
	int r = upload_of(a, req, &u, &err);

	if (r == 0 && len && !u->present)
		r = img_put_write(u->put, data, len, &err);
	if (r < 0)
		r = sp_err_of_sender(&err);
	if (r < 0)
		reply_err(a, req, sp_httpd_param(req, "digest"), &err);
	return r;
}

static void on_synced(struct sp_op *op, int res, bool more)
{
	struct upload *u = op->owner;
	struct sp_err err = { 0 };
	struct sp_httpd_req *req = u->req;
	int r = 0;

	(void)more;
	if (res < 0)
		r = sp_fail_errno(&err, -res, "sync blob");
	else
		r = img_put_publish(take_ptr(u->put), NULL, NULL, &err);
	if (r < 0)
		reply_err(u->agent, req, sp_httpd_param(req, "digest"), &err);
	else
		reply_json(req, r == 1 ? 201 : 200,
			   json_pack("{s:s}", "digest", sp_httpd_param(req, "digest")));
}

void api_blob_put(struct sp_httpd_req *req, void *owner)
{
	struct agent *a = owner;
	struct upload *u;
	struct sp_err err = { 0 };
	int fd, r = upload_of(a, req, &u, &err);

	if (r == 0 && u->present) {
		reply_json(req, 200, json_pack("{s:s}", "digest", sp_httpd_param(req, "digest")));
		return;
	}
	fd = r == 0 ? img_put_seal(u->put, &err) : r;
	if (fd < 0) {
		sp_err_of_sender(&err);
		reply_err(a, req, sp_httpd_param(req, "digest"), &err);
		return;
	}
	u->sync.fn = on_synced;
	u->sync.owner = u;
	sp_httpd_defer(req);
	sp_op_fsync(a->loop, &u->sync, fd);
}

void api_blob_get(struct sp_httpd_req *req, void *owner)
{
	struct agent *a = owner;
	struct img_descriptor d = { 0 };
	const char *digest = sp_httpd_param(req, "digest");
	struct sp_err err = { 0 };
	int r, fd;

	if (!sp_digest_valid(digest)) {
		reply_fail(a, req, NULL, SP_E_INVALID, "'%.100s' is not a digest", digest);
		return;
	}
	memcpy(d.digest, digest, strlen(digest) + 1);
	r = img_blob_has(a->images, digest, &d.size, &err);
	if (r == 0)
		r = sp_fail(&err, SP_E_NOT_FOUND, "blob '%s' is not on node '%s'", digest,
			    a->config.name);
	fd = r < 0 ? r : img_blob_open(a->images, &d, &err);
	if (fd < 0)
		reply_err(a, req, digest, &err);
	else
		sp_httpd_reply_fd(req, 200, "application/octet-stream", fd, d.size);
}
