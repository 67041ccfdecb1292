/*
 * Migrations; see schema.h. A landed migration is never edited: a change is a new one.
 *
 * Numbers and sequences come from rows of `counters` and `leases`, not from the engine's own
 * sequences: their update serialises the writers, so what they give is gap-free and in the order of
 * commits. `operations` lets one operation of a stack run at a time by a partial unique index.
 * `leases` outlives its stack: agents remember the highest token they have seen.
 */
#include "control/store/schema.h"

#include "base/time.h"

#define MIGRATION_NS (3600 * SP_NS_PER_S) /* a table may be large */

static const char *const migrations[] = {
	/* 1: the cluster, the stacks, the operations, the outbox */
	"CREATE TABLE counters (name TEXT PRIMARY KEY, value BIGINT NOT NULL);"
	"INSERT INTO counters (name, value) VALUES ('events', 0), ('operations', 0);"
	"CREATE TABLE nodes (name TEXT PRIMARY KEY, address TEXT NOT NULL, port BIGINT NOT NULL,"
	" subnet BIGINT NOT NULL UNIQUE, key_id TEXT NOT NULL, state TEXT NOT NULL,"
	" joined_at BIGINT NOT NULL, last_seen BIGINT NOT NULL, event_cursor BIGINT NOT NULL,"
	" info TEXT, error TEXT);"
	"CREATE TABLE tokens (id TEXT PRIMARY KEY, hash TEXT NOT NULL, created_at BIGINT NOT NULL,"
	" expires_at BIGINT NOT NULL, used_at BIGINT, used_by TEXT);"
	"CREATE TABLE stacks (name TEXT PRIMARY KEY, revision BIGINT NOT NULL,"
	" state TEXT NOT NULL, digest TEXT NOT NULL, operation TEXT NOT NULL,"
	" updated_at BIGINT NOT NULL);"
	"CREATE TABLE revisions (stack TEXT NOT NULL REFERENCES stacks ON DELETE CASCADE,"
	" revision BIGINT NOT NULL, digest TEXT NOT NULL, bundle TEXT NOT NULL,"
	" created_at BIGINT NOT NULL, PRIMARY KEY (stack, revision));"
	"CREATE TABLE leases (stack TEXT PRIMARY KEY, token BIGINT NOT NULL);"
	"CREATE TABLE workloads (id TEXT NOT NULL, revision BIGINT NOT NULL,"
	" stack TEXT NOT NULL REFERENCES stacks, service TEXT NOT NULL, replica BIGINT NOT NULL,"
	" node TEXT NOT NULL REFERENCES nodes, position BIGINT NOT NULL, template TEXT NOT NULL,"
	" condition TEXT NOT NULL, spec TEXT NOT NULL, PRIMARY KEY (id, revision));"
	"CREATE INDEX workloads_by_stack ON workloads (stack, revision);"
	"CREATE TABLE addresses (node TEXT NOT NULL REFERENCES nodes, workload TEXT NOT NULL,"
	" host BIGINT NOT NULL, PRIMARY KEY (node, workload), UNIQUE (node, host));"
	"CREATE TABLE operations (id TEXT PRIMARY KEY, number BIGINT NOT NULL UNIQUE,"
	" kind TEXT NOT NULL, stack TEXT NOT NULL, state TEXT NOT NULL, token BIGINT NOT NULL,"
	" created_at BIGINT NOT NULL, finished_at BIGINT, requested_by TEXT NOT NULL,"
	" idempotency_key TEXT UNIQUE, request_digest TEXT NOT NULL, request TEXT NOT NULL,"
	" error TEXT);"
	"CREATE UNIQUE INDEX operations_one_running ON operations (stack)"
	" WHERE state = 'running';"
	"CREATE TABLE steps (operation TEXT NOT NULL REFERENCES operations ON DELETE CASCADE,"
	" number BIGINT NOT NULL, name TEXT NOT NULL, node TEXT NOT NULL, resource TEXT NOT NULL,"
	" state TEXT NOT NULL, attempt BIGINT NOT NULL, started_at BIGINT, finished_at BIGINT,"
	" message TEXT NOT NULL, error TEXT, PRIMARY KEY (operation, number));"
	"CREATE TABLE events (seq BIGINT PRIMARY KEY, at BIGINT NOT NULL, type TEXT NOT NULL,"
	" stack TEXT NOT NULL, workload TEXT NOT NULL, node TEXT NOT NULL,"
	" operation TEXT NOT NULL, message TEXT NOT NULL, fields TEXT);"
	"CREATE INDEX events_by_operation ON events (operation, seq) WHERE operation <> '';"
	"CREATE INDEX events_by_stack ON events (stack, seq) WHERE stack <> '';",
	/* 2: the lock of each stack, and who waits for it */
	"ALTER TABLE leases ADD COLUMN lock_id TEXT NOT NULL DEFAULT '';"
	"ALTER TABLE leases ADD COLUMN kind TEXT NOT NULL DEFAULT 'operation';"
	"ALTER TABLE leases ADD COLUMN locked_by TEXT NOT NULL DEFAULT '';"
	"ALTER TABLE leases ADD COLUMN requested_by TEXT NOT NULL DEFAULT '';"
	"ALTER TABLE leases ADD COLUMN host TEXT NOT NULL DEFAULT '';"
	"ALTER TABLE leases ADD COLUMN operation TEXT NOT NULL DEFAULT '';"
	"ALTER TABLE leases ADD COLUMN reason TEXT NOT NULL DEFAULT '';"
	"ALTER TABLE leases ADD COLUMN request_key TEXT NOT NULL DEFAULT '';"
	"ALTER TABLE leases ADD COLUMN running TEXT NOT NULL DEFAULT '';"
	"ALTER TABLE leases ADD COLUMN runner TEXT NOT NULL DEFAULT '';"
	"ALTER TABLE leases ADD COLUMN runner_until BIGINT NOT NULL DEFAULT 0;"
	"ALTER TABLE leases ADD COLUMN acquired_at BIGINT NOT NULL DEFAULT 0;"
	"ALTER TABLE leases ADD COLUMN renewed_at BIGINT NOT NULL DEFAULT 0;"
	"ALTER TABLE leases ADD COLUMN expires_at BIGINT NOT NULL DEFAULT 0;"
	"ALTER TABLE leases ADD COLUMN ttl BIGINT NOT NULL DEFAULT 0;"
	"CREATE TABLE lease_waiters (stack TEXT NOT NULL, request_key TEXT NOT NULL,"
	" ticket BIGINT NOT NULL, locked_by TEXT NOT NULL, host TEXT NOT NULL,"
	" operation TEXT NOT NULL, since BIGINT NOT NULL, alive_until BIGINT NOT NULL,"
	" PRIMARY KEY (stack, request_key));",
	/* 3: marks of commits (transact.c), whose the store is (identity.c) */
	"CREATE TABLE commits (writer TEXT PRIMARY KEY, number BIGINT NOT NULL, at BIGINT NOT NULL);"
	"CREATE TABLE identity (name TEXT PRIMARY KEY, value TEXT NOT NULL);",
	/* 4: what each revision is made of, and what depends on what */
	"CREATE TABLE resources (stack TEXT NOT NULL, revision BIGINT NOT NULL, kind TEXT NOT NULL,"
	" name TEXT NOT NULL, detail TEXT NOT NULL, PRIMARY KEY (stack, revision, kind, name),"
	" FOREIGN KEY (stack, revision) REFERENCES revisions ON DELETE CASCADE);"
	"CREATE TABLE dependencies (stack TEXT NOT NULL, revision BIGINT NOT NULL,"
	" kind TEXT NOT NULL, name TEXT NOT NULL, on_stack TEXT NOT NULL, on_kind TEXT NOT NULL,"
	" on_name TEXT NOT NULL, detail TEXT NOT NULL,"
	" PRIMARY KEY (stack, revision, kind, name, on_stack, on_kind, on_name),"
	" FOREIGN KEY (stack, revision) REFERENCES revisions ON DELETE CASCADE);",
	/* 5: an operation's course: how often it was begun, which way it goes, what it made */
	"ALTER TABLE operations ADD COLUMN attempt BIGINT NOT NULL DEFAULT 1;"
	"ALTER TABLE operations ADD COLUMN direction TEXT NOT NULL DEFAULT 'forward';"
	"ALTER TABLE operations ADD COLUMN revision BIGINT NOT NULL DEFAULT 0;"
	"ALTER TABLE operations ADD COLUMN stack_before TEXT NOT NULL DEFAULT '';"
	"ALTER TABLE operations ADD COLUMN cancelled_by TEXT;"
	"UPDATE operations SET state = 'failed' WHERE state = 'interrupted';"
	"UPDATE stacks SET state = 'failed' WHERE state = 'interrupted';",
	/* 6: what the last look for drift found (drift.h) */
	"CREATE TABLE drifts (stack TEXT PRIMARY KEY REFERENCES stacks ON DELETE CASCADE,"
	" at BIGINT NOT NULL, key TEXT NOT NULL, report TEXT NOT NULL);",
	/* 7: how far each hook was told, and who is telling it */
	"CREATE TABLE hooks (name TEXT PRIMARY KEY, cursor BIGINT NOT NULL,"
	" delivered BIGINT NOT NULL, failures BIGINT NOT NULL, next_at BIGINT NOT NULL,"
	" error TEXT NOT NULL, owner TEXT NOT NULL, owner_until BIGINT NOT NULL);",
	/* 8: the state of stacks */
	"CREATE TABLE state_versions (stack TEXT NOT NULL REFERENCES stacks ON DELETE CASCADE,"
	" key TEXT NOT NULL, version BIGINT NOT NULL, value TEXT, sensitive BIGINT NOT NULL,"
	" removed BIGINT NOT NULL, set_by TEXT NOT NULL, set_at BIGINT NOT NULL,"
	" PRIMARY KEY (stack, key, version));",
	/* 9: snapshots, which outlive their stack; a content is kept once, sealed */
	"CREATE TABLE snapshot_contents (digest TEXT PRIMARY KEY, text TEXT NOT NULL);"
	"CREATE TABLE snapshot_versions (stack TEXT PRIMARY KEY, last BIGINT NOT NULL);"
	"CREATE TABLE snapshots (stack TEXT NOT NULL, version BIGINT NOT NULL,"
	" content TEXT NOT NULL, revision BIGINT NOT NULL, cause TEXT NOT NULL,"
	" operation TEXT NOT NULL, creator TEXT NOT NULL, description TEXT NOT NULL,"
	" tags TEXT NOT NULL, created_at BIGINT NOT NULL, verified_at BIGINT NOT NULL,"
	" size BIGINT NOT NULL, summary TEXT NOT NULL, digest TEXT NOT NULL,"
	" PRIMARY KEY (stack, version));",
	/* 10: how operations ended besides well, when stacks are to go, who proved them */
	"ALTER TABLE operations ADD COLUMN warnings TEXT;"
	"ALTER TABLE stacks ADD COLUMN expires_at BIGINT NOT NULL DEFAULT 0;"
	"ALTER TABLE stacks ADD COLUMN expiry_next BIGINT NOT NULL DEFAULT 0;"
	"ALTER TABLE stacks ADD COLUMN expiry_note TEXT NOT NULL DEFAULT '';"
	"CREATE TABLE verifications (stack TEXT PRIMARY KEY REFERENCES stacks ON DELETE CASCADE,"
	" revision BIGINT NOT NULL, ok BIGINT NOT NULL, passed BIGINT NOT NULL,"
	" warned BIGINT NOT NULL, failed BIGINT NOT NULL, skipped BIGINT NOT NULL,"
	" verified_by TEXT NOT NULL, at BIGINT NOT NULL);"
	"ALTER TABLE snapshots ADD COLUMN verified_by TEXT NOT NULL DEFAULT '';"
	"UPDATE snapshots SET verified_by = 'gates' WHERE verified_at > 0;",
	/* 11: the manifest that a task ran with; its workload goes with its deploy */
	"ALTER TABLE resources ADD COLUMN digest TEXT NOT NULL DEFAULT '';",
	/* 12: what a step means to change, beyond its address (a drift fix: the findings) */
	"ALTER TABLE steps ADD COLUMN subject TEXT;",
};

