/*
 * The workload's process itself; see process.h.
 *
 * The child shares our memory until it executes, and we are suspended meanwhile (CLONE_VM and
 * CLONE_VFORK), so its error is simply left in a struct of ours. Nothing here allocates or touches
 * global state. Ids are set by system calls: libc's functions would do it for all "threads".
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/close_range.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "runtime/init/process.h"

#define STACK_SIZE 32768

struct birth {
	struct process *process;
	struct sp_err err; /* code SP_E_OK: it has executed */
};

/* A FIFO or pipe becomes the user's, so that /dev/stdout can be opened again. A refusal leaves it
 * usable through the descriptor. */
static void give_away(int fd, const struct user *u)
{
	struct stat st;

	if (fstat(fd, &st) == 0 && S_ISFIFO(st.st_mode) && fchown(fd, u->uid, (gid_t)-1) < 0)
		return;
}

static int open_null(struct sp_err *err)
{
	int fd = open("/dev/null", O_RDWR | O_CLOEXEC);

	return fd < 0 ? sp_fail_errno(err, errno, "/dev/null") : fd;
}

/* The three may lie among 0..2 themselves, so first move all of them out of the way. */
static int set_stdio(const struct process *p, struct sp_err *err)
{
	int from[3];

	for (int i = 0; i < 3; i++) {
		int fd = p->stdio[i] < 0 ? open_null(err) : p->stdio[i];

		if (fd < 0)
			return fd;
		from[i] = fcntl(fd, F_DUPFD_CLOEXEC, 3);
		if (from[i] < 0)
			return sp_fail_errno(err, errno, "standard stream %d", i);
	}
	for (int i = 0; i < 3; i++) {
		if (dup2(from[i], i) < 0)
			return sp_fail_errno(err, errno, "standard stream %d", i);
		give_away(i, &p->user);
	}
	return 0;
}

static int set_session(const struct process *p, struct sp_err *err)
{
	if (setsid() < 0)
		return sp_fail_errno(err, errno, "setsid");
	if (p->tty && ioctl(0, TIOCSCTTY, 0) < 0)
		return sp_fail_errno(err, errno, "make the pty our terminal");
	return 0;
}

/* From here on the working directory must be inside (CVE-2024-21626): the kernel says
 * "(unreachable)" where it is not. */
static int enter_cwd(int fd, struct sp_err *err)
{
	char path[PATH_MAX];

	if (fchdir(fd) < 0)
		return sp_fail_errno(err, errno, "enter the working directory");
	if (syscall(SYS_getcwd, path, sizeof(path)) < 0)
		return sp_fail_errno(err, errno, "working directory");
	if (path[0] != '/')
		return sp_fail(err, SP_E_ESCAPE, "the working directory is outside the container");
	return 0;
}

static int become_user(const struct process *p, struct sp_err *err)
{
	const struct user *u = &p->user;

	if (syscall(SYS_setgroups, u->n_groups, u->groups) < 0 ||
	    syscall(SYS_setresgid, u->gid, u->gid, u->gid) < 0 ||
	    syscall(SYS_setresuid, u->uid, u->uid, u->uid) < 0)
		return sp_fail_errno(err, errno, "become user %u:%u", u->uid, u->gid);
	/* Another user than root starts with none: the change has just cleared them. */
	if (u->uid == 0 && process_set_caps(p->caps, err) < 0)
		return sp_err_return(err);
	if (p->parent_death && prctl(PR_SET_PDEATHSIG, p->parent_death, 0, 0, 0) < 0)
		return sp_fail_errno(err, errno, "set the parent-death signal");
	return 0;
}

static void reset_signals(void)
{
	sigset_t none;

	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
}

static const char *search_path(char *const *environment)
{
	for (; *environment; environment++)
		if (!strncmp(*environment, "PATH=", 5))
			return *environment + 5;
	return "";
}

/* The stage tells who reads it that everything but the command itself was fine. */
static int refused(const struct process *p, const char *searched, int num, struct sp_err *err)
{
	int r = p->name_hidden ? sp_fail_errno(err, num, "its command%s", searched)
			       : sp_fail_errno(err, num, "command '%s'%s", p->args[0], searched);

	sp_err_at(err, SP_STAGE_START);
	return r;
}

/* execve, in each directory of PATH for a bare name; what stands there but may not be executed is
 * told before what is not there at all. */
static int execute(const struct process *p, struct sp_err *err)
{
	const char *name = p->args[0], *at = search_path(p->environment);
	char whole[PATH_MAX];
	int num = ENOENT;

	if (strchr(name, '/')) {
		execve(name, p->args, p->environment);
		return refused(p, "", errno, err);
	}
	for (;;) {
		size_t len = strcspn(at, ":");

		errno = ENOENT;
		if (len && (size_t)snprintf(whole, sizeof(whole), "%.*s/%s", (int)len, at, name) <
				   sizeof(whole))
			execve(whole, p->args, p->environment);
		if (errno != ENOENT && errno != ENOTDIR)
			num = errno;
		if (at[len] == '\0')
			break;
		at += len + 1;
	}
	return refused(p, " (searched in PATH)", num, err);
}

static int child_main(void *arg)
{
	struct birth *b = arg;
	const struct process *p = b->process;

	if (set_stdio(p, &b->err) == 0 && set_session(p, &b->err) == 0 &&
	    enter_cwd(p->cwd, &b->err) == 0 && become_user(p, &b->err) == 0) {
		syscall(SYS_close_range, 3, ~0u, CLOSE_RANGE_CLOEXEC);
		reset_signals();
		execute(p, &b->err);
	}
	_exit(1);
}

int process_spawn(struct process *p, int flags, pid_t *ret_pid, struct sp_err *err)
{
	static char stack[STACK_SIZE] __attribute__((aligned(16)));
	struct birth b = { .process = p };
	pid_t pid = clone(child_main, stack + sizeof(stack),
			  CLONE_VM | CLONE_VFORK | SIGCHLD | flags, &b);

	if (pid < 0)
		return sp_fail_errno(err, errno, "make the workload's process");
	*ret_pid = pid;
	if (b.err.code == SP_E_OK)
		return 0;
	*err = b.err;
	return sp_err_return(err);
}
