/* Rows of snapshots; see snapshot.h. */
#include "control/store/snapshot.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/json.h"
#include "base/str.h"
#include "control/store/event.h"
#include "control/store/seal.h"

#define COLUMNS                                                                            \
	"stack, version, content, revision, cause, operation, creator, description, tags," \
	" created_at, verified_at, size, summary, digest, verified_by"

void store_snapshot_fini(struct store_snapshot *n)
{
	json_decref(n->summary);
	n->summary = NULL;
}

void store_snapshots_fini(struct store_snapshots *n)
{
	for (size_t i = 0; i < n->n; i++)
		store_snapshot_fini(&n->list[i]);
	free(n->list);
	*n = (struct store_snapshots){ 0 };
}

/* Of what a row says for good; tags and the proof may come later. summary: its canonical text. */
static int digest_of_row(const struct store_snapshot *n, const char *summary,
			 char ret[SP_DIGEST_MAX], struct sp_err *err)
{
	autobuf struct sp_buf text = SP_BUF_INIT;
	int r;

	sp_buf_printf(&text, "%s\n%" PRId64 "\n%s\n%" PRId64 "\n%s\n%s\n%s\n%s\n%" PRId64 "\n%s",
		      n->stack, n->version, n->content, n->revision, n->cause, n->operation,
		      n->creator, n->description, n->created_at_ns, summary);
	r = sp_buf_check(&text, err);
	return r < 0 ? r : sp_digest_of(text.data, text.len, ret, err);
}

static int damaged(const struct store_snapshot *n, const char *what, struct sp_err *err)
{
	return sp_fail(err, SP_E_CORRUPT, "snapshot v%" PRId64 " of '%s' is damaged: %s",
		       n->version, n->stack, what);
}

static int read_row(const struct db_rows *rows, struct store_snapshot *ret, struct sp_err *err)
{
	struct store_snapshot n = { .version = db_number(rows, 1),
				    .revision = db_number(rows, 3),
				    .created_at_ns = db_number(rows, 9),
				    .verified_at_ns = db_number(rows, 10),
				    .size_bytes = db_number(rows, 11) };
	const char *summary = db_text(rows, 12);
	char digest[SP_DIGEST_MAX];
	int r;

	db_text_into(rows, 0, n.stack, sizeof(n.stack));
	db_text_into(rows, 2, n.content, sizeof(n.content));
	db_text_into(rows, 4, n.cause, sizeof(n.cause));
	db_text_into(rows, 5, n.operation, sizeof(n.operation));
	db_text_into(rows, 6, n.creator, sizeof(n.creator));
	db_text_into(rows, 7, n.description, sizeof(n.description));
	db_text_into(rows, 8, n.tags, sizeof(n.tags));
	db_text_into(rows, 14, n.verified_by, sizeof(n.verified_by));
	n.summary = json_loads(summary, 0, NULL);
	if (!n.summary)
		n.summary = json_object();
	r = digest_of_row(&n, summary, digest, err);
	n.damaged = strcmp(digest, db_text(rows, 13)) != 0;
	if (r < 0)
		store_snapshot_fini(&n);
	else
		*ret = n;
	return r;
}

/* Damaged or not. */
static int get_row(struct store *s, const char *stack, int64_t version, struct store_snapshot *ret,
		   struct sp_err *err)
{
	auto_(db_rows_end) struct db_rows *rows = NULL;
	int r = db_select(store_db(s), &rows, err,
			  "SELECT " COLUMNS " FROM snapshots WHERE stack = $1 AND version = $2",
			  DB_S(stack), DB_I(version));

	if (r == 0)
		r = db_next(rows, err);
	if (r == 0)
		return sp_fail(err, SP_E_NOT_FOUND, "there is no snapshot v%" PRId64 " of '%s'",
			       version, stack);
	return r < 0 ? r : read_row(rows, ret, err);
}

int store_snapshot_get(struct store *s, const char *stack, int64_t version,
		       struct store_snapshot *ret, struct sp_err *err)
{
	struct store_snapshot n = { 0 };
	int r = get_row(s, stack, version, &n, err);

	if (r == 0 && n.damaged)
		r = damaged(&n, "its row is not what was written", err);
	if (r < 0)
		store_snapshot_fini(&n);
	else
		*ret = n;
	return r;
}

