/* Idle connections; see agent_pool.h. */
#include "control/node/agent_pool.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "base/list.h"
#include "base/time.h"

#define IDLE_NS      (20 * SP_NS_PER_S) /* an agent closes its side after 30 s */
#define IDLE_MAX     256
#define IDLE_KEY_MAX 2 /* with one key: an agent pays for each */

struct idle {
	struct sp_list link;
	struct sp_httpc *http;
	int64_t since_ns;
	char key[];
};

struct agent_pool {
	pthread_mutex_t lock;
	struct sp_list idle; /* longest idle first */
	size_t n;
};

int agent_pool_new(struct agent_pool **ret, struct sp_err *err)
{
	struct agent_pool *p = calloc(1, sizeof(*p));

	if (!p)
		return sp_fail_nomem(err);
	pthread_mutex_init(&p->lock, NULL);
	sp_list_init(&p->idle);
	*ret = p;
	return 0;
}

static void drop(struct idle *i)
{
	sp_list_remove(&i->link);
	sp_httpc_free(i->http);
	free(i);
}

void agent_pool_free(struct agent_pool *p)
{
	struct idle *i;

	if (!p)
		return;
	SP_LIST_EACH (&p->idle, i, link) {
		drop(i);
	}
	pthread_mutex_destroy(&p->lock);
	free(p);
}

/* Move to out what is too old, and the oldest when there are too many; closing is done unlocked. */
static void expire(struct agent_pool *p, struct sp_list *out)
{
	int64_t old = sp_time_mono_ns() - IDLE_NS;
	struct idle *i;

	SP_LIST_EACH (&p->idle, i, link) {
		if (i->since_ns > old && p->n <= IDLE_MAX)
			return;
		sp_list_remove(&i->link);
		sp_list_append(out, &i->link);
		p->n--;
	}
}

static void drop_all(struct sp_list *out)
{
	struct idle *i;

	SP_LIST_EACH (out, i, link) {
		drop(i);
	}
}

/* The one that was used last: the others may grow old. */
static struct idle *find(struct agent_pool *p, const char *key, size_t *ret_n)
{
	struct idle *i, *found = NULL;

	*ret_n = 0;
	SP_LIST_EACH (&p->idle, i, link) {
		if (strcmp(i->key, key) != 0)
			continue;
		found = i;
		++*ret_n;
	}
	return found;
}

struct sp_httpc *agent_pool_take(struct agent_pool *p, const char *key)
{
	struct sp_list out = SP_LIST_INIT(out);
	struct sp_httpc *http = NULL;
	struct idle *i;
	size_t n;

	pthread_mutex_lock(&p->lock);
	expire(p, &out);
	i = find(p, key, &n);
	if (i) {
		sp_list_remove(&i->link);
		p->n--;
	}
	pthread_mutex_unlock(&p->lock);
	drop_all(&out);
	if (i)
		http = i->http;
	free(i);
	return http;
}

void agent_pool_give(struct agent_pool *p, const char *key, struct sp_httpc *http)
{
	size_t room = strlen(key) + 1;
	struct idle *i = malloc(sizeof(*i) + room);
	struct sp_list out = SP_LIST_INIT(out);
	size_t n;

	if (!i) {
		sp_httpc_free(http);
		return;
	}
	*i = (struct idle){ .http = http, .since_ns = sp_time_mono_ns() };
	memcpy(i->key, key, room);
	sp_list_init(&i->link);
	pthread_mutex_lock(&p->lock);
	find(p, key, &n);
	if (n < IDLE_KEY_MAX) {
		sp_list_append(&p->idle, &i->link);
		p->n++;
		i = NULL;
	}
	expire(p, &out);
	pthread_mutex_unlock(&p->lock);
	if (i)
		drop(i);
	drop_all(&out);
}
