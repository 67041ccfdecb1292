/* The poller's threads and whose turn it is; see poller.h. What is asked of a node is node.c. */
#include "control/node/poller.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/cond.h"
#include "base/list.h"
#include "base/log.h"
#include "base/time.h"
#include "control/control.h"
#include "control/node/node.h"

struct turn {
	struct sp_list link;
	char name[STORE_NAME_MAX];
	int64_t due_ns;
	bool busy, known;
	struct agent *calling; /* while busy; under the lock */
};

struct poller {
	struct control *control;
	pthread_mutex_t lock;
	pthread_cond_t changed;
	struct sp_list turns;
	int64_t listed_ns; /* when the set of nodes was read; 0: read it now */
	bool stopping;
	pthread_t *threads;
	unsigned int n_threads;
};

static struct turn *find_turn(struct poller *p, const char *name)
{
	struct turn *t;

	SP_LIST_EACH (&p->turns, t, link) {
		if (!strcmp(t->name, name))
			return t;
	}
	return NULL;
}

static void add_turn(struct poller *p, const char *name)
{
	struct turn *t = calloc(1, sizeof(*t));

	if (!t)
		return;
	snprintf(t->name, sizeof(t->name), "%s", name);
	t->known = true;
	sp_list_append(&p->turns, &t->link);
}

/* Make the turns those of the nodes there are; one that is busy goes when it comes back. */
static void match_turns(struct poller *p, const struct store_nodes *nodes)
{
	struct turn *t;

	SP_LIST_EACH (&p->turns, t, link) {
		t->known = false;
	}
	for (size_t i = 0; i < nodes->n; i++) {
		t = find_turn(p, nodes->list[i].name);
		if (t)
			t->known = true;
		else
			add_turn(p, nodes->list[i].name);
	}
	SP_LIST_EACH (&p->turns, t, link) {
		if (t->known || t->busy)
			continue;
		sp_list_remove(&t->link);
		free(t);
	}
}

static void list_nodes(struct poller *p)
{
	autonodes struct store_nodes nodes = { 0 };
	struct store *s = NULL;
	struct sp_err err;
	int r;

	p->listed_ns = sp_time_mono_ns();
	pthread_mutex_unlock(&p->lock);
	r = store_pool_take(p->control->stores, &s, &err);
	if (r == 0)
		r = store_node_list(s, &nodes, &err);
	store_pool_give(p->control->stores, s);
	pthread_mutex_lock(&p->lock);
	if (r < 0)
		sp_log(SP_LOG_ERROR, "poller.list", SP_ERR(&err));
	else
		match_turns(p, &nodes);
}

/* The turn that is longest due, or when the next one is. */
static struct turn *next_turn(struct poller *p, int64_t now, int64_t *ret_when)
{
	struct turn *t, *best = NULL;

	*ret_when = p->listed_ns + p->control->config.poll_interval_ns;
	SP_LIST_EACH (&p->turns, t, link) {
		if (!t->busy && (!best || t->due_ns < best->due_ns))
			best = t;
	}
	if (best && best->due_ns <= now)
		return best;
	if (best && best->due_ns < *ret_when)
		*ret_when = best->due_ns;
	return NULL;
}

static void sleep_until(struct poller *p, int64_t when)
{
	sp_cond_wait_until(&p->changed, &p->lock, when);
}

struct hold {
	struct poller *poller;
	struct turn *turn;
};

/* node_poll() tells which agent it talks to, so that the end of the program can interrupt it. */
static void hold_agent(void *owner, struct agent *a)
{
	struct hold *h = owner;

	pthread_mutex_lock(&h->poller->lock);
	h->turn->calling = a;
	if (a && h->poller->stopping)
		agent_interrupt(a);
	pthread_mutex_unlock(&h->poller->lock);
}

static void take_turn(struct poller *p, struct turn *t)
{
	struct hold hold = { p, t };
	char name[STORE_NAME_MAX];

	snprintf(name, sizeof(name), "%s", t->name);
	t->busy = true;
	pthread_mutex_unlock(&p->lock);
	node_poll(p->control, name, hold_agent, &hold);
	pthread_mutex_lock(&p->lock);
	t->busy = false;
	t->due_ns = sp_time_mono_ns() + p->control->config.poll_interval_ns;
}

static void *run(void *arg)
{
	struct poller *p = arg;

	pthread_mutex_lock(&p->lock);
	while (!p->stopping) {
		int64_t now = sp_time_mono_ns(), when;
		struct turn *t;

		if (now >= p->listed_ns + p->control->config.poll_interval_ns)
			list_nodes(p);
		t = next_turn(p, now, &when);
		if (t)
			take_turn(p, t);
		else if (!p->stopping)
			sleep_until(p, when);
	}
	pthread_mutex_unlock(&p->lock);
	return NULL;
}

static void init_locks(struct poller *p)
{
	pthread_mutex_init(&p->lock, NULL);
	sp_cond_init(&p->changed);
}

int poller_new(struct control *c, unsigned int threads, struct poller **ret, struct sp_err *err)
{
	struct poller *p = calloc(1, sizeof(*p));

	if (!p)
		return sp_fail_nomem(err);
	p->control = c;
	sp_list_init(&p->turns);
	init_locks(p);
	p->listed_ns = INT64_MIN / 2;
	p->threads = calloc(threads, sizeof(*p->threads));
	for (; p->threads && p->n_threads < threads; p->n_threads++) {
		int rc = pthread_create(&p->threads[p->n_threads], NULL, run, p);

		if (rc == 0)
			continue;
		poller_free(p);
		return sp_fail_errno(err, rc, "poller thread");
	}
	*ret = p;
	return 0;
}

void poller_free(struct poller *p)
{
	struct turn *t;

	if (!p)
		return;
	pthread_mutex_lock(&p->lock);
	p->stopping = true;
	SP_LIST_EACH (&p->turns, t, link) {
		if (t->calling)
			agent_interrupt(t->calling);
	}
	pthread_cond_broadcast(&p->changed);
	pthread_mutex_unlock(&p->lock);
	for (unsigned int i = 0; i < p->n_threads; i++)
		pthread_join(p->threads[i], NULL);
	SP_LIST_EACH (&p->turns, t, link) {
		free(t);
	}
	pthread_cond_destroy(&p->changed);
	pthread_mutex_destroy(&p->lock);
	free(p->threads);
	free(p);
}

void poller_kick(struct poller *p)
{
	struct turn *t;

	pthread_mutex_lock(&p->lock);
	p->listed_ns = INT64_MIN / 2;
	SP_LIST_EACH (&p->turns, t, link) {
		t->due_ns = 0; /* peers changed for all of them */
	}
	pthread_cond_broadcast(&p->changed);
	pthread_mutex_unlock(&p->lock);
}
