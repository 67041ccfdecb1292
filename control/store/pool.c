/* Lent stores; see pool.h. */
#include "control/store/pool.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#define IDLE_MAX 16 /* kept open; more are closed when they come back */

struct store_pool {
	pthread_mutex_t lock;
	char *url;
	const struct seal *seal;
	struct store *idle[IDLE_MAX];
	size_t n_idle;
	struct db *anchor; /* never lent: it knows whether the database is still there */
	void (*on_commit)(void *owner);
	void *owner;
};

/* A server needs none. */
static int open_anchor(struct store_pool *p, struct sp_err *err)
{
	int r = db_open(p->url, &p->anchor, err);

	if (r == 0 && db_has_others(p->anchor)) {
		db_close(p->anchor);
		p->anchor = NULL;
	}
	return r;
}

int store_pool_new(const struct store_pool_conf *conf, struct store_pool **ret, struct sp_err *err)
{
	struct store_pool *p = calloc(1, sizeof(*p));
	struct store *first = NULL;
	int r;

	if (!p)
		return sp_fail_nomem(err);
	pthread_mutex_init(&p->lock, NULL);
	p->on_commit = conf->on_commit;
	p->owner = conf->owner;
	p->seal = conf->seal;
	p->url = strdup(conf->url);
	r = p->url ? open_anchor(p, err) : sp_fail_nomem(err);
	if (r == 0)
		r = store_pool_take(p, &first, err);
	if (r < 0) {
		store_pool_free(p);
		return r;
	}
	store_pool_give(p, first);
	*ret = p;
	return 0;
}

void store_pool_free(struct store_pool *p)
{
	if (!p)
		return;
	for (size_t i = 0; i < p->n_idle; i++)
		store_close(p->idle[i]);
	db_close(p->anchor);
	pthread_mutex_destroy(&p->lock);
	free(p->url);
	free(p);
}

int store_pool_take(struct store_pool *p, struct store **ret, struct sp_err *err)
{
	struct store *s = NULL;
	int r;

	pthread_mutex_lock(&p->lock);
	r = p->anchor ? db_present(p->anchor, err) : 0;
	if (r == 0 && p->n_idle)
		s = p->idle[--p->n_idle];
	pthread_mutex_unlock(&p->lock);
	if (r < 0)
		return r;
	if (!s) {
		r = store_open(p->url, p->seal, &s, err);
		if (r < 0)
			return r;
		store_on_commit(s, p->on_commit, p->owner);
	}
	*ret = s;
	return 0;
}

void store_pool_give(struct store_pool *p, struct store *s)
{
	if (!s)
		return;
	pthread_mutex_lock(&p->lock);
	if (p->n_idle < IDLE_MAX) {
		p->idle[p->n_idle++] = s;
		s = NULL;
	}
	pthread_mutex_unlock(&p->lock);
	store_close(s);
}
