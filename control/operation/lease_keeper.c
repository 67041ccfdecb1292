/* Renewing the locks of what runs here; see lease_keeper.h. */
#include "control/operation/lease_keeper.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>

#include "base/log.h"
#include "base/ticker.h"
#include "base/time.h"
#include "control/control.h"
#include "control/operation/worker.h"

#define RENEWALS_PER_TTL 3
#define RETRIES_PER_TTL  12 /* while the store does not answer */

struct lease_keeper {
	struct control *control;
	struct sp_ticker *ticker;
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

static int64_t act(struct sp_ticker *t, void *owner)
{
	struct lease_keeper *k = owner;
	int64_t ttl = k->control->config.lock_ttl_ns;

	(void)t;
	return ttl / (look(k) ? RENEWALS_PER_TTL : RETRIES_PER_TTL);
}

int lease_keeper_new(struct control *c, struct lease_keeper **ret, struct sp_err *err)
{
	struct lease_keeper *k = calloc(1, sizeof(*k));
	const struct sp_ticker_conf conf = { .name = "lock keeper",
					     .act = act,
					     .owner = k,
					     .first_ns = c->config.lock_ttl_ns / RENEWALS_PER_TTL };
	int r;

	if (!k)
		return sp_fail_nomem(err);
	k->control = c;
	r = sp_ticker_new(&conf, &k->ticker, err);
	if (r < 0)
		free(k);
	else
		*ret = k;
	return r;
}

void lease_keeper_kick(struct lease_keeper *k)
{
	sp_ticker_kick(k->ticker);
}

void lease_keeper_free(struct lease_keeper *k)
{
	if (!k)
		return;
	sp_ticker_free(k->ticker);
	free(k);
}
