/* Renewing the locks of what runs here; see lease_keeper.h. */
#include "control/operation/lease_keeper.h"

#include <errno.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdlib.h>

#include "base/cond.h"
#include "base/log.h"
#include "base/time.h"
#include "control/control.h"
#include "control/operation/worker.h"

#define RENEWALS_PER_TTL 3
#define RETRIES_PER_TTL  12 /* while the store does not answer */

struct lease_keeper {
	struct control *control;
	pthread_mutex_t lock;
	pthread_cond_t changed;
	bool stopping, kicked, started;
	pthread_t thread;
};

/* Renew one; false when the store could not say. What it says is lost is stopped here. */
static bool renew(struct lease_keeper *k, struct store *s, const char *operation)
{
	struct control *c = k->control;
	struct store_lease_right right = { operation, c->runner, 0 };
	int64_t ttl = c->config.lock_ttl_ns, before = sp_time_mono_ns();
	struct sp_err err = { 0 };
	int r = store_lease_renew(s, &right, ttl, &err);

	if (r == 0) {
		workers_extend(c->workers, operation, before + ttl);
		return true;
	}
	if (r != -ESTALE || workers_stop(c->workers, operation))
		sp_log(SP_LOG_WARN, "lock.renew", SP_STR("operation", operation), SP_ERR(&err));
	return r == -ESTALE;
}

/* One look at all of them; false when the store does not answer. */
static bool look(struct lease_keeper *k)
{
	struct workers_list list = { 0 };
	struct store *s = NULL;
	struct sp_err err = { 0 };
	bool ok = workers_list(k->control->workers, &list, &err) == 0 &&
		  store_pool_take(k->control->stores, &s, &err) == 0;

	for (size_t i = 0; ok && i < list.n; i++)
		ok = renew(k, s, list.ids[i]);
	if (ok && store_lease_sweep(s, &err) < 0)
		ok = false;
	if (!ok && *err.message)
		sp_log(SP_LOG_WARN, "lock.keeper", SP_ERR(&err));
	store_pool_give(k->control->stores, s);
	workers_list_fini(&list);
	workers_stop_expired(k->control->workers);
	return ok;
}

static void sleep_for(struct lease_keeper *k, int64_t ns)
{
	int64_t at = sp_time_mono_ns() + ns;
	int rc = 0;

	while (!k->stopping && !k->kicked && rc == 0)
		rc = sp_cond_wait_until(&k->changed, &k->lock, at);
	k->kicked = false;
}

static void *run(void *arg)
{
	struct lease_keeper *k = arg;
	int64_t ttl = k->control->config.lock_ttl_ns;
	bool ok = true;

	pthread_mutex_lock(&k->lock);
	while (!k->stopping) {
		sleep_for(k, ttl / (ok ? RENEWALS_PER_TTL : RETRIES_PER_TTL));
		if (k->stopping)
			break;
		pthread_mutex_unlock(&k->lock);
		ok = look(k);
		pthread_mutex_lock(&k->lock);
	}
	pthread_mutex_unlock(&k->lock);
	return NULL;
}

static void init_locks(struct lease_keeper *k)
{
	pthread_mutex_init(&k->lock, NULL);
	sp_cond_init(&k->changed);
}

int lease_keeper_new(struct control *c, struct lease_keeper **ret, struct sp_err *err)
{
	struct lease_keeper *k = calloc(1, sizeof(*k));
	int rc;

	if (!k)
		return sp_fail_nomem(err);
	k->control = c;
	init_locks(k);
	rc = pthread_create(&k->thread, NULL, run, k);
	if (rc != 0) {
		lease_keeper_free(k);
		return sp_fail_errno(err, rc, "thread of the lock keeper");
	}
	k->started = true;
	*ret = k;
	return 0;
}

void lease_keeper_kick(struct lease_keeper *k)
{
	pthread_mutex_lock(&k->lock);
	k->kicked = true;
	pthread_cond_signal(&k->changed);
	pthread_mutex_unlock(&k->lock);
}

void lease_keeper_free(struct lease_keeper *k)
{
	if (!k)
		return;
	pthread_mutex_lock(&k->lock);
	k->stopping = true;
	pthread_cond_signal(&k->changed);
	pthread_mutex_unlock(&k->lock);
	if (k->started)
		pthread_join(k->thread, NULL);
	pthread_cond_destroy(&k->changed);
	pthread_mutex_destroy(&k->lock);
	free(k);
}
