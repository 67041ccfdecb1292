/* Logs: lines in CRI format, none lost and none doubled whenever the agent is killed. */
#include "agentd/logs.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "agentd/logs_impl.h"
#include "base/fd.h"
#include "base/path.h"
#include "base/str.h"

#define ROUNDS_MAX 20000

struct place {
	char dir[64], run[80], log[80];
	struct logs_conf conf;
};

static void place_open(struct place *p)
{
	snprintf(p->dir, sizeof(p->dir), "/tmp/sp-logs-XXXXXX");
	cr_assert_not_null(mkdtemp(p->dir));
	snprintf(p->run, sizeof(p->run), "%s/run", p->dir);
	snprintf(p->log, sizeof(p->log), "%s/log", p->dir);
	p->conf = (struct logs_conf){ .run_dir = p->run, .log_dir = p->log, .id = "demo-api-1" };
}

static void place_close(struct place *p)
{
	cr_expect_eq(sp_remove_tree_at(AT_FDCWD, p->dir, NULL), 0);
}

struct world {
	struct place place;
	struct sp_loop *loop;
	struct logs *l;
	int out, errors; /* the container's ends */
};

static void world_open(struct world *w, enum sp_loop_backend kind)
{
	struct sp_err err = { 0 };

	if (sp_loop_new(kind, &w->loop, &err) < 0 && kind == SP_LOOP_URING)
		cr_skip_test("io_uring is refused here");
	cr_assert_eq(logs_open(w->loop, &w->place.conf, &w->l, &err), 0, "%s", err.message);
	cr_assert_eq(logs_stdio(w->l, &w->out, &w->errors, &err), 0, "%s", err.message);
}

static void run_rounds(struct world *w, int n)
{
	while (n--)
		cr_assert_eq(sp_loop_run_once(w->loop, 4 * SP_NS_PER_MS, NULL), 0);
}

static void world_close(struct world *w)
{
	logs_close(w->l);
	for (int i = 0; i < 3; i++)
		cr_assert_eq(sp_loop_run_once(w->loop, 0, NULL), 0);
	sp_loop_free(w->loop);
	close(w->out);
	close(w->errors);
}

static void say(int fd, const char *text)
{
	cr_assert_eq(sp_write_all(fd, text, strlen(text)), 0);
}

/* All there is to read, through the cursor that the API uses. */
static void read_all(struct logs *l, const struct place *p, const struct logs_query *q,
		     struct sp_buf *out)
{
	struct sp_httpd_source source;
	struct sp_err err = { 0 };
	char block[1000];
	ssize_t n;

	cr_assert_eq(logs_source(l, p->log, p->conf.id, q, NULL, &source, &err), 0, "%s",
		     err.message);
	while ((n = source.read(source.state, block, sizeof(block))) > 0)
		sp_buf_append(out, block, (size_t)n);
	cr_expect_eq(n, q->follow ? 0 : -1);
	source.close(source.state);
	sp_buf_puts(out, "");
}

static const struct logs_query everything = { .tail = -1 };

/* The messages alone, with stream and tag: "stdout F hello|..." */
static void expect_log(struct world *w, const struct logs_query *q, const char *want)
{
	autobuf struct sp_buf text = SP_BUF_INIT, got = SP_BUF_INIT;

	read_all(w->l, &w->place, q, &text);
	for (char *line = text.data; line && *line;) {
		char *end = strchr(line, '\n');

		*end = '\0';
		sp_buf_printf(&got, "%s|", line + SP_TIME_STAMP_MAX);
		line = end + 1;
	}
	cr_expect_str_eq(got.data ? got.data : "", want);
}

#define LOGS_TEST(name)                                    \
	static void name(struct world *w);                 \
	static void with_##name(enum sp_loop_backend kind) \
	{                                                  \
		struct world w = { 0 };                    \
		place_open(&w.place);                      \
		world_open(&w, kind);                      \
		name(&w);                                  \
		world_close(&w);                           \
		place_close(&w.place);                     \
	}                                                  \
	Test(logs_uring, name)                             \
	{                                                  \
		with_##name(SP_LOOP_URING);                \
	}                                                  \
	Test(logs_epoll, name)                             \
	{                                                  \
		with_##name(SP_LOOP_EPOLL);                \
	}                                                  \
	static void name(struct world *w)

