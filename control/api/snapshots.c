/* Snapshots of a stack: take, list, show, compare, tag, remove, restore. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/buf.h"
#include "base/json.h"
#include "base/str.h"
#include "control/api/api.h"
#include "control/api/handlers.h"
#include "control/api/hint.h"
#include "control/api/lock.h"
#include "control/deploy/dry_run.h"
#include "control/snapshot/snapshot.h"
#include "control/store/stack.h"

#define REQUESTER_MAX 160

/* "3" and "v3". */
static int parse_version(const char *text, int64_t *ret, struct sp_err *err)
{
	const char *digits = text + (*text == 'v');

	*ret = 0;
	if (sp_parse_i64(digits, ret, NULL) < 0 || *ret < 1)
		return sp_fail(err, SP_E_INVALID, "'%s' is no version of a snapshot", text);
	return 0;
}

static int version_of(struct api *a, const char *param, int64_t *ret, struct sp_err *err)
{
	int r = parse_version(sp_httpd_param(a->req, param), ret, err);

	if (r < 0)
		snprintf(a->at.next, sizeof(a->at.next), "ctl snapshot ls %s",
			 sp_httpd_param(a->req, "name"));
	return r;
}

/* There, damaged or not, before the stack's lock is taken: what is asked of nothing leaves no
 * trace.
 */
static int snapshot_of(struct api *a, int64_t *ret_version, struct sp_err *err)
{
	autosnapshot struct store_snapshot n = { 0 };
	struct sp_err why = { 0 };
	int r = version_of(a, "version", ret_version, err);

	if (r < 0)
		return r;
	r = store_snapshot_get(a->store, sp_httpd_param(a->req, "name"), *ret_version, &n, &why);
	if (r == -ENOENT)
		*err = why;
	return r == -ENOENT ? r : 0;
}

API_HANDLER(snapshots_list)
{
	autosnapshots struct store_snapshots all = { 0 };
	autojson json_t *list = json_array();
	const char *stack = sp_httpd_param(a->req, "name");
	int r = store_snapshot_look_all(a->store, stack, &all, err);

	if (r == 0 && !all.n && !api_stack_is_known(a, stack))
		return sp_fail(err, SP_E_NOT_FOUND, "there is no stack '%s', and no snapshot of it",
			       stack);
	for (size_t i = 0; r == 0 && i < all.n; i++)
		if (json_array_append_new(list, snapshot_view(&all.list[i])) < 0)
			r = sp_fail_nomem(err);
	return r < 0 ? r : api_reply_as(a, "snapshots", take_ptr(list), err);
}

API_HANDLER(snapshots_get)
{
	autosnapshot struct store_snapshot n = { 0 };
	int64_t version;
	int r = version_of(a, "version", &version, err);

	if (r == 0)
		r = store_snapshot_look(a->store, sp_httpd_param(a->req, "name"), version, &n, err);
	return r < 0 ? r : api_reply(a, 200, snapshot_view(&n), err);
}

static bool is_tag(const char *tag)
{
	return tag && sp_id_valid(tag);
}

/* The tags of a JSON list by commas, each of the grammar of an id. */
static int join_tags(const json_t *list, struct sp_buf *ret, struct sp_err *err)
{
	json_t *one;
	size_t i;

	json_array_foreach (list, i, one) {
		if (!is_tag(json_string_value(one)))
			return sp_fail(err, SP_E_INVALID,
				       "tags: '%s' is not made of a-z, 0-9, '-', '_' and '.'",
				       json_is_string(one) ? json_string_value(one) : "");
		sp_buf_printf(ret, "%s%s", i ? "," : "", json_string_value(one));
	}
	if (ret->len >= STORE_SNAPSHOT_TEXT_MAX)
		return sp_fail(err, SP_E_TOO_LARGE, "tags have at most %d bytes together",
			       STORE_SNAPSHOT_TEXT_MAX - 1);
	return sp_buf_check(ret, err);
}

struct taking {
	struct snapshot_request q;
	struct store_snapshot n;
};

static int take(struct api *a, int64_t token, void *state, struct sp_err *err)
{
	struct taking *t = state;

	(void)token;
	return snapshot_take(a->store, &a->control->config, &t->q, &t->n, err);
}

