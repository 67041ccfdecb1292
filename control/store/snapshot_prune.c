/* Which snapshots stay, and which are cleared away; see snapshot.h. */
#include <stdlib.h>
#include <string.h>

#include "control/store/snapshot.h"

/* What is needed of a row to decide whether it stays. */
struct candidate {
	int64_t version, created_at_ns;
};

struct pruning {
	const char *stack;
	const struct store_snapshot_policy *policy;
	struct candidate *list; /* newest first */
	size_t n;
	int64_t now_ns;
	int64_t last_good, last_proved; /* of those whose gates passed, that ctl verify proved */
	int gone;
};

static void note_proof(struct pruning *p, const struct db_rows *rows)
{
	int64_t version = db_number(rows, 0);
	bool proved = strcmp(db_text(rows, 3), STORE_SNAPSHOT_GATES) != 0;

	if (!db_number(rows, 2))
		return;
	if (!p->last_good)
		p->last_good = version;
	if (!p->last_proved && proved)
		p->last_proved = version;
}

static int read_candidates(struct store *s, struct pruning *p, struct sp_err *err)
{
	auto_(db_rows_end) struct db_rows *rows = NULL;
	int r = db_select(store_db(s), &rows, err,
			  "SELECT version, created_at, verified_at, verified_by FROM snapshots"
			  " WHERE stack = $1 ORDER BY version DESC",
			  DB_S(p->stack));

	while (r >= 0 && (r = db_next(rows, err)) > 0) {
		struct candidate *list = reallocarray(p->list, p->n + 1, sizeof(*list));

		if (!list)
			return sp_fail_nomem(err);
		p->list = list;
		p->list[p->n++] = (struct candidate){ db_number(rows, 0), db_number(rows, 1) };
		note_proof(p, rows);
	}
	return r;
}

static const char *why_to_go(const struct pruning *p, size_t i)
{
	const struct candidate *c = &p->list[i];

	if (c->version == p->last_good || c->version == p->last_proved ||
	    c->version == p->policy->in_use)
		return NULL;
	if (p->policy->keep && i >= (size_t)p->policy->keep)
		return "newer ones are enough";
	if (p->policy->max_age_ns && p->now_ns - c->created_at_ns > p->policy->max_age_ns)
		return "it is too old";
	return NULL;
}

static int prune(struct store *s, void *state, struct sp_err *err)
{
	struct pruning *p = state;
	int r = store_now(s, &p->now_ns, err);

	p->n = 0;
	p->gone = 0;
	p->last_good = p->last_proved = 0;
	if (r == 0)
		r = read_candidates(s, p, err);
	for (size_t i = 0; r == 0 && i < p->n; i++) {
		const char *why = why_to_go(p, i);

		if (why)
			r = store_snapshot_remove(s, p->stack, p->list[i].version, why, err);
		p->gone += why && r == 0;
	}
	return r;
}

int store_snapshot_prune(struct store *s, const char *stack, const struct store_snapshot_policy *p,
			 struct sp_err *err)
{
	struct pruning pruning = { .stack = stack, .policy = p };
	int r = store_transact(s, prune, &pruning, err);

	free(pruning.list);
	return r < 0 ? r : pruning.gone;
}
