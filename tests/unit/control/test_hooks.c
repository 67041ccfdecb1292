/* Hooks: every event is told, in order, however many come at once and whoever is killed. */
#include "control/hooks/hooks.h"

#include <arpa/inet.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>

#include "base/fd.h"
#include "base/json.h"
#include "base/str.h"
#include "base/time.h"
#include "control/control.h"
#include "control/hooks/hook.h"
#include "control/store/event.h"
#include "control/store/hook.h"
#include "tests/unit/control/scratch.h"

#define WAIT_MS 30000

static struct control control;
static struct store *store;
static struct sp_err err;
static char told[128]; /* what the hook under test wrote */

static void write_hooks(const char *json)
{
	char path[128];

	snprintf(path, sizeof(path), "%s/hooks.json", scratch_dir);
	cr_assert_eq(sp_file_swap_at(AT_FDCWD, path, json, strlen(json), 0600, &err), 0);
	cr_assert_eq(sp_conf_set(config_keys, &control.config, "events.hooks", path, &err), 0);
}

static void control_start(void)
{
	struct store_pool_conf conf = { .url = scratch_url(), .seal = scratch_seal() };

	control.watch = watch_new();
	conf.on_commit = watch_hint;
	conf.owner = control.watch;
	snprintf(control.runner, sizeof(control.runner), "test");
	cr_assert_eq(store_pool_new(&conf, &control.stores, &err), 0, "%s", err.message);
}

static void setup(void)
{
	signal(SIGPIPE, SIG_IGN); /* as controld does: a command need not read */
	scratch_make_fast();
	snprintf(told, sizeof(told), "%s/told", scratch_dir);
	cr_assert_eq(config_load(&control.config, NULL, &err), 0);
	cr_assert_eq(
		sp_conf_set(config_keys, &control.config, "events.hook_retry_max", "20ms", &err),
		0);
	control_start();
	cr_assert_eq(store_pool_take(control.stores, &store, &err), 0);
}

static void teardown(void)
{
	store_pool_give(control.stores, store);
	store_pool_free(control.stores);
	watch_free(control.watch);
	config_fini(&control.config);
	scratch_remove();
}

TestSuite(hooks, .init = setup, .fini = teardown, .timeout = 120);

static void append(const char *type, int n)
{
	for (int i = 0; i < n; i++) {
		struct store_event e = { .type = type, .stack = "demo", .message = "m" };

		cr_assert_eq(store_event_append(store, &e, &err), 0, "%s", err.message);
	}
}

/* Every event of first..last is there; later ones never before earlier ones; *ret_doubled counts
 * repeats. */
static void check_told(int64_t first, int64_t last, int *ret_doubled)
{
	autobuf struct sp_buf text = SP_BUF_INIT;
	int64_t want = first;

	*ret_doubled = 0;
	cr_assert_geq(sp_file_read_at(AT_FDCWD, told, 64 << 20, &text, &err), 0);
	sp_buf_puts(&text, "");
	for (char *line = text.data, *end; (end = strchr(line, '\n')); line = end + 1) {
		autojson json_t *event = json_loadb(line, (size_t)(end - line), 0, NULL);
		int64_t seq = json_integer_value(json_object_get(event, "seq"));

		cr_assert_leq(seq, want, "event %lld was left out", (long long)want);
		*ret_doubled += seq < want;
		want += seq == want;
	}
	cr_expect_eq(want, last + 1);
}

static int64_t last_seq(void)
{
	int64_t seq = 0;

	cr_assert_eq(store_event_last(store, &seq, &err), 0);
	return seq;
}

/* A hook that keeps what it is told in the file; `before` may fail first. */
static void hook_that_keeps(const char *before)
{
	char json[1024];

	snprintf(json, sizeof(json),
		 "[{\"name\": \"keep\", \"exec\": [\"/bin/sh\", \"-c\", \"%s cat >>%s\"]}]", before,
		 told);
	write_hooks(json);
}

