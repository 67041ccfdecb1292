/* Questions about the state: in order, answered by their id, and never more than so many. */
#include "agentd/state_queue.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/json.h"
#include "base/time.h"

#define SOCKET_PATH "state.sock"

static struct sp_loop *loop;
static struct sp_httpd *httpd;
static struct state_queue q;
static char dir[] = "/tmp/spqueue.XXXXXX";

static void on_get(struct sp_httpd_req *req, void *owner)
{
	state_queue_put(owner, req, json_pack("{s:s}", "key", sp_httpd_param(req, "key")));
}

static const struct sp_httpd_route routes[] = { { "GET", "/{key}", on_get, NULL, 0, 0 }, { 0 } };

static bool anybody(const struct sp_http_peer *peer, const struct sp_httpd_route *route,
		    void *owner)
{
	(void)peer;
	(void)route;
	(void)owner;
	return true;
}

static void setup(void)
{
	const struct sp_httpd_conf conf = {
		.unix_path = SOCKET_PATH, .routes = routes, .authorize = anybody, .owner = &q
	};
	struct sp_httpd_conf served = conf;
	struct sp_err err = { 0 };

	cr_assert(mkdtemp(dir) && chdir(dir) == 0);
	cr_assert_eq(sp_loop_new(SP_LOOP_ANY, &loop, &err), 0, "%s", err.message);
	state_queue_init(&q, loop, STATE_ANSWER_NS);
	served.loop = loop;
	cr_assert_eq(sp_httpd_new(&served, &httpd, &err), 0, "%s", err.message);
}

static void turn(int rounds)
{
	while (rounds-- > 0)
		sp_loop_run_once(loop, 5000000, NULL);
}

static void teardown(void)
{
	state_queue_end(&q);
	sp_httpd_free(httpd);
	turn(10);
	sp_loop_free(loop);
	cr_expect_eq(chdir("/"), 0);
	cr_expect_eq(rmdir(dir), 0, "%s", strerror(errno));
}

TestSuite(state_queue, .init = setup, .fini = teardown);

/* A client that has asked for key, whose question is in the queue. */
static int ask(const char *key)
{
	struct sockaddr_un to = { .sun_family = AF_UNIX, .sun_path = SOCKET_PATH };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	size_t before = q.n;
	char text[64];
	int n = snprintf(text, sizeof(text), "GET /%s HTTP/1.1\r\nHost: x\r\n\r\n", key);

	cr_assert_eq(connect(fd, (struct sockaddr *)&to, sizeof(to)), 0);
	cr_assert_eq(write(fd, text, (size_t)n), n);
	for (int i = 0; i < 100 && q.n == before; i++)
		turn(1);
	return fd;
}

/* What a client hears; the connection is closed. */
static const char *heard(int fd)
{
	static char text[4096];
	ssize_t n = -1;

	for (int i = 0; i < 100 && n < 0; i++) {
		turn(1);
		n = read(fd, text, sizeof(text) - 1);
	}
	close(fd);
	text[n > 0 ? n : 0] = '\0';
	return text;
}

static void expect_next(const char *key, bool again, char ret_id[64])
{
	autojson json_t *next = state_queue_next(&q);

	cr_assert_not_null(next);
	cr_expect_str_eq(json_string_value(json_object_get(next, "key")), key);
	cr_expect_eq(json_is_true(json_object_get(next, "again")), again);
	snprintf(ret_id, 64, "%s", json_string_value(json_object_get(next, "id")));
}

static void answer(const char *id, const char *value)
{
	autojson json_t *text = json_pack("{s:s, s:i, s:s, s:i}", "id", id, "status", 200, "value",
					  value, "version", 7);

	state_queue_answer(&q, text);
}

Test(state_queue, the_oldest_question_is_told_until_it_is_answered)
{
	int a = ask("a"), b = ask("b");
	char first[64], same[64], second[64];
	const char *reply;

	expect_next("a", false, first);
	expect_next("a", true, same);
	cr_expect_str_eq(first, same);
	answer(first, "one");
	expect_next("b", false, second);
	cr_expect_str_neq(first, second);
	reply = heard(a);
	cr_expect(strstr(reply, "200 OK") && strstr(reply, "\r\n\r\none"), "%s", reply);
	cr_expect(strstr(reply, STATE_VERSION_HEADER ": 7\r\n"), "%s", reply);
	answer(second, "two");
	cr_expect(strstr(heard(b), "\r\n\r\ntwo"));
	cr_expect_null(state_queue_next(&q));
}

Test(state_queue, an_answer_to_nobody_is_passed_over)
{
	int a = ask("a");
	char id[64];

	answer("0123456789", "of another agent's question");
	state_queue_answer(&q, NULL);
	cr_expect_eq(q.n, 1);
	expect_next("a", false, id);
	answer(id, "one");
	answer(id, "one more");
	cr_expect(strstr(heard(a), "\r\n\r\none"));
}

Test(state_queue, a_document_is_an_answer_too_and_a_senseless_status_is_an_error)
{
	int a = ask("a"), b = ask("b");
	char id[64];
	const char *reply;

	expect_next("a", false, id);
	{
		autojson json_t *no = json_pack("{s:s, s:i, s:{s:s}}", "id", id, "status", 404,
						"body", "error", "none");
		state_queue_answer(&q, no);
	}
	reply = heard(a);
	cr_expect(strstr(reply, " 404 ") && strstr(reply, "{\"error\":\"none\"}"), "%s", reply);
	expect_next("b", false, id);
	{
		autojson json_t *no = json_pack("{s:s, s:i}", "id", id, "status", 7);
		state_queue_answer(&q, no);
	}
	cr_expect(strstr(heard(b), " 500 "));
}

Test(state_queue, who_hung_up_is_forgotten_and_makes_room)
{
	int fds[STATE_QUEUE_MAX], late;

	for (int i = 0; i < STATE_QUEUE_MAX; i++)
		fds[i] = ask("x");
	cr_expect_eq(q.n, STATE_QUEUE_MAX);
	cr_expect(strstr(heard(ask("y")), "503 "));
	for (int i = 0; i < STATE_QUEUE_MAX; i++)
		close(fds[i]);
	turn(20);
	late = ask("z");
	cr_expect_eq(q.n, 1);
	close(late);
}

Test(state_queue, at_the_end_all_are_refused)
{
	int a = ask("a"), b = ask("b");

	state_queue_end(&q);
	cr_expect_eq(q.n, 0);
	cr_expect(strstr(heard(a), "503 "));
	cr_expect(strstr(heard(b), "not served any more"));
}

Test(state_queue, a_question_that_nobody_answers_in_time_is_refused)
{
	int early, late;
	char id[64];
	const char *reply;

	q.answer_ns = 30 * SP_NS_PER_MS;
	early = ask("early");
	q.answer_ns = STATE_ANSWER_NS;
	late = ask("late");
	expect_next("early", false, id);
	q.answer_ns = 30 * SP_NS_PER_MS; /* of those that time out, in the words of the reply */
	for (int i = 0; i < 1000 && q.n == 2; i++)
		turn(1);
	cr_expect_eq(q.n, 1, "the other one has its own time");
	reply = heard(early);
	cr_expect(strstr(reply, "503 ") && strstr(reply, "has not answered for 30ms"), "%s", reply);
	answer(id, "too late");
	expect_next("late", false, id);
	answer(id, "in time");
	cr_expect(strstr(heard(late), "\r\n\r\nin time"));
}