Test(logs, bytes_become_cri_lines)
{
	static const struct {
		const char *in, *out;
		size_t used;
		bool end;
	} table[] = {
		{ "", "", 0, true },
		{ "a\n", "F a|", 2, false },
		{ "a\nb\n", "F a|F b|", 4, false },
		{ "a\n\nb", "F a|F |", 3, false },
		{ "a\n\nb", "F a|F |F b|", 4, true },
		{ "\n", "F |", 1, false },
		{ "half", "", 0, false },
	};
	char out[4096];

	for (size_t i = 0; i < SP_COUNT(table); i++) {
		autobuf struct sp_buf got = SP_BUF_INIT;
		size_t used, n = logs_cri_format(1, SP_NS_PER_S, table[i].in, strlen(table[i].in),
						 table[i].end, out, sizeof(out), &used);

		for (size_t at = 0; at < n;) {
			char *end = memchr(out + at, '\n', n - at);

			cr_assert_eq(memcmp(out + at, "1970-01-01T00:00:01.000000000Z stderr ", 38),
				     0);
			*end = '\0';
			sp_buf_printf(&got, "%s|", out + at + 38);
			at = (size_t)(end - out) + 1;
		}
		cr_expect_str_eq(got.data ? got.data : "", table[i].out, "case %zu", i);
		cr_expect_eq(used, table[i].used, "case %zu", i);
	}
}

Test(logs, a_full_output_buffer_stops_at_a_whole_line)
{
	char out[2 * (LOGS_HEAD_LEN + 4) + 1];
	size_t used;

	cr_expect_eq(logs_cri_format(0, 0, "aaa\nbbb\nccc\n", 12, false, out, sizeof(out), &used),
		     2 * (LOGS_HEAD_LEN + 4));
	cr_expect_eq(used, 8);
}

LOGS_TEST(both_streams_arrive_and_an_unfinished_line_waits)
{
	say(w->out, "one\ntwo\nthr");
	say(w->errors, "oops\n");
	run_rounds(w, 5);
	expect_log(w, &everything, "stdout F one|stdout F two|stderr F oops|");
	say(w->out, "ee\n");
	run_rounds(w, 5);
	expect_log(w, &everything, "stdout F one|stdout F two|stderr F oops|stdout F three|");
	say(w->out, "the end");
	logs_drain(w->l);
	expect_log(w, &(struct logs_query){ .tail = 1 }, "stdout F the end|");
}

LOGS_TEST(a_long_line_is_written_in_parts)
{
	static const struct {
		size_t len;
		const char *tags;
	} table[] = { { LOGS_LINE_MAX, "F" },
		      { LOGS_LINE_MAX + 1, "PF" },
		      { 2 * LOGS_LINE_MAX, "PF" },
		      { 3 * LOGS_LINE_MAX + 5, "PPPF" } };
	static char line[4 * LOGS_LINE_MAX];

	for (size_t i = 0; i < SP_COUNT(table); i++) {
		autobuf struct sp_buf text = SP_BUF_INIT;
		size_t total = 0, parts = 0;

		memset(line, 'x', table[i].len);
		line[table[i].len] = '\n';
		cr_assert_eq(sp_write_all(w->out, line, table[i].len + 1), 0);
		logs_drain(w->l);
		read_all(w->l, &w->place, &(struct logs_query){ .tail = 1 }, &text);
		for (char *at = text.data; at && *at; at = strchr(at, '\n') + 1) {
			cr_expect_eq(at[LOGS_TAG_AT], table[i].tags[parts++]);
			total += (size_t)(strchr(at, '\n') - at) - LOGS_HEAD_LEN;
		}
		cr_expect_eq(parts, strlen(table[i].tags), "%zu bytes", table[i].len);
		cr_expect_eq(total, table[i].len);
	}
}

