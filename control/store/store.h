/*
 * The store: the truth about the cluster. Opened once a thread; its nouns have a header each
 * (node.h, stack.h, operation.h, ...).
 *
 * Four habits, so that any engine that speaks PostgreSQL will do: rows that act as leases,
 * compare-and-swap writes, events read by cursor, and a hint that there is something to read. A
 * change and the event that tells of it are one transaction.
 */
#pragma once

#include <stdint.h>

#include "base/err.h"
#include "base/mem.h"
#include "control/store/db.h"

struct store;
struct seal;

#define STORE_NAME_MAX  64  /* an sp_id and its NUL */
#define STORE_PLACE_MAX 192 /* "table.column:row id" */

/* Migrates when needed. seal is borrowed; NULL: what is sealed can neither be read nor written. */
int store_open(const char *url, const struct seal *seal, struct store **ret, struct sp_err *err);
void store_close(struct store *s); /* takes NULL */
SP_AUTO(struct store *, store_close)

/*
 * Run fn as one transaction: its writes are all there afterwards, or none (it failed, or the commit
 * did). fn may be run again by an engine that asks for a retry, so it touches nothing but the store
 * and its own state. Inside of a transaction fn just joins it.
 */
typedef int (*store_fn)(struct store *s, void *state, struct sp_err *err);
int store_transact(struct store *s, store_fn fn, void *state, struct sp_err *err);

/* One statement as a transaction of its own, or joining the one that is open; as db_write(). */
int store_write_args(struct store *s, const char *sql, const struct db_value *args,
		     struct sp_err *err);
#ifdef SP_CPPCHECK /* which does not know __VA_OPT__ */
int store_write(struct store *s, struct sp_err *err, const char *sql, ...);
#else
#define store_write(s, err, sql, ...) \
	store_write_args(             \
		(s), (sql),           \
		(const struct db_value[]){ __VA_ARGS__ __VA_OPT__(, ){ .type = DB_END } }, (err))
#endif

/* Called first in each transaction; its refusal is the transaction's. NULL: nothing is asked. So
 * who loses a right loses all writing at once. */
void store_guard(struct store *s, store_fn fn, void *state);

/* Called after each commit that wrote events, in the writer's thread: a hint for those who wait. */
void store_on_commit(struct store *s, void (*fn)(void *owner), void *owner);

/* The database's clock (not this host's, where they differ): leases are timed by it. */
int store_now(struct store *s, int64_t *ret_ns, struct sp_err *err);

/*
 * Columns that may hold secrets (stack files, specs, state values, sensitive outputs) are stored
 * sealed, each for its own place: "<table>.<column>:<row id>" (control/store/seal.h). The result is
 * on the heap; NULL stays NULL.
 */
int store_seal(struct store *s, const char *place, const char *text, char **ret,
	       struct sp_err *err);
int store_unseal(struct store *s, const char *place, const char *sealed, char **ret,
		 struct sp_err *err);

int store_check(struct store *s, struct sp_err *err); /* reachable and migrated */

/* For the store's own nouns. */
struct db *store_db(struct store *s);
void store_mark_event(struct store *s);
/* The first row of a select that returned r; none is SP_E_NOT_FOUND, "there is no <what> '<name>'".
 */
int store_first(int r, struct db_rows *rows, const char *what, const char *name,
		struct sp_err *err);
/* The names in the first column of a select whose $1 is the present, at most max of them. */
int store_names_due(struct store *s, const char *select, char (*ret)[STORE_NAME_MAX], size_t max,
		    size_t *ret_n, struct sp_err *err);
int store_count(struct store *s, const char *counter, int64_t *ret, struct sp_err *err); /* next */
