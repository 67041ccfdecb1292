/* Threads that run operations, and the queue they take them from; see worker.h. */
#include "control/operation/worker.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/list.h"
#include "base/log.h"
#include "control/control.h"
#include "control/operation/operation.h"

struct job {
	struct sp_list link;
	char operation[STORE_NAME_MAX];
	struct operation *running; /* NULL while queued; under the lock */
};

struct workers {
	struct control *control;
	pthread_mutex_t lock;
	pthread_cond_t changed;
	struct sp_list queue, running;
	bool stopping;
	pthread_t *threads;
	unsigned int n_threads;
};

static struct job *take_job(struct workers *w)
{
	struct job *j;

	while (sp_list_empty(&w->queue) && !w->stopping)
		pthread_cond_wait(&w->changed, &w->lock);
	if (w->stopping)
		return NULL;
	j = sp_container_of(w->queue.next, struct job, link);
	sp_list_remove(&j->link);
	sp_list_append(&w->running, &j->link);
	return j;
}

static void run_job(struct workers *w, struct job *j)
{
	struct operation *o = NULL;
	struct sp_err err;
	int r;

	pthread_mutex_unlock(&w->lock);
	r = operation_open(w->control, j->operation, &o, &err);
	pthread_mutex_lock(&w->lock);
	if (r < 0) {
		sp_log(SP_LOG_ERROR, "operation.open", SP_STR("operation", j->operation),
		       SP_ERR(&err));
		return;
	}
	j->running = o;
	if (w->stopping)
		operation_stop(o);
	pthread_mutex_unlock(&w->lock);
	operation_run(o);
	pthread_mutex_lock(&w->lock);
	j->running = NULL;
	operation_close(o);
}

static void *work(void *arg)
{
	struct workers *w = arg;
	struct job *j;

	pthread_mutex_lock(&w->lock);
	while ((j = take_job(w))) {
		run_job(w, j);
		sp_list_remove(&j->link);
		free(j);
	}
	pthread_mutex_unlock(&w->lock);
	return NULL;
}

int workers_new(struct control *c, unsigned int threads, struct workers **ret, struct sp_err *err)
{
	struct workers *w = calloc(1, sizeof(*w));

	if (!w)
		return sp_fail_nomem(err);
	w->control = c;
	sp_list_init(&w->queue);
	sp_list_init(&w->running);
	pthread_mutex_init(&w->lock, NULL);
	pthread_cond_init(&w->changed, NULL);
	w->threads = calloc(threads, sizeof(*w->threads));
	for (; w->threads && w->n_threads < threads; w->n_threads++) {
		int rc = pthread_create(&w->threads[w->n_threads], NULL, work, w);

		if (rc == 0)
			continue;
		workers_free(w);
		return sp_fail_errno(err, rc, "worker thread");
	}
	*ret = w;
	return 0;
}

void workers_free(struct workers *w)
{
	struct job *j;

	if (!w)
		return;
	pthread_mutex_lock(&w->lock);
	w->stopping = true;
	SP_LIST_EACH (&w->running, j, link) {
		if (j->running)
			operation_stop(j->running);
	}
	pthread_cond_broadcast(&w->changed);
	pthread_mutex_unlock(&w->lock);
	for (unsigned int i = 0; i < w->n_threads; i++)
		pthread_join(w->threads[i], NULL);
	SP_LIST_EACH (&w->queue, j, link) {
		free(j);
	}
	pthread_cond_destroy(&w->changed);
	pthread_mutex_destroy(&w->lock);
	free(w->threads);
	free(w);
}

static bool is_listed(const struct sp_list *list, const char *operation)
{
	const struct job *j;

	SP_LIST_EACH (list, j, link) {
		if (!strcmp(j->operation, operation))
			return true;
	}
	return false;
}

bool workers_have(struct workers *w, const char *operation)
{
	bool have;

	pthread_mutex_lock(&w->lock);
	have = is_listed(&w->queue, operation) || is_listed(&w->running, operation);
	pthread_mutex_unlock(&w->lock);
	return have;
}

int workers_queue(struct workers *w, const char *operation, struct sp_err *err)
{
	struct job *j = calloc(1, sizeof(*j));

	if (!j)
		return sp_fail_nomem(err);
	snprintf(j->operation, sizeof(j->operation), "%s", operation);
	pthread_mutex_lock(&w->lock);
	if (is_listed(&w->queue, operation) || is_listed(&w->running, operation)) {
		free(j);
	} else {
		sp_list_append(&w->queue, &j->link);
		pthread_cond_signal(&w->changed);
	}
	pthread_mutex_unlock(&w->lock);
	return 0;
}

static size_t count(const struct sp_list *list)
{
	const struct job *j;
	size_t n = 0;

	SP_LIST_EACH (list, j, link) {
		n++;
	}
	return n;
}

static void copy_ids(const struct sp_list *from, struct workers_list *to)
{
	const struct job *j;

	SP_LIST_EACH (from, j, link) {
		memcpy(to->ids[to->n++], j->operation, sizeof(j->operation));
	}
}

int workers_list(struct workers *w, struct workers_list *ret, struct sp_err *err)
{
	*ret = (struct workers_list){ 0 };
	pthread_mutex_lock(&w->lock);
	ret->ids = calloc(count(&w->queue) + count(&w->running) + 1, sizeof(*ret->ids));
	if (ret->ids) {
		copy_ids(&w->running, ret);
		copy_ids(&w->queue, ret);
	}
	pthread_mutex_unlock(&w->lock);
	return ret->ids ? 0 : sp_fail_nomem(err);
}

void workers_list_fini(struct workers_list *list)
{
	free(list->ids);
	*list = (struct workers_list){ 0 };
}

static struct job *find(const struct sp_list *list, const char *operation)
{
	struct job *j;

	SP_LIST_EACH (list, j, link) {
		if (!strcmp(j->operation, operation))
			return j;
	}
	return NULL;
}

void workers_extend(struct workers *w, const char *operation, int64_t until_ns)
{
	const struct job *j;

	pthread_mutex_lock(&w->lock);
	j = find(&w->running, operation);
	if (j && j->running)
		operation_extend(j->running, until_ns);
	pthread_mutex_unlock(&w->lock);
}

static bool forget(struct sp_list *queue, const char *operation)
{
	struct job *j;

	SP_LIST_EACH (queue, j, link) {
		if (strcmp(j->operation, operation) != 0)
			continue;
		sp_list_remove(&j->link);
		free(j);
		return true;
	}
	return false;
}

bool workers_stop(struct workers *w, const char *operation)
{
	const struct job *running;
	bool queued;

	pthread_mutex_lock(&w->lock);
	running = find(&w->running, operation);
	if (running && running->running)
		operation_stop(running->running);
	queued = forget(&w->queue, operation);
	pthread_mutex_unlock(&w->lock);
	return running || queued;
}

void workers_stop_expired(struct workers *w)
{
	const struct job *j;

	pthread_mutex_lock(&w->lock);
	SP_LIST_EACH (&w->running, j, link) {
		if (j->running && operation_stopping(j->running))
			operation_stop(j->running);
	}
	pthread_mutex_unlock(&w->lock);
}