static void say_numbers(int fd, int from, int to)
{
	autobuf struct sp_buf b = SP_BUF_INIT;

	for (int i = from; i < to; i++)
		sp_buf_printf(&b, "%d %.*s\n", i, i % 150,
			      "................................................................"
			      "................................................................"
			      "......................");
	if (b.len)
		cr_assert_eq(sp_write_all(fd, b.data, b.len), 0);
}

/* Every line of from..to once, in order; 0 or the number at which it goes wrong. */
static int check_numbers(const char *text, int from, int to)
{
	const char *at = text ? text : "";

	for (int i = from; i < to; i++) {
		int got = -1, dots;
		const char *end = strchr(at, '\n');

		if (!end || sscanf(at + LOGS_HEAD_LEN, "%d", &got) != 1 || got != i)
			return i ? i : -1;
		dots = (int)(end - at) - (int)LOGS_HEAD_LEN - snprintf(NULL, 0, "%d ", i);
		if (dots != i % 150)
			return i ? i : -1;
		at = end + 1;
	}
	return *at ? to : 0;
}

Test(logs, files_are_rotated_and_the_oldest_go)
{
	struct world w = { 0 };
	autobuf struct sp_buf text = SP_BUF_INIT;
	uint64_t low, high;
	int first;

	place_open(&w.place);
	w.place.conf.file_bytes = 20000;
	w.place.conf.files = 3;
	world_open(&w, SP_LOOP_ANY);
	for (int i = 0; i < 2000; i += 100) {
		say_numbers(w.out, i, i + 100);
		logs_drain(w.l);
	}
	cr_assert(logs_numbers(w.l->files.dirfd, &low, &high));
	cr_expect_eq(high - low, 2);
	cr_expect_gt(low, 1);
	read_all(w.l, &w.place, &everything, &text);
	cr_assert_eq(sscanf(text.data + LOGS_HEAD_LEN, "%d", &first), 1);
	cr_expect_gt(first, 1000);
	cr_expect_eq(check_numbers(text.data, first, 2000), 0, "nothing missing in what is kept");
	for (uint64_t n = low; n <= high; n++) {
		int fd = logs_open_number(w.l->files.dirfd, n, O_RDONLY);

		cr_expect_leq(logs_size(w.l, n, fd), 20000);
		close(fd);
	}
	world_close(&w);
	place_close(&w.place);
}

/* ---- kill -9 ---- */

static int steps_left;

static void kill_at_step(enum logs_step step)
{
	(void)step;
	if (--steps_left == 0)
		raise(SIGKILL);
}

/* An agent that takes everything and leaves; true when it was not killed before. */
static bool run_agent(const struct place *p, int kill_step)
{
	int status;
	pid_t pid = fork();

	cr_assert_geq(pid, 0);
	if (pid == 0) {
		struct sp_loop *loop;
		struct logs *l;

		steps_left = kill_step;
		logs_step_hook = kill_at_step;
		if (sp_loop_new(SP_LOOP_EPOLL, &loop, NULL) < 0 ||
		    logs_open(loop, &p->conf, &l, NULL) < 0)
			_exit(1);
		for (int i = 0; i < 3; i++)
			if (sp_loop_run_once(loop, 0, NULL) < 0)
				_exit(1);
		logs_drain(l);
		_exit(0);
	}
	cr_assert_eq(waitpid(pid, &status, 0), pid);
	cr_assert(WIFSIGNALED(status) || WEXITSTATUS(status) == 0);
	return !WIFSIGNALED(status);
}

/* The lines of one stream of the log on disk. */
static void read_stream(const struct place *p, int stream, struct sp_buf *out)
{
	autobuf struct sp_buf text = SP_BUF_INIT;

	read_all(NULL, p, &everything, &text);
	for (const char *line = text.data ? text.data : ""; *line;) {
		size_t len = strcspn(line, "\n") + 1;

		if (!memcmp(line + SP_TIME_STAMP_MAX, logs_stream_names[stream], LOGS_STREAM_LEN))
			sp_buf_append(out, line, len);
		line += len;
	}
	sp_buf_puts(out, "");
}

