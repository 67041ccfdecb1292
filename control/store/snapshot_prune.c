/* Which snapshots stay, and which are cleared away; see snapshot.h. */
#include <stdlib.h>
#include <string.h>

#include "control/store/snapshot.h"

/* What is needed of a row to decide whether it stays. */
struct candidate {
	int64_t version, created_at_ns;
	bool tagged, good, proved; /* its gates passed; ctl verify proved it */
	const char *why;           /* it goes; NULL: it stays */
};

struct pruning {
	const char *stack;
	const struct store_snapshot_policy *policy;
	struct candidate *list; /* newest first */
	size_t n;
	int64_t now_ns;
	int going;
};

static void read_candidate(const struct db_rows *rows, struct candidate *c)
{
	*c = (struct candidate){ .version = db_number(rows, 0),
				 .created_at_ns = db_number(rows, 1),
				 .good = db_number(rows, 2) != 0,
				 .tagged = *db_text(rows, 4) != '\0' };
	c->proved = c->good && strcmp(db_text(rows, 3), STORE_SNAPSHOT_GATES) != 0;
}

static int read_candidates(struct store *s, struct pruning *p, struct sp_err *err)
{
	auto_(db_rows_end) struct db_rows *rows = NULL;
	int r = db_select(store_db(s), &rows, err,
			  "SELECT version, created_at, verified_at, verified_by, tags"
			  " FROM snapshots WHERE stack = $1 ORDER BY version DESC",
			  DB_S(p->stack));

	while (r >= 0 && (r = db_next(rows, err)) > 0) {
		struct candidate *list = reallocarray(p->list, p->n + 1, sizeof(*list));

		if (!list)
			return sp_fail_nomem(err);
		p->list = list;
		read_candidate(rows, &p->list[p->n++]);
	}
	return r;
}

/* rank: how many newer ones count. */
static const char *why_to_go(const struct pruning *p, const struct candidate *c, int64_t rank)
{
	const struct store_snapshot_policy *policy = p->policy;

	if (c->tagged || c->version == policy->in_use)
		return NULL;
	if (policy->keep && rank >= policy->keep)
		return "newer ones are enough";
	if (policy->max_age_ns && p->now_ns - c->created_at_ns > policy->max_age_ns)
		return "it is too old";
	return NULL;
}

static void choose(struct pruning *p)
{
	int64_t rank = 0;

	for (size_t i = 0; i < p->n; i++) {
		struct candidate *c = &p->list[i];

		c->why = why_to_go(p, c, rank);
		p->going += c->why != NULL;
		rank += !c->tagged;
	}
}

/* 1: it can be brought back. */
static int is_whole(struct store *s, const struct pruning *p, const struct candidate *c,
		    struct sp_err *err)
{
	autosnapshot struct store_snapshot n = { 0 };
	int r;

	if (c->version == p->policy->made)
		return 1;
	r = store_snapshot_look(s, p->stack, c->version, &n, err);
	return r < 0 ? r : !n.damaged;
}

/* The last good one stays, and the last that was proved. */
static int spare_last(struct store *s, struct pruning *p, struct sp_err *err)
{
	bool good = false, proved = false;

	for (size_t i = 0; i < p->n && !(good && proved); i++) {
		struct candidate *c = &p->list[i];
		int r;

		if (!(c->good && !good) && !(c->proved && !proved))
			continue;
		r = is_whole(s, p, c, err);
		if (r < 0)
			return r;
		if (r == 0)
			continue;
		good = true;
		proved |= c->proved;
		p->going -= c->why != NULL;
		c->why = NULL;
	}
	return 0;
}

static int prune(struct store *s, void *state, struct sp_err *err)
{
	struct pruning *p = state;
	int r = store_now(s, &p->now_ns, err);

	p->n = 0;
	p->going = 0;
	if (r == 0)
		r = read_candidates(s, p, err);
	if (r == 0)
		choose(p);
	if (r == 0 && p->going)
		r = spare_last(s, p, err);
	for (size_t i = 0; r == 0 && i < p->n; i++)
		if (p->list[i].why)
			r = store_snapshot_remove(s, p->stack, p->list[i].version, p->list[i].why,
						  err);
	return r;
}

int store_snapshot_prune(struct store *s, const char *stack, const struct store_snapshot_policy *p,
			 struct sp_err *err)
{
	struct pruning pruning = { .stack = stack, .policy = p };
	int r = store_transact(s, prune, &pruning, err);

	free(pruning.list);
	return r < 0 ? r : pruning.going;
}
