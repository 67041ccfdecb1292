/*
 * A controld that is killed at a chosen write of its journal. Agents live in the test's process;
 * controld runs in a process of its own, made by a helper process that was forked before there were
 * any threads, so that the killing takes nothing else along.
 *
 * The kill is by SIGKILL, right before or right after the COMMIT of a journal write (journal.h):
 * what was done is not written yet, or what is written is not done yet.
 */
#pragma once

#include <criterion/criterion.h>
#include <signal.h>
#include <stdbool.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "control/store/lease.h"
#include "tests/unit/control/fake_cluster.h"
#include "tests/unit/control/journal.h"

enum crash_when { CRASH_NEVER, CRASH_BEFORE, CRASH_AFTER };

/* What a controld is to do. */
struct crash_order {
	char kind[16];      /* "": only take over what there is */
	char request[8192]; /* of the operation to begin */
	enum crash_when when;
	int at; /* number of the journal write, from 1 */
};

#define CRASH_DEADLINE_NS (60 * SP_NS_PER_S)

static struct crash_order crash_order; /* of this process */
static int crash_helper = -1;          /* socket to the helper */

static inline void crash_at(int number, bool committed)
{
	if (number == crash_order.at &&
	    crash_order.when == (committed ? CRASH_AFTER : CRASH_BEFORE))
		kill(getpid(), SIGKILL);
}

/* How many operations are unfinished. */
static inline size_t crash_running(void)
{
	char ids[8][STORE_NAME_MAX];
	size_t n = 0;

	cr_assert_eq(store_lease_orphans(s, c.runner, ids, 8, &n, &err), 0, "%s", err.message);
	return n;
}

/* A controld's life, until nothing runs any more. */
static inline void crash_control(void)
{
	int64_t deadline;
	char id[STORE_NAME_MAX];

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	journal_watch(crash_at);
	open_control();
	if (*crash_order.kind)
		begin(crash_order.kind, crash_order.request, id);
	deadline = sp_time_mono_ns() + CRASH_DEADLINE_NS;
	for (;;) {
		uint64_t mark = watch_mark(c.watch);

		if (!crash_running())
			break;
		if (!watch_wait(c.watch, mark, deadline))
			_exit(2);
	}
	store_pool_give(c.stores, s);
	control_close(&c);
	_exit(0);
}

static inline void crash_serve(int fd)
{
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	while (read(fd, &crash_order, sizeof(crash_order)) == (ssize_t)sizeof(crash_order)) {
		int status = 0;
		pid_t pid = fork();

		if (pid == 0)
			crash_control();
		if (pid < 0 || waitpid(pid, &status, 0) != pid ||
		    write(fd, &status, sizeof(status)) != (ssize_t)sizeof(status))
			break;
	}
	_exit(0);
}

/* Before any thread, and after scratch_make(). */
static inline void crash_start(void)
{
	int fds[2];
	pid_t pid;

	cr_assert_eq(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, fds), 0);
	pid = fork();
	cr_assert_geq(pid, 0);
	if (pid == 0)
		crash_serve(fds[1]);
	close(fds[1]);
	crash_helper = fds[0];
}

/* Run a controld; true: it was killed, false: it came to its end. */
static inline bool crash_run(const struct crash_order *order)
{
	int status = 0;

	cr_assert_eq(write(crash_helper, order, sizeof(*order)), (ssize_t)sizeof(*order));
	cr_assert_eq(read(crash_helper, &status, sizeof(status)), (ssize_t)sizeof(status));
	if (WIFSIGNALED(status)) {
		cr_assert_eq(WTERMSIG(status), SIGKILL);
		return true;
	}
	cr_assert_eq(WEXITSTATUS(status), 0, "controld ended with %d", WEXITSTATUS(status));
	return false;
}