static void expect_exactly(const struct place *p, int out_lines, int error_lines, int kill_step)
{
	autobuf struct sp_buf out = SP_BUF_INIT, errors = SP_BUF_INIT;

	read_stream(p, 0, &out);
	read_stream(p, 1, &errors);
	cr_assert_eq(check_numbers(out.data, 0, out_lines), 0, "stdout, killed at step %d",
		     kill_step);
	cr_assert_eq(check_numbers(errors.data, 0, error_lines), 0, "stderr, killed at step %d",
		     kill_step);
}

/* Kill at the n-th step for every n there is; the next agent, or the one after, makes it good. */
static void kill_everywhere(int times)
{
	bool survived = false;

	for (int n = 1; !survived; n++) {
		struct world w = { 0 };
		int out, errors;

		place_open(&w.place);
		w.place.conf.file_bytes = 40000;
		w.place.conf.files = 100;
		world_open(&w, SP_LOOP_EPOLL);
		out = dup(w.out), errors = dup(w.errors);
		world_close(&w);
		say_numbers(out, 0, 1500);
		say_numbers(errors, 0, 300);
		survived = true;
		for (int i = 0; i < times; i++)
			survived &= run_agent(&w.place, n);
		cr_assert(run_agent(&w.place, 0));
		expect_exactly(&w.place, 1500, 300, n);
		close(out);
		close(errors);
		place_close(&w.place);
		cr_assert_lt(n, 500);
		if (survived)
			cr_expect_gt(n, 20, "the steps were really gone through");
	}
}

Test(logs, killed_at_every_step_no_line_is_lost_or_doubled)
{
	kill_everywhere(1);
}

Test(logs, killed_again_and_again_at_the_same_step)
{
	kill_everywhere(4);
}

struct writer {
	int fd, lines;
	atomic_bool done;
};

static void *run_writer(void *arg)
{
	struct writer *w = arg;

	for (int i = 0; i < w->lines; i += 50)
		say_numbers(w->fd, i, i + 50);
	atomic_store(&w->done, true);
	return NULL;
}

static pid_t start_agent(const struct place *p, enum sp_loop_backend kind)
{
	pid_t pid = fork();
	struct sp_loop *loop;
	struct logs *l;

	cr_assert_geq(pid, 0);
	if (pid)
		return pid;
	if (sp_loop_new(kind, &loop, NULL) < 0 || logs_open(loop, &p->conf, &l, NULL) < 0)
		_exit(1);
	for (;;)
		if (sp_loop_run_once(loop, -1, NULL) < 0)
			_exit(1);
}

/* A container that prints as fast as it can, and an agent killed at any instant, many times. */
static void kill_at_random(enum sp_loop_backend kind)
{
	struct world w = { 0 };
	struct writer writer = { .lines = 60000 };
	pthread_t thread;
	int status;

	place_open(&w.place);
	w.place.conf.file_bytes = 200000;
	w.place.conf.files = 1000;
	world_open(&w, kind);
	writer.fd = dup(w.out);
	world_close(&w);
	pthread_create(&thread, NULL, run_writer, &writer);
	srand(11);
	while (!atomic_load(&writer.done)) {
		pid_t pid = start_agent(&w.place, kind);

		usleep((useconds_t)(rand() % 6000));
		kill(pid, SIGKILL);
		cr_assert_eq(waitpid(pid, &status, 0), pid);
		cr_assert(WIFSIGNALED(status));
	}
	pthread_join(thread, NULL);
	cr_assert(run_agent(&w.place, 0));
	expect_exactly(&w.place, writer.lines, 0, 0);
	close(writer.fd);
	place_close(&w.place);
}

Test(logs_uring, killed_at_random_under_a_fast_writer)
{
	kill_at_random(SP_LOOP_URING);
}

Test(logs_epoll, killed_at_random_under_a_fast_writer)
{
	kill_at_random(SP_LOOP_EPOLL);
}

