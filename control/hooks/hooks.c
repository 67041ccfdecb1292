/* The threads that tell hooks; see hooks.h. */
#include "control/hooks/hooks.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/log.h"
#include "base/time.h"
#include "control/control.h"
#include "control/hooks/hook_send.h"
#include "control/store/event.h"
#include "control/store/hook.h"
#include "control/store/watch.h"

#define LOOK_NS        SP_NS_PER_S /* a hint may be lost */
#define RETRY_NS       SP_NS_PER_S
#define CLAIM_MARGIN   4    /* a claim lasts so many time limits: it must outlive the delivery */
#define SKIP_UNWRITTEN 1000 /* events of no concern that are skipped without writing it down */

struct told {
	bool busy;
	int64_t skipped; /* events up to here are none of its business */
};

struct hooks {
	struct control *control;
	struct hooks_read read;
	struct told *told; /* one for each; under the lock */
	pthread_mutex_t lock;
	atomic_bool stopping;
	pthread_t *threads;
	unsigned int n_threads;
};

/* One look at one hook. */
struct look {
	struct hooks *hooks;
	const struct hook *hook;
	struct store *store;
	int64_t skipped; /* in and out */
	json_t *events;  /* what it shall be told */
	int64_t next;    /* the cursor after that */
};

static int64_t from_where(const struct look *l, const struct store_hook *row)
{
	return row->cursor > l->skipped ? row->cursor : l->skipped;
}

/* The next page, without what the hook does not want. */
static int read_events(struct look *l, int64_t after, struct sp_err *err)
{
	struct store_event_filter filter = { .after = after,
					     .limit = l->hooks->control->config.hook_batch };
	autojson json_t *page = NULL;
	json_t *event;
	size_t i;
	int r = store_event_list(l->store, &filter, &page, &l->next, err);

	if (r < 0)
		return r;
	json_decref(l->events);
	l->events = json_array();
	json_array_foreach (page, i, event) {
		if (hook_wants(l->hook, event) && json_array_append(l->events, event) < 0)
			return sp_fail_nomem(err);
	}
	return json_array_size(page) > 0;
}

static int deliver(struct look *l, struct sp_err *err)
{
	struct hook_delivery d = { .hook = l->hook,
				   .events = l->events,
				   .timeout_ns = l->hooks->control->config.hook_timeout_ns,
				   .stop = &l->hooks->stopping };

	if (!json_array_size(l->events))
		return 0;
	return l->hook->exec ? hook_exec(&d, err) : hook_post(&d, err);
}

static int64_t rest_after(const struct config *c, int64_t failures)
{
	int64_t rest = RETRY_NS;

	while (--failures > 0 && rest < c->hook_retry_max_ns)
		rest *= 2;
	return rest < c->hook_retry_max_ns ? rest : c->hook_retry_max_ns;
}

static int note_failure(struct look *l, struct store_hook *row, const struct sp_err *why,
			struct sp_err *err)
{
	int64_t now;
	int r = store_now(l->store, &now, err);

	if (r < 0)
		return r;
	row->failures++;
	row->next_at_ns = now + rest_after(&l->hooks->control->config, row->failures);
	snprintf(row->error, sizeof(row->error), "%.*s", (int)sizeof(row->error) - 1, why->message);
	sp_log(SP_LOG_WARN, "hook.failed", SP_STR("hook", row->name),
	       SP_INT("failures", row->failures), SP_ERR(why));
	return 0;
}

/* The row is ours: tell what there is, and write down how far that came. */
static int tell(struct look *l, struct store_hook *row, struct sp_err *err)
{
	struct sp_err why = { 0 };
	int r = read_events(l, row->cursor, err);

	if (r < 0)
		return r;
	r = deliver(l, &why);
	if (r < 0 && atomic_load(&l->hooks->stopping))
		return sp_fail(err, SP_E_INTERRUPTED, "controld is stopping");
	if (r < 0)
		r = note_failure(l, row, &why, err);
	else {
		row->cursor = l->next;
		row->delivered += (int64_t)json_array_size(l->events);
		row->failures = 0;
		row->next_at_ns = 0;
		row->error[0] = '\0';
	}
	return r < 0 ? r : store_hook_settle(l->store, row, l->hooks->control->runner, err);
}

/* 1: there was something for it. Whatever is of no concern is skipped without a write. */
static int anything(struct look *l, struct sp_err *err)
{
	struct store_hook row = { 0 };
	struct sp_err why;
	int r = store_hook_get(l->store, l->hook->name, &row, &why);

	if (r == -ENOENT)
		return 1; /* its row is made by the first claim */
	if (r < 0) {
		*err = why;
		return r;
	}
	r = read_events(l, from_where(l, &row), err);
	if (r <= 0)
		return r;
	if (json_array_size(l->events) || l->next - row.cursor > SKIP_UNWRITTEN)
		return 1;
	l->skipped = l->next;
	return 0;
}

