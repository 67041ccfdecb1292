/* Images over HTTP. Unpacking and removal run in children of the images library; their ends come
 * through the loop. */
#include "agentd/images.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>

#include "agentd/api.h"
#include "agentd/reconcile.h"
#include "agentd/reply.h"
#include "agentd/watch.h"
#include "agentd/workload.h"
#include "base/json.h"
#include "base/log.h"
#include "base/mem.h"
#include "images/catalog.h"
#include "images/gc.h"
#include "images/job.h"
#include "images/unpack.h"

/* A PUT of an image that is being unpacked. */
struct unpack {
	struct sp_list link;
	struct agent *agent;
	struct sp_httpd_req *req;
	struct img_job *job;
	struct watch *ended;
	char reference[IMG_REFERENCE_MAX];
	char digest[SP_DIGEST_MAX];
};

static json_t *entry_json(const struct img_entry *e)
{
	return json_pack("{s:s, s:s, s:I, s:i, s:b}", "reference", e->reference, "digest",
			 e->digest, "size_bytes", (json_int_t)e->size_bytes, "layers",
			 (int)e->layers, "unpacked", e->unpacked);
}

void api_image_list(struct sp_httpd_req *req, void *owner)
{
	struct agent *a = owner;
	autofree struct img_entry *entries = NULL;
	struct sp_err err = { 0 };
	json_t *list;
	size_t n;

	if (img_list(a->images, &entries, &n, &err) < 0) {
		reply_err(a, req, NULL, &err);
		return;
	}
	list = json_array();
	for (size_t i = 0; list && i < n; i++)
		json_array_append_new(list, entry_json(&entries[i]));
	reply_json(req, 200, json_pack("{s:o}", "images", list));
}

/* Workloads that were given up for want of this image. */
static void revive(struct agent *a, const char *digest)
{
	struct workload *w;

	SP_LIST_EACH (&a->workloads, w, link) {
		if (w->state != WORKLOAD_FAILED || w->reason_code != SP_E_NOT_FOUND ||
		    strcmp(w->spec->image_digest, digest) != 0)
			continue;
		w->restart_now = true;
		reconcile_soon(w);
	}
}

static void unpack_free(struct unpack *u)
{
	watch_drop(u->ended);
	sp_list_remove(&u->link);
	free(u);
}

static void on_unpacked(void *owner)
{
	struct unpack *u = owner;
	struct agent *a = u->agent;
	struct img_progress progress = { 0 };
	struct sp_err err = { 0 };
	int r;

	u->ended = NULL;
	r = img_job_finish(take_ptr(u->job), &progress, &err);
	if (r >= 0)
		r = img_tag(a->images, u->reference, u->digest, &err);
	if (r < 0) {
		sp_err_at(&err, SP_STAGE_PULL);
		reply_err(a, u->req, u->reference, &err);
	} else {
		if (progress.layers)
			events_emit(a->events, "image.unpacked", NULL, NULL,
				    json_pack("{s:s, s:s, s:I}", "reference", u->reference,
					      "digest", u->digest, "layers",
					      (json_int_t)progress.layers),
				    "image '%s' unpacked", u->reference);
		revive(a, u->digest);
		reply_json(u->req, 200,
			   json_pack("{s:s, s:s, s:I, s:I}", "reference", u->reference, "digest",
				     u->digest, "layers_unpacked", (json_int_t)progress.layers_done,
				     "bytes", (json_int_t)progress.bytes));
	}
	unpack_free(u);
}

static int parse_put(struct sp_httpd_req *req, char reference[IMG_REFERENCE_MAX],
		     char digest[SP_DIGEST_MAX], struct sp_err *err)
{
	struct img_reference ref;
	autojson json_t *json = NULL;
	struct sp_json_reader reader;
	const char *text;
	int r = img_reference_parse(sp_httpd_param(req, "reference"), &ref, err);

	if (r == 0)
		r = sp_httpd_body_json(req, &json, err);
	if (r < 0)
		return r;
	sp_json_open(&reader, json, "image", err);
	text = sp_json_need_str(&reader, "digest");
	if (text && !sp_digest_valid(text))
		sp_json_refuse(&reader, "digest", "'%.100s' is not a digest", text);
	if (sp_json_done(&reader) < 0)
		return reader.error;
	img_reference_key(&ref, reference);
	snprintf(digest, SP_DIGEST_MAX, "%s", text);
	return 0;
}

