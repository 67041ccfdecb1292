/* See ticker.h. */
#include "base/ticker.h"

#include <pthread.h>
#include <stdlib.h>

#include "base/cond.h"

struct sp_ticker {
	struct sp_ticker_conf conf;
	pthread_mutex_t lock;
	pthread_cond_t changed;
	bool stopping, kicked;
	pthread_t thread;
};

static void sleep_for(struct sp_ticker *t, int64_t ns)
{
	int64_t at = sp_time_mono_ns() + ns;
	int rc = 0;

	while (!t->stopping && !t->kicked && rc == 0)
		rc = sp_cond_wait_until(&t->changed, &t->lock, at);
	t->kicked = false;
}

static void *run(void *arg)
{
	struct sp_ticker *t = arg;
	int64_t pause_ns = t->conf.first_ns;

	pthread_mutex_lock(&t->lock);
	for (;;) {
		sleep_for(t, pause_ns);
		if (t->stopping)
			break;
		pthread_mutex_unlock(&t->lock);
		pause_ns = t->conf.act(t, t->conf.owner);
		pthread_mutex_lock(&t->lock);
	}
	pthread_mutex_unlock(&t->lock);
	return NULL;
}

static void fini(struct sp_ticker *t)
{
	pthread_cond_destroy(&t->changed);
	pthread_mutex_destroy(&t->lock);
	free(t);
}

int sp_ticker_new(const struct sp_ticker_conf *conf, struct sp_ticker **ret, struct sp_err *err)
{
	struct sp_ticker *t = calloc(1, sizeof(*t));
	int rc;

	if (!t)
		return sp_fail_nomem(err);
	t->conf = *conf;
	pthread_mutex_init(&t->lock, NULL);
	sp_cond_init(&t->changed);
	rc = pthread_create(&t->thread, NULL, run, t);
	if (rc != 0) {
		fini(t);
		return sp_fail_errno(err, rc, "thread of the %s", conf->name);
	}
	*ret = t;
	return 0;
}

static void wake(struct sp_ticker *t, bool *why)
{
	pthread_mutex_lock(&t->lock);
	*why = true;
	pthread_cond_signal(&t->changed);
	pthread_mutex_unlock(&t->lock);
}

void sp_ticker_kick(struct sp_ticker *t)
{
	wake(t, &t->kicked);
}

bool sp_ticker_stopping(struct sp_ticker *t)
{
	bool stopping;

	pthread_mutex_lock(&t->lock);
	stopping = t->stopping;
	pthread_mutex_unlock(&t->lock);
	return stopping;
}

void sp_ticker_free(struct sp_ticker *t)
{
	if (!t)
		return;
	wake(t, &t->stopping);
	pthread_join(t->thread, NULL);
	fini(t);
}
