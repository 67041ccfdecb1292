/* Logs: no line is lost and none doubled, whenever the agent is killed. */
#include "agentd/logs.h"

#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <sys/wait.h>

#include "tests/unit/agentd/logs_test.h"

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

/* A container that prints as fast as it can, and an agent killed at any instant, many times. Each
 * lives a little longer, so that a slow machine gets on too. */
static void kill_at_random(enum sp_loop_backend kind)
{
	struct world w = { 0 };
	struct writer writer = { .lines = 60000 };
	pthread_t thread;
	int status, life_us = 6000;

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

		usleep((useconds_t)(rand() % life_us));
		life_us += life_us / 50;
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
