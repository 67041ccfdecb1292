/* A PostgreSQL server of a test's own, for those that kill it (tests/postgres). */
#pragma once

#include <criterion/criterion.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static char server_dir[64];

/* option: of a start, "max_connections=10"; NULL: none */
static inline void server_do_with(const char *verb, const char *option)
{
	int status = 0, log;
	pid_t pid = fork();

	cr_assert_geq(pid, 0);
	if (pid == 0) {
		log = open("/dev/null", O_WRONLY);
		dup2(log, STDOUT_FILENO);
		dup2(log, STDERR_FILENO);
		execl("tests/postgres", "tests/postgres", verb, server_dir, option, NULL);
		_exit(127);
	}
	cr_assert_eq(waitpid(pid, &status, 0), pid);
	cr_assert_eq(WEXITSTATUS(status), 0, "tests/postgres %s: %d", verb, WEXITSTATUS(status));
}

static inline void server_do(const char *verb)
{
	server_do_with(verb, NULL);
}

static inline void server_start_with(const char *option)
{
	if (!getenv("SP_TEST_POSTGRES"))
		cr_skip_test("no PostgreSQL: run it with tests/run");
	snprintf(server_dir, sizeof(server_dir), "/tmp/sp-server-XXXXXX");
	cr_assert_not_null(mkdtemp(server_dir));
	cr_assert_eq(chmod(server_dir, 0755), 0);
	server_do_with("start", option);
}

static inline void server_start(void)
{
	server_start_with(NULL);
}

static inline void server_stop(void)
{
	server_do("stop");
}

/* host: "" or "/bouncer&port=6432" */
static inline void server_url(char *ret, size_t room, const char *host)
{
	snprintf(ret, room, "postgresql:///postgres?host=%s%s&user=stackpilot", server_dir, host);
}
