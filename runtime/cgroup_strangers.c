/* Processes that somebody put into a container's cgroup; see rt_cgroup_strangers(). */
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/fd.h"
#include "runtime/cgroup.h"

#define PROCS_MAX (4 * 1024 * 1024)

static bool same_pid_namespace(const char *pid)
{
	struct stat mine, theirs;
	char path[64];

	snprintf(path, sizeof(path), "/proc/%s/ns/pid", pid);
	return stat(path, &theirs) == 0 && stat("/proc/self/ns/pid", &mine) == 0 &&
	       mine.st_ino == theirs.st_ino;
}

/* A process of a pid namespace that is not below ours is listed as 0 (cgroups(7)). One that has
 * ended meanwhile is nobody's. */
int rt_cgroup_strangers(int dirfd, struct sp_err *err)
{
	autobuf struct sp_buf text = SP_BUF_INIT;
	int n = 0, r = sp_file_read_at(dirfd, "cgroup.procs", PROCS_MAX, &text, err);
	char *save = NULL;

	if (r < 0 || !text.len)
		return r;
	for (char *pid = strtok_r(text.data, "\n", &save); pid; pid = strtok_r(NULL, "\n", &save))
		n += !strcmp(pid, "0") || same_pid_namespace(pid);
	return n;
}
