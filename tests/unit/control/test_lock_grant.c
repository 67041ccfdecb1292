/*
 * Who waits for a lock is woken by its release, in the order they came: the look that a waiter
 * takes by itself, and the one of the bell between two controld, are an hour away here, and nothing
 * else is ever committed.
 */
#include <criterion/criterion.h>
#include <pthread.h>
#include <string.h>

#include "base/httpc.h"
#include "base/json.h"
#include "base/str.h"
#include "base/time.h"
#include "control/api/api.h"
#include "control/store/bell.h"
#include "tests/unit/control/backends.h"

#define NEVER_NS (3600 * SP_NS_PER_S)
#define WAITERS  3
#define WAIT     "3600000000000"    /* nanoseconds that a waiter would wait */
#define CALL_NS  (20 * SP_NS_PER_S) /* how long the test has patience: far less */
#define ACQUIRE  "/v1/locks/demo?wait_ns=" WAIT
#define MANY     1000

/* As much of a controld as locks need: stores, hints, the API on a socket. */
struct place {
	struct control c;
	char socket[128];
};

static struct place places[2];

static void open_place(struct place *p, const char *name)
{
	struct bell_conf bell = { .url = scratch_url(), .poll_ns = NEVER_NS };
	struct store_pool_conf conf = { .url = scratch_url(), .seal = scratch_seal() };

	memset(p, 0, sizeof(*p));
	cr_assert_eq(sp_conf_load(config_keys, &p->c.config, NULL, &err), 0, "%s", err.message);
	p->c.config.lock_poll_ns = NEVER_NS;
	p->c.watch = watch_new();
	bell.watch = p->c.watch;
	cr_assert_eq(bell_new(&bell, &p->c.bell, &err), 0, "%s", err.message);
	conf.on_commit = p->c.bell ? bell_ring : watch_hint;
	conf.owner = p->c.bell ? (void *)p->c.bell : (void *)p->c.watch;
	cr_assert_eq(store_pool_new(&conf, &p->c.stores, &err), 0, "%s", err.message);
	snprintf(p->socket, sizeof(p->socket), "%s/%s", scratch_dir, name);
	sp_conf_set(config_keys, &p->c.config, "unix_socket", p->socket, &err);
	cr_assert_eq(api_listen(&p->c, &err), 0, "%s", err.message);
}

static void close_place(struct place *p)
{
	watch_stop(p->c.watch);
	sp_httpd_free(p->c.httpd);
	store_pool_free(p->c.stores);
	bell_free(p->c.bell);
	watch_free(p->c.watch);
	config_fini(&p->c.config);
}

/* One call; its object, and the status it came with: 0 when there was no answer in time. */
static json_t *call(const struct place *p, const char *method, const char *path, const char *body,
		    int *ret_status)
{
	struct sp_httpc_conf conf = { .base_url = "http://localhost",
				      .unix_path = p->socket,
				      .timeout_ns = CALL_NS };
	struct sp_http_reply reply = { 0 };
	struct sp_httpc *http = NULL;
	struct sp_err why = { 0 };
	json_t *json = NULL;

	cr_assert_eq(sp_httpc_new(&conf, &http, &why), 0, "%s", why.message);
	*ret_status = 0;
	if (sp_httpc_call(http, method, path, body, body ? strlen(body) : 0, "application/json",
			  &reply, &why) == 0)
		*ret_status = reply.status;
	json = json_loadb(reply.body.data, reply.body.len, 0, NULL);
	sp_http_reply_fini(&reply);
	sp_httpc_free(http);
	return json;
}

struct waiter {
	const struct place *at;
	pthread_t thread;
	int status;
	json_t *lock;
};

static void *wait_for_it(void *state)
{
	struct waiter *w = state;

	w->lock = call(w->at, "POST", ACQUIRE, "{}", &w->status);
	return NULL;
}

static size_t queued(const struct place *p)
{
	int status;
	autojson json_t *lock = call(p, "GET", "/v1/locks/demo", NULL, &status);

	return json_array_size(json_object_get(lock, "waiters"));
}

/* One more waits, and stands in the queue. */
static void begin_to_wait(struct waiter *w, const struct place *at, size_t before)
{
	w->at = at;
	cr_assert_eq(pthread_create(&w->thread, NULL, wait_for_it, w), 0);
	for (int i = 0; i < MANY && queued(at) == before; i++)
		usleep(2000);
	cr_assert_eq(queued(at), before + 1);
}

static json_t *acquire(const struct place *p)
{
	int status;
	json_t *lock = call(p, "POST", "/v1/locks/demo", "{}", &status);

	cr_assert_eq(status, 201);
	return lock;
}

static void release(const struct place *p, const json_t *lock)
{
	autofree char *path = sp_str_format("/v1/locks/demo?id=%s",
					    json_string_value(json_object_get(lock, "id")));
	int status;
	autojson json_t *released = call(p, "DELETE", path, NULL, &status);

	cr_assert_eq(status, 200);
}

static json_int_t token_of(const json_t *lock)
{
	return json_integer_value(json_object_get(lock, "token"));
}

/* The waiter has it, as the next holder after before. */
static void expect_granted(struct waiter *w, const json_t *before)
{
	cr_assert_eq(pthread_join(w->thread, NULL), 0);
	cr_assert_eq(w->status, 201, "it was woken by nobody");
	cr_expect_eq(token_of(w->lock), token_of(before) + 1);
}

CONTRACT(a_release_wakes_who_waits_in_the_order_they_came)
{
	struct waiter waiters[WAITERS] = { 0 };
	autojson json_t *first = NULL;
	const json_t *held;

	open_place(&places[0], "a.sock");
	held = first = acquire(&places[0]);
	for (size_t i = 0; i < WAITERS; i++)
		begin_to_wait(&waiters[i], &places[0], i);
	for (size_t i = 0; i < WAITERS; i++) {
		release(&places[0], held);
		expect_granted(&waiters[i], held);
		held = waiters[i].lock;
	}
	release(&places[0], held);
	for (size_t i = 0; i < WAITERS; i++)
		json_decref(waiters[i].lock);
	close_place(&places[0]);
}

Test(postgres, a_release_at_one_controld_wakes_who_waits_at_another)
{
	struct waiter w = { 0 };
	autojson json_t *first = NULL;

	open_place(&places[0], "a.sock");
	open_place(&places[1], "b.sock");
	first = acquire(&places[0]);
	begin_to_wait(&w, &places[1], 0);
	release(&places[0], first);
	expect_granted(&w, first);
	json_decref(w.lock);
	close_place(&places[0]);
	close_place(&places[1]);
}