int store_snapshot_list(struct store *s, const char *stack, struct store_snapshots *ret,
			struct sp_err *err)
{
	auto_(db_rows_end) struct db_rows *rows = NULL;
	autosnapshots struct store_snapshots all = { 0 };
	int r = db_select(store_db(s), &rows, err,
			  "SELECT " COLUMNS
			  " FROM snapshots WHERE stack = $1 ORDER BY version DESC",
			  DB_S(stack));

	while (r >= 0 && (r = db_next(rows, err)) > 0) {
		struct store_snapshot *list = reallocarray(all.list, all.n + 1, sizeof(*list));

		if (!list)
			return sp_fail_nomem(err);
		all.list = list;
		r = read_row(rows, &all.list[all.n], err);
		all.n += r == 0;
	}
	if (r < 0)
		return r;
	*ret = all;
	all = (struct store_snapshots){ 0 };
	return 0;
}

static int find_by_operation(struct store *s, struct store_snapshot *n, struct sp_err *err)
{
	auto_(db_rows_end) struct db_rows *rows = NULL;
	struct store_snapshot found = { 0 };
	int r;

	if (!*n->operation)
		return 0;
	r = db_select(store_db(s), &rows, err,
		      "SELECT " COLUMNS " FROM snapshots"
		      " WHERE stack = $1 AND operation = $2 AND cause = $3",
		      DB_S(n->stack), DB_S(n->operation), DB_S(n->cause));
	if (r == 0)
		r = db_next(rows, err);
	if (r != 1)
		return r;
	r = read_row(rows, &found, err);
	if (r < 0)
		return r;
	store_snapshot_fini(n);
	*n = found;
	return 1;
}

static int next_version(struct store *s, struct store_snapshot *n, struct sp_err *err)
{
	auto_(db_rows_end) struct db_rows *rows = NULL;
	int r = db_select(store_db(s), &rows, err,
			  "INSERT INTO snapshot_versions (stack, last) VALUES ($1, 1) ON CONFLICT"
			  " (stack) DO UPDATE SET last = snapshot_versions.last + 1 RETURNING last",
			  DB_S(n->stack));

	if (r == 0)
		r = db_next(rows, err);
	if (r == 1)
		n->version = db_number(rows, 0);
	return r < 0 ? r : 0;
}

/* The same content is kept once. */
static int put_content(struct store *s, const struct store_snapshot *n, const char *text,
		       struct sp_err *err)
{
	auto_(db_rows_end) struct db_rows *rows = NULL;
	autofree char *sealed = NULL;
	char place[STORE_PLACE_MAX];
	int r = db_select(store_db(s), &rows, err,
			  "SELECT 1 FROM snapshot_contents WHERE digest = $1", DB_S(n->content));

	if (r == 0)
		r = db_next(rows, err);
	if (r != 0)
		return r < 0 ? r : 0;
	snprintf(place, sizeof(place), "snapshot_contents.text:%s", n->content);
	r = store_seal(s, place, text, &sealed, err);
	if (r == 0)
		r = db_write(store_db(s), err,
			     "INSERT INTO snapshot_contents (digest, text) VALUES ($1, $2)",
			     DB_S(n->content), DB_S(sealed));
	return r < 0 ? r : 0;
}

static int tell(struct store *s, const struct store_snapshot *n, const char *type,
		const char *message, struct sp_err *err)
{
	autojson json_t *fields =
		json_pack("{s:I, s:I, s:s, s:s, s:s, s:I}", "version", (json_int_t)n->version,
			  "revision", (json_int_t)n->revision, "content", n->content, "cause",
			  n->cause, "creator", n->creator, "size_bytes", (json_int_t)n->size_bytes);
	struct store_event event = { .type = type,
				     .stack = n->stack,
				     .operation = n->operation,
				     .message = message,
				     .fields = fields };

	return fields ? store_event_append(s, &event, err) : sp_fail_nomem(err);
}

