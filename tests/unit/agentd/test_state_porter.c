/* The porter: carries bytes both ways, lets in whom it may, drops descriptors, is followed by
 * another one when it dies, and goes. */
#include "agentd/state_porter.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/mem.h"

#define OUTSIDE "out.sock"
#define INSIDE  "in.sock"

static struct sp_loop *loop;
static struct state_porter *porter;
static int inside;
static char dir[] = "/tmp/spporter.XXXXXX";

static void setup(void)
{
	struct sockaddr_un at = { .sun_family = AF_UNIX, .sun_path = INSIDE };

	cr_assert(mkdtemp(dir) && chdir(dir) == 0);
	cr_assert_eq(sp_loop_new(SP_LOOP_ANY, &loop, NULL), 0);
	inside = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	cr_assert_eq(bind(inside, (struct sockaddr *)&at, sizeof(at)), 0);
	cr_assert_eq(listen(inside, 64), 0);
}

static void start(uint32_t first_uid)
{
	const struct state_porter_conf conf = { OUTSIDE, INSIDE, first_uid, 1 };
	struct sp_err err = { 0 };

	cr_assert_eq(state_porter_start(loop, &conf, &porter, &err), 0, "%s", err.message);
}

static void teardown(void)
{
	state_porter_end(porter);
	cr_expect_lt(access(OUTSIDE, F_OK), 0, "its socket goes with it");
	for (int i = 0; i < 10; i++)
		sp_loop_run_once(loop, 20000000, NULL);
	sp_loop_free(loop);
	close(inside);
	cr_expect_eq(unlink(INSIDE), 0);
	cr_expect_eq(chdir("/"), 0);
	cr_expect_eq(rmdir(dir), 0, "%s", strerror(errno));
}

TestSuite(state_porter, .init = setup, .fini = teardown, .timeout = 30);

static int dial(void)
{
	struct sockaddr_un to = { .sun_family = AF_UNIX, .sun_path = OUTSIDE };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	cr_assert_eq(connect(fd, (struct sockaddr *)&to, sizeof(to)), 0);
	return fd;
}

static void expect_read(int fd, const char *text)
{
	char have[64] = { 0 };

	cr_assert_eq(recv(fd, have, strlen(text), MSG_WAITALL), (ssize_t)strlen(text));
	cr_expect_str_eq(have, text);
}

Test(state_porter, carries_bytes_both_ways_and_the_end_of_them)
{
	autoclose int client = -1, agent = -1;
	struct stat st;

	start(geteuid());
	cr_assert_eq(stat(OUTSIDE, &st), 0);
	cr_expect_eq(st.st_mode & 07777, 0666);
	client = dial();
	agent = accept4(inside, NULL, NULL, SOCK_CLOEXEC);
	cr_expect_eq(write(client, "ask", 3), 3);
	expect_read(agent, "ask");
	cr_expect_eq(write(agent, "answer", 6), 6);
	expect_read(client, "answer");
	cr_expect_eq(shutdown(client, SHUT_WR), 0);
	expect_read(agent, "");
	cr_expect_eq(write(agent, "late", 4), 4);
	sp_close(&agent);
	expect_read(client, "late");
	cr_expect_eq(read(client, &(char){ 0 }, 1), 0);
}

Test(state_porter, carries_much_through_a_slow_reader)
{
	static char sent[1 << 20], got[1 << 20];
	autoclose int client = -1, agent = -1;
	size_t out = 0, in = 0;

	start(geteuid());
	client = dial();
	agent = accept4(inside, NULL, NULL, SOCK_CLOEXEC);
	for (size_t i = 0; i < sizeof(sent); i++)
		sent[i] = (char)(i * 7 >> 3);
	while (in < sizeof(got)) {
		ssize_t n = out < sizeof(sent)
				    ? send(client, sent + out, sizeof(sent) - out, MSG_DONTWAIT)
				    : 0;

		out += n > 0 ? (size_t)n : 0;
		n = recv(agent, got + in, sizeof(got) - in < 5000 ? sizeof(got) - in : 5000, 0);
		cr_assert_gt(n, 0);
		in += (size_t)n;
	}
	cr_expect_eq(memcmp(sent, got, sizeof(got)), 0);
}

Test(state_porter, turns_away_whoever_is_not_of_the_container)
{
	autoclose int client = -1;

	start(geteuid() + 1);
	client = dial();
	cr_expect_eq(read(client, &(char){ 0 }, 1), 0);
	cr_expect_eq(poll(&(struct pollfd){ inside, POLLIN, 0 }, 1, 0), 0, "the agent never knew");
}