/* ---- reading back ---- */

Test(logs, tail_and_since_find_their_line_across_files)
{
	struct world w = { 0 };
	autobuf struct sp_buf text = SP_BUF_INIT;
	static const int tails[] = { 0, 1, 2, 7, 150, 999, 1000, 5000 };

	place_open(&w.place);
	w.place.conf.file_bytes = 20000;
	w.place.conf.files = 100;
	world_open(&w, SP_LOOP_ANY);
	for (int i = 0; i < 1000; i += 50) {
		say_numbers(w.out, i, i + 50);
		logs_drain(w.l);
	}
	for (size_t i = 0; i < SP_COUNT(tails); i++) {
		autobuf struct sp_buf got = SP_BUF_INIT;
		int from = tails[i] < 1000 ? 1000 - tails[i] : 0;

		read_all(w.l, &w.place, &(struct logs_query){ .tail = tails[i] }, &got);
		cr_expect_eq(check_numbers(got.data, from, 1000), 0, "tail %d", tails[i]);
	}
	read_all(w.l, &w.place, &everything, &text);
	for (int want = 0; want < 1000; want += 50) {
		autobuf struct sp_buf got = SP_BUF_INIT;
		struct logs_query q = { .tail = -1 };
		char *at = text.data;

		for (int i = 0; i < want; i++)
			at = strchr(at, '\n') + 1;
		cr_assert_eq(sp_time_parse(strndupa(at, SP_TIME_STAMP_MAX - 1), &q.since_ns, NULL),
			     0);
		read_all(w.l, &w.place, &q, &got);
		cr_expect_eq(check_numbers(got.data, want, 1000), 0, "since line %d", want);
		q.since_ns = INT64_MAX;
		sp_buf_clear(&got);
		read_all(w.l, &w.place, &q, &got);
		cr_expect_eq(got.len, 0);
	}
	world_close(&w);
	place_close(&w.place);
}

LOGS_TEST(a_follower_gets_new_lines_across_rotation_and_ends_with_the_log)
{
	struct sp_httpd_source source;
	struct logs_query q = { .tail = -1, .follow = true };
	autobuf struct sp_buf text = SP_BUF_INIT;
	char block[4096];
	ssize_t n;

	w->l->files.file_bytes = 20000;
	w->l->files.keep = 100;
	cr_assert_eq(logs_source(w->l, w->place.log, w->place.conf.id, &q, NULL, &source, NULL), 0);
	cr_expect_eq(source.read(source.state, block, sizeof(block)), 0);
	for (int i = 0; i < 1000; i += 100) {
		say_numbers(w->out, i, i + 100);
		logs_drain(w->l);
		while ((n = source.read(source.state, block, sizeof(block))) > 0)
			sp_buf_append(&text, block, (size_t)n);
		cr_expect_eq(n, 0);
	}
	cr_expect_eq(check_numbers(text.data, 0, 1000), 0);
	logs_close(w->l);
	run_rounds(w, 2);
	cr_expect_eq(source.read(source.state, block, sizeof(block)), -1);
	source.close(source.state);
	cr_assert_eq(logs_open(w->loop, &w->place.conf, &w->l, NULL), 0);
}

LOGS_TEST(the_log_outlives_its_workload)
{
	autobuf struct sp_buf text = SP_BUF_INIT;
	struct sp_httpd_source source;
	struct sp_err err = { 0 };

	say(w->out, "last words\n");
	logs_drain(w->l);
	logs_close(w->l);
	run_rounds(w, 2);
	cr_assert_eq(logs_forget(w->place.run, w->place.conf.id, NULL), 0);
	cr_assert_eq(logs_forget(w->place.run, w->place.conf.id, NULL), 0, "twice is fine");
	read_all(NULL, &w->place, &everything, &text);
	cr_expect(text.data && strstr(text.data, "stdout F last words\n"));
	cr_expect_eq(logs_source(NULL, w->place.log, "nobody", &everything, NULL, &source, &err),
		     -ENOENT);
	cr_assert_eq(logs_open(w->loop, &w->place.conf, &w->l, NULL), 0);
	expect_log(w, &everything, "stdout F last words|");
}