static int put_row(struct store *s, const struct store_snapshot *n, struct sp_err *err)
{
	autofree char *summary = sp_json_canonical(n->summary);
	char digest[SP_DIGEST_MAX];
	int r = summary ? digest_of_row(n, summary, digest, err) : sp_fail_nomem(err);

	if (r == 0)
		r = db_write(store_db(s), err,
			     "INSERT INTO snapshots (" COLUMNS ") VALUES ($1, $2, $3, $4, $5, $6,"
			     " $7, $8, $9, $10, $11, $12, $13, $14, $15)",
			     DB_S(n->stack), DB_I(n->version), DB_S(n->content), DB_I(n->revision),
			     DB_S(n->cause), DB_S(n->operation), DB_S(n->creator),
			     DB_S(n->description), DB_S(n->tags), DB_I(n->created_at_ns),
			     DB_I(n->verified_at_ns), DB_I(n->size_bytes), DB_S(summary),
			     DB_S(digest), DB_S(n->verified_by));
	return r < 0 ? r : 0;
}

struct addition {
	struct store_snapshot *n;
	const char *text;
};

static int add(struct store *s, void *state, struct sp_err *err)
{
	struct addition *a = state;
	struct store_snapshot *n = a->n;
	bool verified = n->verified_at_ns != 0;
	char message[STORE_NAME_MAX];
	int r = find_by_operation(s, n, err);

	if (r != 0)
		return r < 0 ? r : 0;
	r = store_now(s, &n->created_at_ns, err);
	if (r == 0 && verified)
		n->verified_at_ns = n->created_at_ns;
	if (r == 0)
		r = next_version(s, n, err);
	if (r == 0)
		r = put_content(s, n, a->text, err);
	if (r == 0)
		r = put_row(s, n, err);
	snprintf(message, sizeof(message), "v%" PRId64, n->version);
	return r < 0 ? r : tell(s, n, "snapshot.created", message, err);
}

int store_snapshot_add(struct store *s, struct store_snapshot *n, const char *text,
		       struct sp_err *err)
{
	struct addition a = { n, text };

	return store_transact(s, add, &a, err);
}

int store_snapshot_text(struct store *s, const struct store_snapshot *n, char **ret,
			struct sp_err *err)
{
	auto_(db_rows_end) struct db_rows *rows = NULL;
	char place[STORE_PLACE_MAX], digest[SP_DIGEST_MAX], *text = NULL;
	int r = db_select(store_db(s), &rows, err,
			  "SELECT text FROM snapshot_contents WHERE digest = $1", DB_S(n->content));

	if (r == 0)
		r = db_next(rows, err);
	if (r == 0)
		return damaged(n, "its content is not there", err);
	snprintf(place, sizeof(place), "snapshot_contents.text:%s", n->content);
	if (r == 1)
		r = store_unseal(s, place, db_text(rows, 0), &text, err);
	if (r < 0)
		return sp_err_prefix(err, "content of snapshot v%" PRId64 " of '%s'", n->version,
				     n->stack);
	r = sp_digest_of(text, strlen(text), digest, err);
	if (r == 0 && strcmp(digest, n->content) != 0)
		r = damaged(n, "its content is not what was written", err);
	if (r < 0) {
		explicit_bzero(text, strlen(text));
		free(text);
		return r;
	}
	*ret = text;
	return 0;
}

/* Look at its content. */
static int look_inside(struct store *s, struct store_snapshot *n, struct sp_err *err)
{
	char *text = NULL;
	struct sp_err why = { 0 };
	int r = store_snapshot_text(s, n, &text, &why);

	if (r < 0 && why.code != SP_E_CORRUPT) {
		*err = why;
		return r;
	}
	n->damaged |= r < 0;
	if (r == 0)
		explicit_bzero(text, strlen(text));
	free(text);
	return 0;
}

int store_snapshot_look(struct store *s, const char *stack, int64_t version,
			struct store_snapshot *ret, struct sp_err *err)
{
	struct store_snapshot n = { 0 };
	int r = get_row(s, stack, version, &n, err);

	if (r == 0)
		r = look_inside(s, &n, err);
	if (r < 0)
		store_snapshot_fini(&n);
	else
		*ret = n;
	return r;
}

/* The whole one before i that has the same content. */
static bool is_seen_whole(const struct store_snapshots *all, size_t i)
{
	for (size_t k = 0; k < i; k++)
		if (!all->list[k].damaged && !strcmp(all->list[k].content, all->list[i].content))
			return true;
	return false;
}

int store_snapshot_look_all(struct store *s, const char *stack, struct store_snapshots *ret,
			    struct sp_err *err)
{
	autosnapshots struct store_snapshots all = { 0 };
	int r = store_snapshot_list(s, stack, &all, err);