int store_schema_latest(void)
{
	return (int)SP_COUNT(migrations);
}

static int read_version(struct db *db, int *ret, struct sp_err *err)
{
	auto_(db_rows_end) struct db_rows *rows = NULL;
	int r = db_select(db, &rows, err, "SELECT MAX(version) FROM schema_version");

	if (r == 0)
		r = db_next(rows, err);
	if (r == 1)
		*ret = (int)db_number(rows, 0);
	return r < 0 ? r : 0;
}

/* The table, and the row that those who migrate lock. Two at once may both try to make it. */
static int make_versions(struct db *db, struct sp_err *err)
{
	struct sp_err why = { 0 };
	int r = db_script(
		db, "CREATE TABLE IF NOT EXISTS schema_version (version BIGINT PRIMARY KEY)", &why);

	if (r < 0 && why.code != SP_E_EXISTS) {
		if (err)
			*err = why;
		return r;
	}
	return db_script(
		db, "INSERT INTO schema_version (version) VALUES (0) ON CONFLICT DO NOTHING", err);
}

static int apply_from(struct db *db, int version, struct sp_err *err)
{
	int r = 0;

	while (r >= 0 && version < store_schema_latest()) {
		r = db_script(db, migrations[version++], err);
		if (r == 0)
			r = db_write(db, err, "INSERT INTO schema_version (version) VALUES ($1)",
				     DB_I(version));
	}
	return r < 0 ? r : 0;
}