static int look(struct look *l, struct sp_err *err)
{
	const struct control *c = l->hooks->control;
	struct store_hook_claim claim = { l->hook->name, c->runner,
					  c->config.hook_timeout_ns * CLAIM_MARGIN };
	struct store_hook row = { 0 };
	int r = anything(l, err);

	if (r > 0)
		r = store_hook_claim(l->store, &claim, &row, err);
	if (r > 0)
		r = tell(l, &row, err);
	else
		return r;
	return r < 0 ? r : 1;
}

/* 1: something was done, so there may be more. */
static int look_at(struct hooks *h, size_t i)
{
	struct look l = { .hooks = h, .hook = &h->read.list[i], .skipped = h->told[i].skipped };
	struct sp_err err = { 0 };
	int r = store_pool_take(h->control->stores, &l.store, &err);

	if (r == 0)
		r = look(&l, &err);
	store_pool_give(h->control->stores, l.store);
	json_decref(l.events);
	if (r < 0 && err.code != SP_E_INTERRUPTED)
		sp_log(SP_LOG_ERROR, "hook.look", SP_STR("hook", l.hook->name), SP_ERR(&err));
	pthread_mutex_lock(&h->lock);
	h->told[i].skipped = l.skipped;
	pthread_mutex_unlock(&h->lock);
	return r > 0;
}

/* Take the i-th for this thread alone. */
static bool take(struct hooks *h, size_t i)
{
	bool free_now;

	pthread_mutex_lock(&h->lock);
	free_now = !h->told[i].busy;
	h->told[i].busy = true;
	pthread_mutex_unlock(&h->lock);
	return free_now;
}

static void give(struct hooks *h, size_t i)
{
	pthread_mutex_lock(&h->lock);
	h->told[i].busy = false;
	pthread_mutex_unlock(&h->lock);
}

static void *run(void *arg)
{
	struct hooks *h = arg;

	while (!atomic_load(&h->stopping)) {
		uint64_t mark = watch_mark(h->control->watch);
		int done = 0;

		for (size_t i = 0; i < h->read.n && !atomic_load(&h->stopping); i++) {
			if (!take(h, i))
				continue;
			done |= look_at(h, i);
			give(h, i);
		}
		if (!done)
			watch_wait(h->control->watch, mark, sp_time_mono_ns() + LOOK_NS);
	}
	return NULL;
}

static int start(struct hooks *h, struct sp_err *err)
{
	unsigned int n = (unsigned int)h->control->config.hook_workers;

	h->threads = calloc(n, sizeof(*h->threads));
	if (!h->threads)
		return sp_fail_nomem(err);
	for (; h->n_threads < n; h->n_threads++) {
		int rc = pthread_create(&h->threads[h->n_threads], NULL, run, h);

		if (rc != 0)
			return sp_fail_errno(err, rc, "hook thread");
	}
	return 0;
}

int hooks_new(struct control *c, struct hooks **ret, struct sp_err *err)
{
	struct hooks *h = calloc(1, sizeof(*h));
	int r;

	if (!h)
		return sp_fail_nomem(err);
	h->control = c;
	pthread_mutex_init(&h->lock, NULL);
	r = hooks_read(c->config.hooks, &h->read, err);
	h->told = calloc(h->read.n + 1, sizeof(*h->told));
	if (r == 0 && !h->told)
		r = sp_fail_nomem(err);
	if (r == 0 && h->read.n)
		r = start(h, err);
	if (r < 0) {
		hooks_free(h);
		return r;
	}
	*ret = h;
	return 0;
}

void hooks_free(struct hooks *h)
{
	if (!h)
		return;
	atomic_store(&h->stopping, true);
	if (h->control->watch)
		watch_hint(h->control->watch);
	for (unsigned int i = 0; i < h->n_threads; i++)
		pthread_join(h->threads[i], NULL);
	hooks_read_fini(&h->read);
	pthread_mutex_destroy(&h->lock);
	free(h->told);
	free(h->threads);
	free(h);
}

/* One that was told nothing yet has no row. */
static int view_one(struct store *s, const struct hook *hook, int64_t last, json_t **ret,
		    struct sp_err *err)
{
	struct store_hook row = { 0 };
	struct sp_err why;
	json_t *view;
	int r = store_hook_get(s, hook->name, &row, &why);

	if (r < 0 && r != -ENOENT) {
		*err = why;
		return r;
	}
	if (r == -ENOENT) {
		snprintf(row.name, sizeof(row.name), "%s", hook->name);
		row.cursor = last;
	}
	view = store_hook_view(&row, last);
	if (view)
		json_object_set_new(view, "to",
				    json_string(hook->exec ? hook->exec[0] : hook->origin));
	*ret = view;
	return view ? 0 : sp_fail_nomem(err);
}

int hooks_view(const struct hooks *h, struct store *s, json_t **ret, struct sp_err *err)
{
	autojson json_t *list = json_array();
	int64_t last = 0;
	int r = store_event_last(s, &last, err);

	for (size_t i = 0; r == 0 && i < h->read.n; i++) {
		json_t *view = NULL;

		r = view_one(s, &h->read.list[i], last, &view, err);
		if (r == 0)
			json_array_append_new(list, view);
	}
	if (r == 0)
		*ret = take_ptr(list);
	return r;
}