/* What the store says of the hook, a moment later. */
static struct store_hook later(void)
{
	struct store_hook row = { 0 };

	usleep(2000);
	store_hook_get(store, "keep", &row, NULL);
	return row;
}

/* The first look makes the row: what comes after it is told. */
static void await_row(void)
{
	struct store_hook row;

	for (int i = 0; store_hook_get(store, "keep", &row, NULL) < 0; i++) {
		cr_assert_lt(i, WAIT_MS / 5);
		usleep(5000);
	}
}

Test(hooks, a_burst_of_ten_thousand_loses_none)
{
	struct hooks *h = NULL;
	int64_t first;
	int doubled;

	hook_that_keeps("");
	cr_assert_eq(hooks_new(&control, &h, &err), 0, "%s", err.message);
	await_row();
	first = last_seq() + 1;
	append("stack.updated", 10000);
	while (later().delivered < 10000)
		;
	hooks_free(h);
	check_told(first, first + 9999, &doubled);
	cr_expect_eq(doubled, 0);
}

Test(hooks, one_that_fails_is_told_again_and_says_why)
{
	struct hooks *h = NULL;
	struct store_hook row;
	char before[200];
	int64_t first;
	int doubled;

	snprintf(before, sizeof(before), "test -e %s/up || { echo not yet >&2; exit 3; };",
		 scratch_dir);
	hook_that_keeps(before);
	cr_assert_eq(hooks_new(&control, &h, &err), 0, "%s", err.message);
	await_row();
	first = last_seq() + 1;
	append("lock.acquired", 10);
	do
		row = later();
	while (row.failures < 3);
	cr_expect_str_eq(row.error, "'/bin/sh' exits 3: not yet");
	cr_expect_eq(row.delivered, 0);
	snprintf(before, sizeof(before), "%s/up", scratch_dir);
	cr_assert_eq(sp_file_swap_at(AT_FDCWD, before, "", 0, 0600, &err), 0);
	do
		row = later();
	while (row.delivered < 10);
	hooks_free(h);
	check_told(first, first + 9, &doubled);
	cr_expect_eq(row.failures, 0);
	cr_expect_str_eq(row.error, "");
	cr_expect_eq(row.delivered, 10);
}

Test(hooks, one_that_hangs_is_ended_with_all_it_started)
{
	struct hooks *h = NULL;
	struct store_hook row = { 0 };

	cr_assert_eq(
		sp_conf_set(config_keys, &control.config, "events.hook_timeout", "100ms", &err), 0);
	hook_that_keeps("sleep 1000 & wait;");
	cr_assert_eq(hooks_new(&control, &h, &err), 0, "%s", err.message);
	await_row();
	append("lock.acquired", 1);
	while (!row.failures)
		row = later();
	cr_expect_str_eq(row.error, "'/bin/sh' has not ended after 100 ms");
	hooks_free(h);
}

/* What still holds a pipe is alive. */
Test(hooks, one_that_ends_well_leaves_nothing_running_either)
{
	struct hooks *h = NULL;
	char pipe_path[160], before[256], byte;
	int fd;

	snprintf(pipe_path, sizeof(pipe_path), "%s/pipe", scratch_dir);
	cr_assert_eq(mkfifo(pipe_path, 0600), 0);
	fd = open(pipe_path, O_RDONLY | O_NONBLOCK);
	cr_assert_geq(fd, 0);
	fcntl(fd, F_SETFL, 0);
	snprintf(before, sizeof(before), "exec 3>%s; echo here >&3; sleep 1000 & ", pipe_path);
	hook_that_keeps(before);
	cr_assert_eq(hooks_new(&control, &h, &err), 0, "%s", err.message);
	await_row();
	append("lock.acquired", 1);
	while (later().delivered < 1)
		;
	while (read(fd, &byte, 1) > 0)
		;
	close(fd);
	hooks_free(h);
}

