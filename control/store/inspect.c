/* Looking the store through; see inspect.h. */
#include "control/store/inspect.h"

#include <stdlib.h>

#include "base/json.h"
#include "control/store/schema.h"
#include "control/store/tables.h"

#define FINDINGS_MAX 100 /* of one check: who has more knows enough */

static const struct {
	const char *name, *count;
} tables[] = {
#define X(name) { #name, "SELECT COUNT(*) FROM " #name },
	STORE_TABLES(X)
#undef X
};

/* Each row is a finding. */
static const char *const checks[] = {
	"SELECT 'events end at ' || CAST(value AS TEXT) || ', the last one is '"
	" || CAST((SELECT COALESCE(MAX(seq), 0) FROM events) AS TEXT) FROM counters"
	" WHERE name = 'events' AND value <> (SELECT COALESCE(MAX(seq), 0) FROM events)",
	"SELECT 'event ' || CAST(e.seq + 1 AS TEXT) || ' is missing' FROM events e"
	" WHERE NOT EXISTS (SELECT 1 FROM events n WHERE n.seq = e.seq + 1)"
	" AND e.seq < (SELECT MAX(seq) FROM events)",
	"SELECT 'operation ' || o.id || ' has token ' || CAST(o.token AS TEXT) || ', the lease of '"
	" || o.stack || ' only ' || CAST(COALESCE(l.token, 0) AS TEXT) FROM operations o"
	" LEFT JOIN leases l ON l.stack = o.stack WHERE o.token > COALESCE(l.token, 0)",
	"SELECT 'stack ' || s.name || ' runs revision ' || CAST(s.revision AS TEXT)"
	" || ', which is not kept' FROM stacks s WHERE s.revision > 0 AND NOT EXISTS"
	" (SELECT 1 FROM revisions r WHERE r.stack = s.name AND r.revision = s.revision)",
};

/* What is sealed, each with its place: it must open. */
static const char *const sealed[] = {
	"SELECT 'operations.request:' || id, request FROM operations",
	"SELECT 'revisions.bundle:' || stack || '/' || CAST(revision AS TEXT), bundle"
	" FROM revisions",
	"SELECT 'workloads.spec:' || id || '/' || CAST(revision AS TEXT), spec FROM workloads",
	"SELECT 'snapshot_contents.text:' || digest, text FROM snapshot_contents",
	"SELECT 'state_versions.value:' || stack || '/' || key || '/' || CAST(version AS TEXT),"
	" value FROM state_versions WHERE removed = 0",
};

static int count_rows(struct store *s, json_t *list, struct sp_err *err)
{
	int r = 0;

	for (size_t i = 0; r >= 0 && i < SP_COUNT(tables); i++) {
		auto_(db_rows_end) struct db_rows *rows = NULL;

		r = db_select(store_db(s), &rows, err, tables[i].count);
		if (r == 0)
			r = db_next(rows, err);
		if (r == 1 && json_array_append_new(
				      list, json_pack("{s:s, s:I}", "name", tables[i].name, "rows",
						      (json_int_t)db_number(rows, 0))) < 0)
			return sp_fail_nomem(err);
	}
	return r < 0 ? r : 0;
}

static int find(struct store *s, const char *sql, json_t *findings, struct sp_err *err)
{
	auto_(db_rows_end) struct db_rows *rows = NULL;
	int r = db_select(store_db(s), &rows, err, sql);

	for (int n = 0; r >= 0 && n < FINDINGS_MAX && (r = db_next(rows, err)) > 0; n++)
		if (json_array_append_new(findings, json_string(db_text(rows, 0))) < 0)
			return sp_fail_nomem(err);
	return r < 0 ? r : 0;
}

static int open_sealed(struct store *s, const char *sql, json_t *findings, struct sp_err *err)
{
	auto_(db_rows_end) struct db_rows *rows = NULL;
	int r = db_select(store_db(s), &rows, err, sql);

	for (int n = 0; r >= 0 && n < FINDINGS_MAX && (r = db_next(rows, err)) > 0;) {
		struct sp_err why;
		char *text = NULL;

		if (store_unseal(s, db_text(rows, 0), db_text(rows, 1), &text, &why) < 0) {
			json_array_append_new(findings, json_string(why.message));
			n++;
		}
		free(text);
	}
	return r < 0 ? r : 0;
}

static int find_all(struct store *s, json_t *tables_list, json_t *findings, struct sp_err *err)
{
	const char *const *engine = store_db(s)->driver->checks;
	int r = count_rows(s, tables_list, err);

	for (; r == 0 && *engine; engine++)
		r = find(s, *engine, findings, err);
	for (size_t i = 0; r == 0 && i < SP_COUNT(checks); i++)
		r = find(s, checks[i], findings, err);
	for (size_t i = 0; r == 0 && i < SP_COUNT(sealed); i++)
		r = open_sealed(s, sealed[i], findings, err);
	return r;
}

int store_inspect(struct store *s, json_t **ret, struct sp_err *err)
{
	autojson json_t *list = json_array(), *findings = json_array();
	int r = db_snapshot(store_db(s), err);

	if (r == 0)
		r = find_all(s, list, findings, err);
	db_rollback(store_db(s));
	if (r < 0)
		return r;
	*ret = json_pack("{s:s, s:i, s:O, s:O}", "engine", store_db(s)->driver->name, "schema",
			 store_schema_latest(), "tables", list, "findings", findings);
	return *ret ? 0 : sp_fail_nomem(err);
}