	for (size_t i = 0; r == 0 && i < all.n; i++)
		if (!is_seen_whole(&all, i))
			r = look_inside(s, &all.list[i], err);
	if (r < 0)
		return r;
	*ret = all;
	all = (struct store_snapshots){ 0 };
	return 0;
}

struct change {
	const char *stack, *text; /* tags, why it goes, or the operation */
	int64_t version;
};

static int restored(struct store *s, void *state, struct sp_err *err)
{
	const struct change *c = state;
	autosnapshot struct store_snapshot n = { 0 };
	char message[STORE_NAME_MAX];
	int64_t now;
	int r = store_now(s, &now, err);

	if (r == 0)
		r = store_snapshot_get(s, c->stack, c->version, &n, err);
	if (r == 0)
		r = db_write(store_db(s), err,
			     "UPDATE snapshots SET verified_at = $1, verified_by = CASE WHEN"
			     " verified_by = '' THEN $4 ELSE verified_by END"
			     " WHERE stack = $2 AND version = $3",
			     DB_I(now), DB_S(c->stack), DB_I(c->version),
			     DB_S(STORE_SNAPSHOT_GATES));
	if (r < 0)
		return r;
	snprintf(n.operation, sizeof(n.operation), "%s", c->text);
	snprintf(message, sizeof(message), "v%" PRId64, n.version);
	return tell(s, &n, "snapshot.restored", message, err);
}

int store_snapshot_restored(struct store *s, const char *stack, int64_t version,
			    const char *operation, struct sp_err *err)
{
	struct change c = { stack, operation, version };

	return store_transact(s, restored, &c, err);
}

int store_snapshot_verified(struct store *s, const char *stack, int64_t revision, const char *by,
			    struct sp_err *err)
{
	int64_t now;
	int r = store_now(s, &now, err);

	if (r == 0)
		r = store_write(s, err,
				"UPDATE snapshots SET verified_at = $1, verified_by = $2"
				" WHERE stack = $3 AND revision = $4 AND created_at >= (SELECT"
				" created_at FROM revisions WHERE stack = $3 AND revision = $4)",
				DB_I(now), DB_S(by), DB_S(stack), DB_I(revision));
	return r < 0 ? r : 0;
}

static int tag(struct store *s, void *state, struct sp_err *err)
{
	const struct change *c = state;
	int r = db_write(store_db(s), err,
			 "UPDATE snapshots SET tags = $1 WHERE stack = $2 AND version = $3",
			 DB_S(c->text), DB_S(c->stack), DB_I(c->version));

	if (r == 0)
		return sp_fail(err, SP_E_NOT_FOUND, "there is no snapshot v%" PRId64 " of '%s'",
			       c->version, c->stack);
	return r < 0 ? r : 0;
}

int store_snapshot_tag(struct store *s, const char *stack, int64_t version, const char *tags,
		       struct sp_err *err)
{
	struct change c = { stack, tags, version };

	return store_transact(s, tag, &c, err);
}

/* Also of a row that is damaged: it has to be possible to get rid of it. */
static int remove_row(struct store *s, void *state, struct sp_err *err)
{
	const struct change *c = state;
	struct store_snapshot n = { .version = c->version };
	int r;

	snprintf(n.stack, sizeof(n.stack), "%s", c->stack);
	r = db_write(store_db(s), err, "DELETE FROM snapshots WHERE stack = $1 AND version = $2",
		     DB_S(c->stack), DB_I(c->version));
	if (r == 0)
		return sp_fail(err, SP_E_NOT_FOUND, "there is no snapshot v%" PRId64 " of '%s'",
			       c->version, c->stack);
	if (r > 0)
		r = db_write(store_db(s), err,
			     "DELETE FROM snapshot_contents WHERE NOT EXISTS (SELECT 1 FROM"
			     " snapshots WHERE snapshots.content = snapshot_contents.digest)");
	return r < 0 ? r : tell(s, &n, "snapshot.deleted", c->text, err);
}

int store_snapshot_remove(struct store *s, const char *stack, int64_t version, const char *why,
			  struct sp_err *err)
{
	struct change c = { stack, why, version };

	return store_transact(s, remove_row, &c, err);
}
