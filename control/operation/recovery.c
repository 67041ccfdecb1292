/* A thread that looks for what nobody runs; see recovery.h. */
#include "control/operation/recovery.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/ticker.h"
#include "control/control.h"
#include "control/operation/worker.h"
#include "control/store/lease.h"
#include "control/store/operation.h"

#define LOOK_MAX 256 /* in one look; more are taken by the next */

struct ids {
	char list[LOOK_MAX][STORE_NAME_MAX];
	size_t n;
};

struct recovery {
	struct control *control;
	struct ids idle; /* of the last look: nobody's, and not yet queued here */
	struct sp_ticker *ticker;
};

static bool has(const struct ids *ids, const char *id)
{
	for (size_t i = 0; i < ids->n; i++)
		if (!strcmp(ids->list[i], id))
			return true;
	return false;
}

static int take_one(struct control *c, struct store *s, const char *id, struct sp_err *err)
{
	struct store_lease_takeover t = { .operation = id,
					  .runner = c->runner,
					  .ttl_ns = c->config.lock_ttl_ns,
					  .restarted = true };
	int r = store_operation_take_over(s, &t, err);

	if (r == -EBUSY || r == STORE_LEASE_HELD) /* it ended, or another controld was faster */
		return 0;
	if (r < 0)
		return r;
	sp_log(SP_LOG_WARN, "operation.taken_over", SP_STR("operation", id));
	return workers_queue(c->workers, id, err);
}

/* One that cannot be taken over, since its row is damaged, keeps neither the others waiting nor
 * controld from its start; a store that does not answer is every one's trouble. */
static int try_one(struct control *c, struct store *s, const char *id, struct sp_err *err)
{
	struct sp_err why = { 0 };
	int r = take_one(c, s, id, &why);

	if (r >= 0)
		return 0;
	if (why.code == SP_E_UNREACHABLE || why.code == SP_E_TIMEOUT) {
		*err = why;
		return r;
	}
	sp_log(SP_LOG_ERROR, "operation.take_over", SP_STR("operation", id), SP_ERR(&why));
	return 0;
}

/* One that was idle at the last look too is taken: one that was begun a moment ago may still be on
 * its way to the workers. first: nothing can be on its way. */
static int look_at(struct recovery *r, struct store *s, bool first, struct sp_err *err)
{
	struct control *c = r->control;
	struct ids ids, idle = { .n = 0 };
	int rc = store_lease_orphans(s, c->runner, ids.list, LOOK_MAX, &ids.n, err);

	for (size_t i = 0; rc == 0 && i < ids.n; i++) {
		if (workers_have(c->workers, ids.list[i]))
			continue;
		if (first || has(&r->idle, ids.list[i]))
			rc = try_one(c, s, ids.list[i], err);
		else
			memcpy(idle.list[idle.n++], ids.list[i], STORE_NAME_MAX);
	}
	r->idle = idle;
	return rc;
}

static int look(struct recovery *r, bool first, struct sp_err *err)
{
	struct store *s = NULL;
	int rc = store_pool_take(r->control->stores, &s, err);

	if (rc == 0)
		rc = look_at(r, s, first, err);
	store_pool_give(r->control->stores, s);
	return rc;
}

static int64_t act(struct sp_ticker *t, void *owner)
{
	struct recovery *r = owner;
	struct sp_err err;

	(void)t;
	if (look(r, false, &err) < 0)
		sp_log(SP_LOG_ERROR, "recovery.look", SP_ERR(&err));
	return r->control->config.recover_interval_ns;
}

int recovery_new(struct control *c, struct recovery **ret, struct sp_err *err)
{
	struct recovery *r = calloc(1, sizeof(*r));
	const struct sp_ticker_conf conf = { .name = "recovery",
					     .act = act,
					     .owner = r,
					     .first_ns = c->config.recover_interval_ns };
	int rc;

	if (!r)
		return sp_fail_nomem(err);
	r->control = c;
	rc = look(r, true, err);
	if (rc == 0)
		rc = sp_ticker_new(&conf, &r->ticker, err);
	if (rc < 0)
		free(r);
	else
		*ret = r;
	return rc;
}

void recovery_free(struct recovery *r)
{
	if (!r)
		return;
	sp_ticker_free(r->ticker);
	free(r);
}