API_HANDLER(snapshots_create)
{
	char requester[REQUESTER_MAX];
	struct taking t = { .q = { .stack = sp_httpd_param(a->req, "name"),
				   .cause = "request",
				   .creator = requester } };
	autobuf struct sp_buf tags = SP_BUF_INIT;
	json_t *view;
	autojson json_t *body = NULL;
	struct sp_json_reader reader;
	struct store_stack row;
	int r = store_stack_get(a->store, t.q.stack, &row, err);

	if (r == 0)
		r = api_body(a, &body, err);
	if (r < 0)
		return r;
	api_requester(a, requester, sizeof(requester));
	sp_json_open(&reader, body, "body", err);
	t.q.description = sp_json_str(&reader, "description", NULL);
	r = join_tags(sp_json_array(&reader, "tags"), &tags, err);
	if (r == 0)
		r = sp_json_done(&reader);
	t.q.tags = tags.data;
	if (r == 0)
		r = lock_run(a, t.q.stack, "snapshot create", take, &t, err);
	if (r < 0)
		return r;
	view = snapshot_view(&t.n);
	store_snapshot_fini(&t.n);
	return api_reply(a, 201, view, err);
}

struct changing {
	const char *stack, *text; /* why it goes, or its tags */
	int64_t version;
};

static int remove_one(struct api *a, int64_t token, void *state, struct sp_err *err)
{
	const struct changing *q = state;

	(void)token;
	return store_snapshot_remove(a->store, q->stack, q->version, q->text, err);
}

static int tag_one(struct api *a, int64_t token, void *state, struct sp_err *err)
{
	const struct changing *q = state;

	(void)token;
	return store_snapshot_tag(a->store, q->stack, q->version, q->text, err);
}

API_HANDLER(snapshots_remove)
{
	char requester[REQUESTER_MAX], why[REQUESTER_MAX + 16];
	struct changing q = { .stack = sp_httpd_param(a->req, "name"), .text = why };
	int r = snapshot_of(a, &q.version, err);

	api_requester(a, requester, sizeof(requester));
	snprintf(why, sizeof(why), "removed by %s", requester);
	if (r == 0)
		r = lock_run(a, q.stack, "snapshot rm", remove_one, &q, err);
	return r < 0 ? r : api_reply(a, 200, json_object(), err);
}

API_HANDLER(snapshots_tag)
{
	struct changing q = { .stack = sp_httpd_param(a->req, "name") };
	autosnapshot struct store_snapshot n = { 0 };
	autobuf struct sp_buf tags = SP_BUF_INIT;
	autojson json_t *body = NULL;
	struct sp_json_reader reader;
	int r = snapshot_of(a, &q.version, err);

	if (r == 0)
		r = api_body(a, &body, err);
	if (r < 0)
		return r;
	sp_json_open(&reader, body, "body", err);
	r = join_tags(sp_json_array(&reader, "tags"), &tags, err);
	if (r == 0)
		r = sp_json_done(&reader);
	q.text = tags.data ? tags.data : "";
	if (r == 0)
		r = lock_run(a, q.stack, "snapshot tag", tag_one, &q, err);
	if (r == 0)
		r = store_snapshot_look(a->store, q.stack, q.version, &n, err);
	return r < 0 ? r : api_reply(a, 200, snapshot_view(&n), err);
}

API_HANDLER(snapshots_compare)
{
	json_t *diff = NULL;
	int64_t from, to;
	int r = version_of(a, "version", &from, err);

	if (r == 0)
		r = version_of(a, "other", &to, err);
	if (r == 0)
		r = snapshot_compare(a->store, sp_httpd_param(a->req, "name"), from, to, &diff,
				     err);
	return r < 0 ? r : api_reply(a, 200, diff, err);
}

/* It is read whole first: a damaged one leaves no operation. */
API_HANDLER(snapshots_restore)
{
	const char *stack = sp_httpd_param(a->req, "name");
	autowholesnapshot struct snapshot n = { 0 };
	autojson json_t *plan = NULL;
	char request[64];
	int64_t version;
	int r = version_of(a, "version", &version, err);

	if (r == 0)
		r = snapshot_open(a->store, stack, version, &n, err);
	if (r < 0)
		return r;
	snprintf(request, sizeof(request), "{\"snapshot\": %lld}", (long long)version);
	if (!api_query_flag(a, "dry_run"))
		return api_begin(
			a,
			&(struct api_begin){ .kind = "restore",
					     .stack = stack,
					     .request = request,
					     .heedless = lock_is_heedless(a->store, stack) },
			err);
	r = dry_run(a->control, a->store, &(struct dry_run_request){ stack, request }, &a->at,
		    &plan, err);
	return r < 0 ? r : api_reply(a, 200, take_ptr(plan), err);
}