LOGS_TEST(evidence_is_the_last_messages_within_its_cap)
{
	autobuf struct sp_buf got = SP_BUF_INIT;
	static char line[9000];

	say(w->out, "one\ntwo\nthree\n");
	logs_drain(w->l);
	cr_assert_eq(logs_last(w->l, 2, &got, NULL), 0);
	cr_expect_str_eq(got.data, "two\nthree\n");
	memset(line, 'y', sizeof(line) - 2);
	line[sizeof(line) - 2] = '\n';
	say(w->out, line);
	logs_drain(w->l);
	sp_buf_clear(&got);
	cr_assert_eq(logs_last(w->l, 2, &got, NULL), 0);
	cr_expect_eq(got.len, 4096);
	cr_expect_eq(got.data[got.len - 1], '\n');
}

/* ---- trouble ---- */

Test(logs, a_full_disk_is_back_pressure_and_loses_nothing)
{
	struct world w = { 0 };
	char filler[128];
	autobuf struct sp_buf text = SP_BUF_INIT;
	int fd;

	if (unshare(CLONE_NEWNS) < 0)
		cr_skip_test("not allowed to make a mount namespace");
	cr_assert_eq(mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL), 0);
	place_open(&w.place);
	cr_assert_eq(sp_mkdirs(w.place.log, 0700, NULL), 0);
	cr_assert_eq(mount("tmpfs", w.place.log, "tmpfs", 0, "size=128k"), 0);
	world_open(&w, SP_LOOP_ANY);
	snprintf(filler, sizeof(filler), "%s/filler", w.place.log);
	fd = open(filler, O_CREAT | O_WRONLY | O_CLOEXEC, 0600);
	cr_assert_eq(fallocate(fd, 0, 0, 100 << 10), 0);
	close(fd);
	say_numbers(w.out, 0, 500);
	run_rounds(&w, 5);
	cr_expect(w.l->stalled);
	cr_assert_eq(unlink(filler), 0);
	logs_drain(w.l);
	cr_expect_not(w.l->stalled);
	read_all(w.l, &w.place, &everything, &text);
	cr_expect_eq(check_numbers(text.data, 0, 500), 0);
	world_close(&w);
	cr_expect_eq(umount2(w.place.log, MNT_DETACH), 0);
	place_close(&w.place);
}

Test(logs, a_damaged_ledger_starts_a_new_file)
{
	struct world w = { 0 };
	char path[256];
	uint64_t low, high;
	int fd;

	place_open(&w.place);
	world_open(&w, SP_LOOP_ANY);
	say(w.out, "one\n");
	logs_drain(w.l);
	world_close(&w);
	snprintf(path, sizeof(path), "%s/%s/ledger", w.place.run, w.place.conf.id);
	fd = open(path, O_WRONLY | O_CLOEXEC);
	cr_assert_eq(pwrite(fd, "garbage", 7, 8), 7);
	close(fd);
	world_open(&w, SP_LOOP_ANY);
	cr_assert(logs_numbers(w.l->files.dirfd, &low, &high));
	cr_expect_eq(low, 1);
	cr_expect_eq(high, 2);
	world_close(&w);
	place_close(&w.place);
}

Test(logs, directories_and_files_are_closed_to_others)
{
	static const char *const names[] = { "run/demo-api-1", "log/demo-api-1" };
	struct world w = { 0 };
	struct stat st;

	place_open(&w.place);
	world_open(&w, SP_LOOP_ANY);
	for (size_t i = 0; i < SP_COUNT(names); i++) {
		char path[256];

		snprintf(path, sizeof(path), "%s/%s", w.place.dir, names[i]);
		cr_assert_eq(stat(path, &st), 0);
		cr_expect_eq(st.st_mode & 0777, 0700, "%s", path);
	}
	world_close(&w);
	place_close(&w.place);
}