Test(state_porter, serves_no_more_than_so_many_at_once_and_then_the_next)
{
	int clients[STATE_PORTER_PASSAGES + 1], agents[STATE_PORTER_PASSAGES];

	start(geteuid());
	for (size_t i = 0; i < SP_COUNT(clients); i++)
		clients[i] = dial();
	for (size_t i = 0; i < SP_COUNT(agents); i++)
		agents[i] = accept4(inside, NULL, NULL, SOCK_CLOEXEC);
	cr_expect_eq(poll(&(struct pollfd){ inside, POLLIN, 0 }, 1, 50), 0);
	close(agents[0]);
	agents[0] = accept4(inside, NULL, NULL, SOCK_CLOEXEC);
	cr_expect_geq(agents[0], 0);
	for (size_t i = 0; i < SP_COUNT(clients); i++)
		close(clients[i]);
	for (size_t i = 0; i < SP_COUNT(agents); i++)
		close(agents[i]);
}

Test(state_porter, drops_descriptors_that_come_along)
{
	char space[CMSG_SPACE(sizeof(int))] = { 0 }, byte = 'x';
	struct iovec bytes = { &byte, 1 };
	struct msghdr message = { .msg_iov = &bytes,
				  .msg_iovlen = 1,
				  .msg_control = space,
				  .msg_controllen = sizeof(space) };
	struct cmsghdr *c = CMSG_FIRSTHDR(&message);
	autoclose int client = -1, agent = -1;
	int pipes[2];

	start(geteuid());
	client = dial();
	agent = accept4(inside, NULL, NULL, SOCK_CLOEXEC);
	cr_assert_eq(pipe2(pipes, O_CLOEXEC), 0);
	c->cmsg_level = SOL_SOCKET;
	c->cmsg_type = SCM_RIGHTS;
	c->cmsg_len = CMSG_LEN(sizeof(int));
	memcpy(CMSG_DATA(c), &pipes[1], sizeof(int));
	cr_assert_eq(sendmsg(client, &message, 0), 1);
	close(pipes[1]);
	expect_read(agent, "x");
	cr_expect_eq(read(pipes[0], &byte, 1), 0, "the last one that could write is gone");
	close(pipes[0]);
}

/* The only child of this test. */
static pid_t porter_pid(void)
{
	char path[64], text[32] = "";
	autoclose int fd = -1;

	snprintf(path, sizeof(path), "/proc/self/task/%d/children", (int)gettid());
	fd = open(path, O_RDONLY | O_CLOEXEC);
	cr_assert_geq(read(fd, text, sizeof(text) - 1), 0, "%s", strerror(errno));
	return (pid_t)strtol(text, NULL, 10);
}

static void turn_until(bool runs)
{
	for (int i = 0; i < 500 && (porter_pid() != 0) != runs; i++)
		sp_loop_run_once(loop, 20000000, NULL);
	cr_assert_eq(porter_pid() != 0, runs);
}

static void kill_porter(void)
{
	cr_assert_eq(kill(porter_pid(), SIGKILL), 0);
	turn_until(false);
}

Test(state_porter, killed_it_is_followed_by_another_that_serves_who_came_meanwhile)
{
	autoclose int cut = -1, client = -1, agent = -1, cut_agent = -1;

	start(geteuid());
	cut = dial();
	cut_agent = accept4(inside, NULL, NULL, SOCK_CLOEXEC);
	kill_porter();
	cr_expect_eq(read(cut, &(char){ 0 }, 1), 0);
	cr_expect_eq(read(cut_agent, &(char){ 0 }, 1), 0);
	client = dial();
	cr_expect_eq(write(client, "ask", 3), 3);
	turn_until(true);
	agent = accept4(inside, NULL, NULL, SOCK_CLOEXEC);
	expect_read(agent, "ask");
	cr_expect_eq(write(agent, "answer", 6), 6);
	expect_read(client, "answer");
}

Test(state_porter, is_started_as_often_as_it_dies)
{
	start(geteuid());
	for (int i = 0; i < 4; i++) {
		kill_porter();
		turn_until(true);
	}
}

Test(state_porter, ended_while_none_runs_it_is_not_started_again)
{
	start(geteuid());
	kill_porter();
	state_porter_end(take_ptr(porter));
	for (int i = 0; i < 10; i++)
		sp_loop_run_once(loop, 20000000, NULL);
	cr_expect_eq(porter_pid(), 0);
}
