/* A thread that looks for what nobody runs; see recovery.h. */
#include "control/operation/recovery.h"

#include <errno.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/cond.h"
#include "base/log.h"
#include "base/time.h"
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
	pthread_mutex_t lock;
	pthread_cond_t changed;
	bool stopping, started;
	pthread_t thread;
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
			rc = take_one(c, s, ids.list[i], err);
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

static void *run(void *arg)
{
	struct recovery *r = arg;
	struct sp_err err;

	pthread_mutex_lock(&r->lock);
	while (!r->stopping) {
		int64_t at = sp_time_mono_ns() + r->control->config.recover_interval_ns;

		while (!r->stopping && sp_cond_wait_until(&r->changed, &r->lock, at) == 0) {
		}
		if (r->stopping)
			break;
		pthread_mutex_unlock(&r->lock);
		if (look(r, false, &err) < 0)
			sp_log(SP_LOG_ERROR, "recovery.look", SP_ERR(&err));
		pthread_mutex_lock(&r->lock);
	}
	pthread_mutex_unlock(&r->lock);
	return NULL;
}

static void init_locks(struct recovery *r)
{
	pthread_mutex_init(&r->lock, NULL);
	sp_cond_init(&r->changed);
}

int recovery_new(struct control *c, struct recovery **ret, struct sp_err *err)
{
	struct recovery *r = calloc(1, sizeof(*r));
	int rc;

	if (!r)
		return sp_fail_nomem(err);
	r->control = c;
	init_locks(r);
	rc = look(r, true, err);
	if (rc == 0) {
		rc = -pthread_create(&r->thread, NULL, run, r);
		if (rc < 0)
			sp_fail_errno(err, -rc, "recovery thread");
		r->started = rc == 0;
	}
	if (rc < 0) {
		recovery_free(r);
		return rc;
	}
	*ret = r;
	return 0;
}

void recovery_free(struct recovery *r)
{
	if (!r)
		return;
	pthread_mutex_lock(&r->lock);
	r->stopping = true;
	pthread_cond_broadcast(&r->changed);
	pthread_mutex_unlock(&r->lock);
	if (r->started)
		pthread_join(r->thread, NULL);
	pthread_cond_destroy(&r->changed);
	pthread_mutex_destroy(&r->lock);
	free(r);
}