/* More than a pipe holds, on both streams, and nothing read of what it is told. */
Test(hooks, one_that_prints_megabytes_and_reads_nothing_is_bounded)
{
	struct hooks *h = NULL;
	struct store_hook row = { 0 };

	hook_that_keeps("head -c 3000000 /dev/zero; head -c 3000000 /dev/zero >&2; exit 7;");
	cr_assert_eq(hooks_new(&control, &h, &err), 0, "%s", err.message);
	await_row();
	append("lock.acquired", 200);
	while (!row.failures)
		row = later();
	cr_expect_not_null(strstr(row.error, "exits 7"), "%s", row.error);
	hooks_free(h);
}

/* A controld that is killed while it tells; the next one goes on where that left off. */
Test(hooks, whoever_is_killed_no_event_is_left_out)
{
	struct hooks *h = NULL;
	int64_t first;
	int doubled;

	hook_that_keeps("");
	cr_assert_eq(hooks_new(&control, &h, &err), 0);
	await_row();
	hooks_free(h);
	h = NULL;
	first = last_seq() + 1;
	append("stack.updated", 3000);
	for (int i = 0; i < 8; i++) {
		pid_t pid = fork();

		if (pid == 0) {
			setpgid(0, 0);
			control_start();
			hooks_new(&control, &h, &err);
			for (;;)
				pause();
		}
		usleep(20000 + (unsigned int)i * 7000);
		kill(pid, SIGKILL);
		waitpid(pid, NULL, 0);
	}
	cr_assert_eq(hooks_new(&control, &h, &err), 0);
	for (int i = 0; i < WAIT_MS / 5; i++) {
		struct store_hook row;

		cr_assert_eq(store_hook_get(store, "keep", &row, &err), 0);
		if (row.cursor == first + 2999)
			break;
		usleep(5000);
	}
	hooks_free(h);
	check_told(first, first + 2999, &doubled);
}

Test(hooks, a_hook_is_told_only_what_it_asked_for)
{
	static const struct {
		const char *hook, *type, *stack;
		bool wanted;
	} cases[] = {
		{ "", "lock.acquired", "demo", true },
		{ ", \"types\": [\"lock.\"]", "lock.acquired", "demo", true },
		{ ", \"types\": [\"lock.\"]", "locksmith.came", "demo", false },
		{ ", \"types\": [\"lock.acquired\"]", "lock.acquired.twice", "demo", false },
		{ ", \"types\": [\"node.\", \"lock.released\"]", "lock.released", "", true },
		{ ", \"stacks\": [\"demo\"]", "lock.acquired", "demo", true },
		{ ", \"stacks\": [\"demo\"]", "lock.acquired", "other", false },
		{ ", \"stacks\": [\"demo\"], \"types\": [\"node.\"]", "lock.acquired", "demo",
		  false },
		{ ", \"types\": []", "lock.acquired", "demo", false },
	};

	for (size_t i = 0; i < SP_COUNT(cases); i++) {
		autojson json_t *event =
			json_pack("{s:s, s:s}", "type", cases[i].type, "stack", cases[i].stack);
		struct hooks_read read;
		char json[256];

		snprintf(json, sizeof(json), "[{\"name\": \"a\", \"exec\": [\"/bin/true\"]%s}]",
			 cases[i].hook);
		write_hooks(json);
		cr_assert_eq(hooks_read(control.config.hooks, &read, &err), 0, "%s", err.message);
		cr_expect_eq(hook_wants(&read.list[0], event), cases[i].wanted, "case %zu", i);
		hooks_read_fini(&read);
	}
}