static int start_unpack(struct unpack *u, struct sp_err *err)
{
	int r = img_unpack_start(u->agent->images, u->digest, NULL, &u->job, err);

	if (r < 0)
		return r;
	r = watch_new(u->agent->loop, img_job_pidfd(u->job), EPOLLIN, on_unpacked, u, &u->ended,
		      err);
	if (r < 0) {
		img_job_cancel(u->job);
		img_job_finish(take_ptr(u->job), NULL, NULL);
	}
	return r;
}

void api_image_put(struct sp_httpd_req *req, void *owner)
{
	struct agent *a = owner;
	struct unpack *u = calloc(1, sizeof(*u));
	struct sp_err err = { 0 };
	int r;

	if (!u) {
		reply_json(req, 500, NULL);
		return;
	}
	u->agent = a;
	u->req = req;
	sp_list_init(&u->link);
	r = parse_put(req, u->reference, u->digest, &err);
	if (r == 0)
		r = start_unpack(u, &err);
	if (r < 0) {
		sp_err_at(&err, SP_STAGE_PULL);
		reply_err(a, req, sp_httpd_param(req, "reference"), &err);
		unpack_free(u);
		return;
	}
	sp_list_append(&a->unpacks, &u->link);
	sp_httpd_defer(req);
}

static void on_collected(void *owner)
{
	struct agent *a = owner;
	struct img_progress progress = { 0 };
	struct sp_err err = { 0 };

	a->gc_watch = NULL;
	if (img_job_finish(take_ptr(a->gc), &progress, &err) < 0)
		sp_log(SP_LOG_WARN, "images.gc", SP_ERR(&err));
	else
		sp_log(SP_LOG_INFO, "images.gc", SP_INT("blobs", progress.blobs_removed),
		       SP_INT("layers", progress.layers_removed));
}

/* One at a time, and not beside an unpack; what it leaves goes with the next removal. */
static void collect_garbage(struct agent *a)
{
	autofree const char **used = calloc(a->n_workloads + 1, sizeof(*used));
	struct sp_err err = { 0 };
	struct workload *w;
	size_t n = 0;

	if (!used || a->gc || !sp_list_empty(&a->unpacks))
		return;
	SP_LIST_EACH (&a->workloads, w, link)
		used[n++] = w->spec->image_digest;
	if (img_gc_start(a->images, used, IMG_GC_MIN_AGE_NS, &a->gc, &err) < 0) {
		sp_log(SP_LOG_WARN, "images.gc", SP_ERR(&err));
		return;
	}
	if (watch_new(a->loop, img_job_pidfd(a->gc), EPOLLIN, on_collected, a, &a->gc_watch, &err) <
	    0)
		on_collected(a);
}

static const struct workload *user_of(struct agent *a, const char *digest)
{
	struct workload *w;

	SP_LIST_EACH (&a->workloads, w, link)
		if (!strcmp(w->spec->image_digest, digest))
			return w;
	return NULL;
}

void api_image_delete(struct sp_httpd_req *req, void *owner)
{
	struct agent *a = owner;
	const char *reference = sp_httpd_param(req, "reference");
	char digest[SP_DIGEST_MAX];
	const struct workload *user;
	struct sp_err err = { 0 };
	int r = img_digest_of(a->images, reference, digest, &err);

	user = r < 0 ? NULL : user_of(a, digest);
	if (user)
		r = sp_fail(&err, SP_E_CONFLICT, "image '%s' is used by workload '%s'", reference,
			    user->spec->id);
	if (r >= 0)
		r = img_untag(a->images, reference, &err);
	if (r < 0) {
		reply_err(a, req, reference, &err);
		return;
	}
	collect_garbage(a);
	reply_json(req, 200, json_pack("{s:s, s:s}", "reference", reference, "digest", digest));
}

void images_end_all(struct agent *a)
{
	struct unpack *u;

	SP_LIST_EACH (&a->unpacks, u, link) {
		img_job_cancel(u->job);
		img_job_finish(take_ptr(u->job), NULL, NULL);
		reply_fail(a, u->req, u->reference, SP_E_INTERRUPTED, "agentd is stopping");
		unpack_free(u);
	}
	if (!a->gc)
		return;
	watch_drop(take_ptr(a->gc_watch));
	img_job_cancel(a->gc);
	img_job_finish(take_ptr(a->gc), NULL, NULL);
}