static int refuse_newer(int version, struct sp_err *err)
{
	if (version <= store_schema_latest())
		return 0;
	return sp_fail(err, SP_E_UNSUPPORTED,
		       "the store has schema %d, this program knows up to %d", version,
		       store_schema_latest());
}

static int migrate(struct db *db, struct sp_err *err)
{
	int version = 0;
	int r = make_versions(db, err);

	if (r == 0)
		r = db_begin(db, "UPDATE schema_version SET version = 0 WHERE version = 0", err);
	if (r == 0)
		r = read_version(db, &version, err);
	if (r == 0)
		r = refuse_newer(version, err);
	if (r == 0)
		r = apply_from(db, version, err);
	if (r == 0)
		r = db_commit(db, err);
	if (r < 0)
		db_rollback(db);
	return r;
}

int store_schema_migrate(struct db *db, struct sp_err *err)
{
	struct db_retry retry = { 0 };
	struct sp_err why = { 0 };
	int64_t answer_ns = db->answer_ns;
	int version = 0;
	int r = read_version(db, &version, err); /* an empty database has no such table */

	if (r == 0 && version == store_schema_latest())
		return 0;
	if (r < 0 && db->trouble != DB_FINE)
		return r;
	db->answer_ns = MIGRATION_NS;
	do
		r = migrate(db, &why);
	while (r < 0 && db_retry(db, &retry));
	db->answer_ns = answer_ns;
	if (r < 0 && err)
		*err = why;
	return r < 0 ? r : 1;
}
