/*
 * The database server dies and comes back while several write: everybody who was told that it is
 * done finds it done, once, and the events have no gap.
 */
#include <criterion/criterion.h>
#include <libpq-fe.h>
#include <pthread.h>
#include <stdatomic.h>

#include "base/json.h"
#include "base/time.h"
#include "control/store/event.h"
#include "tests/unit/control/scratch.h"
#include "tests/unit/control/server.h"

#define WRITERS    6
#define CRASHES    3
#define EVENTS_MAX 20000

static atomic_bool enough;
static atomic_int written, refused;

static void set_up(void)
{
	scratch_make();
	server_start();
}

static void tear_down(void)
{
	server_stop();
	scratch_remove();
}

TestSuite(failover, .init = set_up, .fini = tear_down, .timeout = 120);

struct pair {
	char name[32];
};

/* Two events in one transaction. */
static int append_pair(struct store *s, void *state, struct sp_err *err)
{
	const struct pair *p = state;
	struct store_event event = { .type = "test.pair", .message = p->name };
	int r = store_event_append(s, &event, err);

	return r < 0 ? r : store_event_append(s, &event, err);
}

static void refuse(const struct sp_err *err)
{
	refused++;
	cr_log_warn("%s", err->message);
}

static void *write_on(void *arg)
{
	struct store *s = scratch_store();
	const int me = *(const int *)arg;

	for (int i = 0; !enough; i++) {
		struct pair p;
		struct sp_err err = { 0 };

		snprintf(p.name, sizeof(p.name), "writer %d, %d", me, i);
		if (store_transact(s, append_pair, &p, &err) == 0)
			written++;
		else
			refuse(&err);
	}
	store_close(s);
	return NULL;
}

static void wait_for_writers(void)
{
	struct timespec moment = { .tv_nsec = 5 * SP_NS_PER_MS };
	int goal = written + 50;

	while (written < goal)
		nanosleep(&moment, NULL);
}

/* Events that came as one transaction stand together, and there is none without its like. */
static void check_events(void)
{
	struct store_event_filter f = { .limit = EVENTS_MAX };
	struct store *s = scratch_store();
	struct sp_err err = { 0 };
	json_t *list = NULL;
	int64_t next = 0;

	cr_assert_eq(store_event_list(s, &f, &list, &next, &err), 0, "%s", err.message);
	cr_expect_eq(json_array_size(list), 2 * (size_t)written, "%zu events of %d transactions",
		     json_array_size(list), (int)written);
	for (size_t i = 0; i < json_array_size(list); i++) {
		const json_t *e = json_array_get(list, i), *twin = json_array_get(list, i ^ 1);

		cr_assert_eq(json_integer_value(json_object_get(e, "seq")), (json_int_t)i + 1);
		cr_assert(json_equal(json_object_get(e, "message"),
				     json_object_get(twin, "message")));
	}
	json_decref(list);
	store_close(s);
}

static void crash_under_writers(const char *host)
{
	pthread_t threads[WRITERS];
	int numbers[WRITERS];

	server_url(scratch_where, sizeof(scratch_where), host);
	store_close(scratch_store());
	for (int i = 0; i < WRITERS; i++) {
		numbers[i] = i;
		cr_assert_eq(pthread_create(&threads[i], NULL, write_on, &numbers[i]), 0);
	}
	for (int i = 0; i < CRASHES; i++) {
		wait_for_writers();
		server_do("crash");
		server_do("again");
	}
	wait_for_writers();
	enough = true;
	for (int i = 0; i < WRITERS; i++)
		pthread_join(threads[i], NULL);
	cr_expect_eq(refused, 0, "patience outlasts a restart");
	check_events();
}

Test(failover, of_what_was_written_nothing_is_lost_or_doubled)
{
	crash_under_writers("");
}

Test(failover, behind_a_pooler_nothing_is_lost_or_doubled_either)
{
	crash_under_writers("/bouncer&port=6432");
}

static void *resume_soon(void *arg)
{
	struct timespec moment = { .tv_nsec = 700 * SP_NS_PER_MS };

	(void)arg;
	nanosleep(&moment, NULL);
	server_do("resume");
	return NULL;
}

/* It stands still for longer than it is listened to, in the middle of a transaction or before. */
Test(failover, a_server_that_stood_still_has_done_everything_once)
{
	struct sp_err err = { 0 };
	struct store *s;
	pthread_t thread;

	server_url(scratch_where, sizeof(scratch_where), "");
	s = scratch_store();
	store_db(s)->answer_ns = 200 * SP_NS_PER_MS;
	for (int i = 0; i < 3; i++) {
		struct pair p = { "pair" };

		server_do("pause");
		cr_assert_eq(pthread_create(&thread, NULL, resume_soon, NULL), 0);
		cr_expect_eq(store_transact(s, append_pair, &p, &err), 0, "%s", err.message);
		pthread_join(thread, NULL);
		written++;
	}
	check_events();
	store_close(s);
}

Test(failover, a_server_that_stands_still_is_soon_said_not_to_answer)
{
	struct sp_err err = { 0 };
	struct store *s;

	server_url(scratch_where, sizeof(scratch_where), "");
	s = scratch_store();
	server_do("pause");
	cr_expect_lt(store_check(s, &err), 0);
	cr_expect_eq(err.code, SP_E_UNREACHABLE);
	server_do("resume");
	cr_expect_eq(store_check(s, &err), 0, "%s", err.message);
	store_close(s);
}

#define CONNECTIONS 11 /* one more than there is room for */

static void set_up_narrow(void)
{
	scratch_make();
	server_start_with("max_connections=10");
	server_url(scratch_where, sizeof(scratch_where), "");
	store_close(scratch_store());
}

TestSuite(narrow, .init = set_up_narrow, .fini = tear_down, .timeout = 120);

static void *close_soon(void *arg)
{
	PGconn **all = arg;
	struct timespec moment = { .tv_nsec = 500 * SP_NS_PER_MS };

	nanosleep(&moment, NULL);
	for (int i = 0; i < CONNECTIONS; i++)
		PQfinish(all[i]);
	return NULL;
}

Test(narrow, a_server_that_has_no_room_for_a_connection_is_waited_for)
{
	PGconn *all[CONNECTIONS];
	struct sp_err err = { 0 };
	struct store *s = NULL;
	pthread_t thread;

	for (int i = 0; i < CONNECTIONS; i++)
		all[i] = PQconnectdb(scratch_where);
	cr_assert_eq(PQstatus(all[CONNECTIONS - 1]), CONNECTION_BAD, "there is room");
	cr_assert_eq(pthread_create(&thread, NULL, close_soon, all), 0);
	cr_expect_eq(store_open(scratch_where, NULL, &s, &err), 0, "%s", err.message);
	store_close(s);
	pthread_join(thread, NULL);
}
