/* What the dead left behind: leases whose time is up, operations that nobody runs; see
 * lease.h. */
#include "control/store/lease_impl.h"

#define SWEEP_MAX 64 /* in one round; more are swept by the next */

static int list_expired(struct store *s, char (*ret)[STORE_NAME_MAX], size_t *ret_n,
			struct sp_err *err)
{
	return store_names_due(s,
			       "SELECT stack FROM leases WHERE lock_id <> '' AND running = ''"
			       " AND expires_at <= $1 ORDER BY stack",
			       ret, SWEEP_MAX, ret_n, err);
}

/* It may have got a holder since it was listed. */
static int sweep_one(struct store *s, void *state, struct sp_err *err)
{
	struct store_lease l;
	int r = lease_load(s, state, &l, err);

	if (r < 0 || !*l.id || store_lease_is_held(&l))
		return r;
	r = lease_bury(s, &l, err);
	return r < 0 ? r : lease_put(s, &l, err);
}

int store_lease_sweep(struct store *s, struct sp_err *err)
{
	char stacks[SWEEP_MAX][STORE_NAME_MAX];
	size_t n;
	int r = list_expired(s, stacks, &n, err);

	for (size_t i = 0; r == 0 && i < n; i++)
		r = store_transact(s, sweep_one, stacks[i], err);
	return r < 0 ? r : (int)n;
}

int store_lease_orphans(struct store *s, const char *restarted, char (*ret)[STORE_NAME_MAX],
			size_t max, size_t *ret_n, struct sp_err *err)
{
	auto_(db_rows_end) struct db_rows *rows = NULL;
	int64_t now;
	int r = store_now(s, &now, err);

	*ret_n = 0;
	if (r == 0)
		r = db_select(store_db(s), &rows, err,
			      "SELECT o.id FROM operations o LEFT JOIN leases l ON l.running = o.id"
			      " WHERE o.state = 'running' AND (l.runner IS NULL"
			      " OR l.runner_until <= $1 OR l.runner = $2) ORDER BY o.number",
			      DB_I(now), DB_S(restarted ? restarted : ""));
	while (r >= 0 && *ret_n < max && (r = db_next(rows, err)) > 0)
		db_text_into(rows, 0, ret[(*ret_n)++], STORE_NAME_MAX);
	return r < 0 ? r : 0;
}
