/*
 * A controld that is killed at a chosen write of its journal. Agents live in the test's process;
 * controld runs in a process of its own, made by a helper process that was forked before there were
 * any threads, so that the killing takes nothing else along.
 *
 * A journal write is a transaction that changes operations or steps. The kill is by SIGKILL, right
 * before or right after its COMMIT: what was done is not written yet, or what is written is not
 * done yet.
 */
#pragma once

#include <criterion/criterion.h>
#include <signal.h>
#include <sqlite3.h>
#include <stdbool.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "control/store/lease.h"
#include "tests/unit/control/fake_cluster.h"

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
static int crash_writes;               /* journal writes so far; one thread makes them */
static int crash_helper = -1;          /* socket to the helper */
static __thread bool crash_journals;   /* this thread's transaction touches the journal */

static inline bool crash_is_journal(const char *sql)
{
	return sp_str_starts(sql, "UPDATE operations SET") || sp_str_starts(sql, "UPDATE steps") ||
	       sp_str_starts(sql, "INSERT INTO steps");
}

static inline int crash_trace(unsigned int what, void *ctx, void *stmt, void *x)
{
	const char *sql = sqlite3_sql(stmt);
	bool commits = sp_str_eq(sql, "COMMIT"), begins = what == SQLITE_TRACE_STMT;

	(void)ctx;
	(void)x;
	if (crash_is_journal(sql))
		crash_journals = true;
	if (!commits || !crash_journals)
		return 0;
	if (begins)
		crash_writes++;
	else
		crash_journals = false;
	if (crash_writes == crash_order.at &&
	    crash_order.when == (begins ? CRASH_BEFORE : CRASH_AFTER))
		kill(getpid(), SIGKILL);
	return 0;
}

static inline int crash_hook(sqlite3 *db, char **message, const void *api)
{
	(void)message;
	(void)api;
	sqlite3_trace_v2(db, SQLITE_TRACE_STMT | SQLITE_TRACE_PROFILE, crash_trace, NULL);
	return 0;
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
	sqlite3_auto_extension((void (*)(void))crash_hook);
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
