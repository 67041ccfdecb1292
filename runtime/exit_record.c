/* `exit` in a container's directory, and what it means; see exit.h. */
#include "runtime/exit_record.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "base/buf.h"
#include "base/fd.h"
#include "runtime/container.h"

static const char *const deaths[] = {
	[RT_DEATH_EXITED] = "exited",   [RT_DEATH_SIGNALED] = "signaled",
	[RT_DEATH_STOPPED] = "stopped", [RT_DEATH_KILLED] = "killed",
	[RT_DEATH_OOM] = "oom",
};

const char *rt_death_name(enum rt_death d)
{
	return deaths[d];
}

void rt_exit_format(const struct rt_exit *x, char *ret, size_t room)
{
	switch (x->death) {
	case RT_DEATH_EXITED:
		snprintf(ret, room, "exited with status %d", x->code);
		break;
	case RT_DEATH_SIGNALED:
		snprintf(ret, room, "killed by SIG%s", sigabbrev_np(x->signal));
		break;
	case RT_DEATH_STOPPED:
		snprintf(ret, room, "stopped by SIG%s, status %d", sigabbrev_np(x->stopped_by),
			 x->code);
		break;
	case RT_DEATH_KILLED:
		snprintf(ret, room, "killed from outside");
		break;
	case RT_DEATH_OOM:
		snprintf(ret, room, "out of memory (the container's limit)");
		break;
	}
}

int rt_exit_record_make(int dirfd, struct sp_err *err)
{
	int fd = openat(dirfd, RT_EXIT_FILE, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC,
			0600);

	if (fd < 0)
		return sp_fail_errno(err, errno, "'%s'", RT_EXIT_FILE);
	/* The record must find room on a full disk too. Where that is not supported, so be it. */
	if (fallocate(fd, FALLOC_FL_KEEP_SIZE, 0, RT_EXIT_RECORD_MAX) < 0 && errno == ENOSPC) {
		close(fd);
		unlinkat(dirfd, RT_EXIT_FILE, 0);
		return sp_fail_errno(err, ENOSPC, "'%s'", RT_EXIT_FILE);
	}
	return fd;
}

/* Signals that ask a program to do something other than to end. */
static bool asks_to_end(int signal)
{
	return signal && signal != SIGHUP && signal != SIGUSR1 && signal != SIGUSR2 &&
	       signal != SIGWINCH && signal != SIGCONT;
}

int rt_exit_record_read(int dirfd, struct rt_exit *ret, struct sp_err *err)
{
	autobuf struct sp_buf text = SP_BUF_INIT;
	struct rt_exit x = { 0 };
	int r = sp_file_read_at(dirfd, RT_EXIT_FILE, 256, &text, err);

	if (r == -ENOENT)
		return 0;
	if (r < 0)
		return r;
	if (!text.data || !strchr(text.data, '\n') ||
	    sscanf(text.data, "code=%d signal=%d stopped_by=%d at=%" SCNd64, &x.code, &x.signal,
		   &x.stopped_by, &x.at_ns) != 4)
		return 0;
	x.death = asks_to_end(x.stopped_by) ? RT_DEATH_STOPPED
		  : x.signal                ? RT_DEATH_SIGNALED
					    : RT_DEATH_EXITED;
	*ret = x;
	return 1;
}

int rt_exit_read(const char *dir, struct rt_exit *ret, struct sp_err *err)
{
	autoclose int fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (fd < 0)
		return errno == ENOENT ? 0 : sp_fail_errno(err, errno, "'%s'", dir);
	return rt_exit_record_read(fd, ret, err);
}
