/* See trash.h. */
#include "agentd/trash.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/close_range.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/child.h"
#include "base/digest.h"
#include "base/fd.h"
#include "base/log.h"
#include "base/path.h"

#define NAME_BYTES 8

static void empty(struct trash *t);

/* Remove each entry; trouble with one leaves the others to be removed. */
static int remove_all(int dirfd)
{
	int fd = openat(dirfd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC), failed = 0;
	DIR *dir = fd < 0 ? NULL : fdopendir(fd);
	const struct dirent *d;

	while (dir && (d = readdir(dir)))
		if (strcmp(d->d_name, ".") != 0 && strcmp(d->d_name, "..") != 0 &&
		    sp_remove_tree_at(dirfd, d->d_name, NULL) < 0)
			failed = 1;
	if (dir)
		closedir(dir);
	return dir ? failed : 1;
}

static bool has_entries(int dirfd)
{
	int fd = openat(dirfd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *dir = fd < 0 ? NULL : fdopendir(fd);
	const struct dirent *d;
	bool found = false;

	while (dir && !found && (d = readdir(dir)))
		found = strcmp(d->d_name, ".") != 0 && strcmp(d->d_name, "..") != 0;
	if (dir)
		closedir(dir);
	return found;
}

/* In the child: only the trash directory stays open, so that no socket of the agent lives on in it,
 * and it dies with the agent. */
static void child(int dirfd, pid_t agent)
{
	sp_child_die_with(agent);
	if (dup2(dirfd, 3) < 0)
		_exit(2);
	syscall(SYS_close_range, 4U, ~0U, 0U);
	_exit(remove_all(3));
}

static void on_done(struct sp_op *op, int res, bool more)
{
	struct trash *t = op->owner;
	int status = 0;

	(void)res;
	(void)more;
	if (waitpid(t->pid, &status, 0) == t->pid && status)
		sp_log(SP_LOG_WARN, "trash.left", SP_INT("status", status));
	t->pid = 0;
	sp_close(&t->pidfd);
	if (t->again)
		empty(t);
}

static void empty(struct trash *t)
{
	pid_t pid, agent;

	t->again = t->pid != 0;
	if (t->pid)
		return;
	agent = getpid();
	pid = fork();
	if (pid == 0)
		child(t->dirfd, agent);
	if (pid < 0) {
		sp_log(SP_LOG_WARN, "trash.fork", SP_INT("errno", errno));
		return;
	}
	t->pid = pid;
	t->pidfd = (int)syscall(SYS_pidfd_open, pid, 0U);
	if (t->pidfd < 0) { /* no way to be told: wait for it here */
		waitpid(pid, NULL, 0);
		t->pid = 0;
		return;
	}
	sp_op_poll(t->loop, &t->watch, t->pidfd, EPOLLIN);
}

void trash_open(struct trash *t, struct sp_loop *loop, int dirfd)
{
	*t = (struct trash){ .loop = loop, .dirfd = dirfd, .pidfd = -1 };
	t->watch.fn = on_done;
	t->watch.owner = t;
	if (has_entries(dirfd))
		empty(t);
}

void trash_close(struct trash *t)
{
	t->again = false;
	if (t->pid)
		kill(t->pid, SIGKILL);
	while (sp_op_busy(&t->watch) && sp_loop_run_once(t->loop, -1, NULL) >= 0)
		;
}

int trash_put(struct trash *t, int dirfd, const char *name, struct sp_err *err)
{
	char salt[2 * NAME_BYTES + 1];
	int r = sp_random_hex(salt, NAME_BYTES, err);

	if (r < 0)
		return r;
	if (renameat(dirfd, name, t->dirfd, salt) < 0)
		return errno == ENOENT ? 0 : sp_fail_errno(err, errno, "remove '%s'", name);
	empty(t);
	return 0;
}
