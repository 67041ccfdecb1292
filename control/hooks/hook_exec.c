/*
 * A hook's command; see hook_send.h. It gets the events on its standard input and may say why it
 * fails on its standard error, of which the end is kept. Its standard output goes nowhere.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/fd.h"
#include "base/json.h"
#include "base/time.h"
#include "control/hooks/hook_send.h"

#define SAID_MAX 200 /* bytes of its standard error in the message */
#define LOOK_MS  100 /* between two looks at d->stop */

struct command {
	const struct hook_delivery *d;
	struct sp_buf input;
	size_t written;
	int in, errors; /* our ends; -1: closed */
	char said[SAID_MAX + 1];
	size_t said_len;
	pid_t pid;
	int pidfd;
	int64_t deadline_ns;
};

static int write_lines(const json_t *events, struct sp_buf *out)
{
	const json_t *event;
	size_t i;

	json_array_foreach (events, i, event) {
		autofree char *line = sp_json_text(event);

		if (!line)
			return -ENOMEM;
		sp_buf_printf(out, "%s\n", line);
	}
	return 0;
}

static int spawn(struct command *c, int in, int errors, struct sp_err *err)
{
	char *const *argv = c->d->hook->exec;
	posix_spawn_file_actions_t files;
	posix_spawnattr_t attr;
	sigset_t all, none;
	int rc;

	sigfillset(&all);
	sigemptyset(&none);
	posix_spawn_file_actions_init(&files);
	posix_spawn_file_actions_adddup2(&files, in, STDIN_FILENO);
	posix_spawn_file_actions_addopen(&files, STDOUT_FILENO, "/dev/null", O_WRONLY, 0);
	posix_spawn_file_actions_adddup2(&files, errors, STDERR_FILENO);
	posix_spawnattr_init(&attr);
	posix_spawnattr_setflags(&attr, POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK |
						POSIX_SPAWN_SETPGROUP);
	posix_spawnattr_setsigdefault(&attr, &all);
	posix_spawnattr_setsigmask(&attr, &none);
	posix_spawnattr_setpgroup(&attr, 0);
	rc = posix_spawn(&c->pid, argv[0], &files, &attr, argv, environ);
	posix_spawnattr_destroy(&attr);
	posix_spawn_file_actions_destroy(&files);
	return rc ? sp_fail_errno(err, rc, "'%s'", argv[0]) : 0;
}

static int start(struct command *c, struct sp_err *err)
{
	int in[2] = { -1, -1 }, errors[2] = { -1, -1 }, r = 0;

	if (pipe2(in, O_CLOEXEC) < 0 || pipe2(errors, O_CLOEXEC) < 0)
		r = sp_fail_errno(err, errno, "pipe");
	if (r == 0)
		r = spawn(c, in[0], errors[1], err);
	sp_close(&in[0]);
	sp_close(&errors[1]);
	c->in = in[1];
	c->errors = errors[0];
	if (r < 0)
		return r;
	c->pidfd = (int)syscall(SYS_pidfd_open, c->pid, 0);
	if (c->pidfd < 0)
		return sp_fail_errno(err, errno, "pidfd of '%s'", c->d->hook->exec[0]);
	r = sp_fd_set_nonblock(c->in, err);
	return r < 0 ? r : sp_fd_set_nonblock(c->errors, err);
}

static void feed(struct command *c)
{
	ssize_t n = write(c->in, c->input.data + c->written, c->input.len - c->written);

	if (n > 0)
		c->written += (size_t)n;
	if ((n < 0 && errno != EAGAIN && errno != EINTR) || c->written == c->input.len)
		sp_close(&c->in); /* all there is; or it does not want to know: its exit status
				     tells */
}

/* Keep the end of what it says. */
static void listen_to(struct command *c)
{
	char buf[512];
	ssize_t n = read(c->errors, buf, sizeof(buf));
	size_t len = n > 0 ? (size_t)n : 0, keep;

	if (n == 0 || (n < 0 && errno != EAGAIN && errno != EINTR))
		sp_close(&c->errors);
	if (len > SAID_MAX) {
		memcpy(c->said, buf + len - SAID_MAX, SAID_MAX);
		c->said_len = SAID_MAX;
		return;
	}
	keep = c->said_len + len > SAID_MAX ? SAID_MAX - len : c->said_len;
	memmove(c->said, c->said + c->said_len - keep, keep);
	memcpy(c->said + keep, buf, len);
	c->said_len = keep + len;
}

/* Until it has ended. */
static int converse(struct command *c, struct sp_err *err)
{
	for (;;) {
		struct pollfd fds[] = { { c->pidfd, POLLIN, 0 },
					{ c->in, POLLOUT, 0 },
					{ c->errors, POLLIN, 0 } };

		if (atomic_load(c->d->stop))
			return sp_fail(err, SP_E_INTERRUPTED, "controld is stopping");
		if (sp_time_mono_ns() >= c->deadline_ns)
			return sp_fail(err, SP_E_TIMEOUT, "'%s' has not ended after %lld ms",
				       c->d->hook->exec[0],
				       (long long)(c->d->timeout_ns / SP_NS_PER_MS));
		if (poll(fds, 3, LOOK_MS) <= 0)
			continue;
		if (fds[1].revents)
			feed(c);
		if (fds[2].revents)
			listen_to(c);
		if (fds[0].revents)
			return 0;
	}
}

/* What is left of it ends with it: it leads a process group of its own, whose number is nobody
 * else's until it is reaped. */
static int reap(struct command *c, int r, struct sp_err *err)
{
	const char *name = c->d->hook->exec[0];
	int status = 0;

	kill(-c->pid, SIGKILL);
	while (waitpid(c->pid, &status, 0) < 0 && errno == EINTR)
		;
	if (r < 0)
		return r;
	if (c->errors >= 0)
		listen_to(c);
	while (c->said_len && c->said[c->said_len - 1] == '\n')
		c->said_len--;
	c->said[c->said_len] = '\0';
	if (WIFSIGNALED(status))
		return sp_fail(err, SP_E_UNHEALTHY, "'%s' was ended by signal %d: %s", name,
			       WTERMSIG(status), c->said);
	if (WEXITSTATUS(status))
		return sp_fail(err, SP_E_UNHEALTHY, "'%s' exits %d: %s", name, WEXITSTATUS(status),
			       c->said);
	return 0;
}

int hook_exec(const struct hook_delivery *d, struct sp_err *err)
{
	struct command c = { .d = d,
			     .input = SP_BUF_INIT,
			     .in = -1,
			     .errors = -1,
			     .pidfd = -1,
			     .deadline_ns = sp_time_mono_ns() + d->timeout_ns };
	int r = write_lines(d->events, &c.input) < 0 ? sp_fail_nomem(err) : start(&c, err);

	if (r == 0)
		r = converse(&c, err);
	if (c.pid > 0)
		r = reap(&c, r, err);
	sp_close(&c.in);
	sp_close(&c.errors);
	sp_close(&c.pidfd);
	sp_buf_fini(&c.input);
	return r;
}