Test(hooks, a_file_that_makes_no_sense_is_refused_with_its_address)
{
	static const struct {
		const char *json, *message;
	} cases[] = {
		{ "{}", "hooks are a list" },
		{ "[1]", "[0]: a hook is an object" },
		{ "[{\"name\": \"a\"}]", "[0].exec: a hook has either exec or post" },
		{ "[{\"name\": \"a\", \"exec\": [\"/x\"], \"post\": \"http://h/\"}]",
		  "[0].exec: a hook has either exec or post" },
		{ "[{\"name\": \"a\", \"exec\": [\"x\"]}]",
		  "[0].exec: the command is the absolute path" },
		{ "[{\"name\": \"../a\", \"exec\": [\"/x\"]}]", "[0].name: '../a' is no name" },
		{ "[{\"name\": \"a\", \"post\": \"ftp://h/\"}]",
		  "[0].post: 'ftp://h/' is no http" },
		{ "[{\"name\": \"a\", \"exec\": [\"/x\"], \"tipes\": []}]", "tipes" },
		{ "[{\"name\": \"a\", \"exec\": [\"/x\"]}, {\"name\": \"a\", \"exec\": [\"/x\"]}]",
		  "[1].name: 'a' is there twice" },
	};

	for (size_t i = 0; i < SP_COUNT(cases); i++) {
		struct hooks_read read;

		write_hooks(cases[i].json);
		cr_expect_lt(hooks_read(control.config.hooks, &read, &err), 0, "case %zu", i);
		cr_expect(strstr(err.message, cases[i].message), "case %zu: %s", i, err.message);
		cr_expect(strstr(err.message, "hooks.json"), "case %zu: %s", i, err.message);
	}
}

/* A listener that refuses once, then takes; what it was sent is in `body`. */
struct listener {
	int fd, requests;
	char body[4096];
};

static void *serve(void *arg)
{
	struct listener *l = arg;
	int fd;

	while ((fd = accept4(l->fd, NULL, NULL, SOCK_CLOEXEC)) >= 0) {
		static const char no[] = "HTTP/1.1 503 No\r\nContent-Length: 4\r\n\r\nbusy";
		static const char yes[] = "HTTP/1.1 204 Yes\r\nContent-Length: 0\r\n\r\n";
		const char *answer = l->requests++ ? yes : no;
		char *end = NULL;
		size_t len = 0;

		while (!end || !strstr(end, "]}")) {
			ssize_t n = read(fd, l->body + len, sizeof(l->body) - 1 - len);

			if (n <= 0)
				break;
			len += (size_t)n;
			l->body[len] = '\0';
			end = strstr(l->body, "\r\n\r\n");
		}
		(void)!send(fd, answer, strlen(answer), MSG_NOSIGNAL);
		close(fd);
	}
	return NULL;
}

Test(hooks, an_address_is_posted_to_until_it_takes)
{
	struct sockaddr_in a = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	struct listener l = { .fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0) };
	socklen_t len = sizeof(a);
	struct store_hook row = { 0 };
	struct hooks *h = NULL;
	pthread_t thread;
	char json[256];

	cr_assert_eq(bind(l.fd, (struct sockaddr *)&a, len), 0);
	cr_assert_eq(listen(l.fd, 8), 0);
	cr_assert_eq(getsockname(l.fd, (struct sockaddr *)&a, &len), 0);
	pthread_create(&thread, NULL, serve, &l);
	snprintf(json, sizeof(json),
		 "[{\"name\": \"keep\", \"post\": \"http://127.0.0.1:%d/in?x=1\"}]",
		 ntohs(a.sin_port));
	write_hooks(json);
	cr_assert_eq(hooks_new(&control, &h, &err), 0, "%s", err.message);
	await_row();
	append("drift.detected", 1);
	while (!row.failures)
		row = later();
	cr_expect(strstr(row.error, "/in?x=1 answers 503: busy"), "%s", row.error);
	while (!row.delivered)
		row = later();
	hooks_free(h);
	shutdown(l.fd, SHUT_RDWR);
	pthread_join(thread, NULL);
	close(l.fd);
	cr_expect_eq(l.requests, 2);
	cr_expect_eq(strncmp(l.body, "POST /in?x=1 ", 13), 0);
	cr_expect(strstr(l.body, "\"hook\":\"keep\"") && strstr(l.body, "drift.detected"));
}
