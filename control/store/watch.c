/* Waiting for commits; see watch.h. */
#include "control/store/watch.h"

#include <pthread.h>
#include <stdlib.h>
#include <time.h>

#include "base/cond.h"
#include "base/time.h"

struct watch {
	pthread_mutex_t lock;
	pthread_cond_t changed;
	uint64_t hints;
	bool stopped;
};

struct watch *watch_new(void)
{
	struct watch *w = calloc(1, sizeof(*w));

	if (!w)
		return NULL;
	pthread_mutex_init(&w->lock, NULL);
	sp_cond_init(&w->changed);
	return w;
}

void watch_free(struct watch *w)
{
	if (!w)
		return;
	pthread_cond_destroy(&w->changed);
	pthread_mutex_destroy(&w->lock);
	free(w);
}

void watch_hint(void *owner)
{
	struct watch *w = owner;

	pthread_mutex_lock(&w->lock);
	w->hints++;
	pthread_cond_broadcast(&w->changed);
	pthread_mutex_unlock(&w->lock);
}

void watch_stop(struct watch *w)
{
	pthread_mutex_lock(&w->lock);
	w->stopped = true;
	pthread_cond_broadcast(&w->changed);
	pthread_mutex_unlock(&w->lock);
}

bool watch_stopped(struct watch *w)
{
	bool stopped;

	pthread_mutex_lock(&w->lock);
	stopped = w->stopped;
	pthread_mutex_unlock(&w->lock);
	return stopped;
}

uint64_t watch_mark(struct watch *w)
{
	uint64_t mark;

	pthread_mutex_lock(&w->lock);
	mark = w->hints;
	pthread_mutex_unlock(&w->lock);
	return mark;
}

bool watch_wait(struct watch *w, uint64_t mark, int64_t deadline_ns)
{
	bool woken;
	int rc = 0;

	pthread_mutex_lock(&w->lock);
	while (w->hints == mark && !w->stopped && rc == 0)
		rc = sp_cond_wait_until(&w->changed, &w->lock, deadline_ns);
	woken = w->hints != mark && !w->stopped;
	pthread_mutex_unlock(&w->lock);
	return woken;
}
