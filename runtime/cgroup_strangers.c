/* Processes that somebody put into a container's cgroup; see rt_cgroup_strangers(). */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fd.h"
#include "runtime/cgroup.h"
#include "runtime/process_id.h"

#define PROCS_MAX (4 * 1024 * 1024)

static bool same_pid_namespace(const char *pid)
{
	struct stat mine, theirs;
	char path[64];

	snprintf(path, sizeof(path), "/proc/%s/ns/pid", pid);
	return stat(path, &theirs) == 0 && stat("/proc/self/ns/pid", &mine) == 0 &&
	       mine.st_ino == theirs.st_ino;
}

static bool is_stranger(const char *pid)
{
	return !strcmp(pid, "0") || same_pid_namespace(pid);
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
		n += is_stranger(pid);
	return n;
}

static int open_own(const struct rt_cgroup_root *root, struct sp_err *err)
{
	char path[PATH_MAX], own[256];
	int fd, r = rt_process_cgroup(getpid(), own, sizeof(own), err);

	if (r < 0)
		return r;
	snprintf(path, sizeof(path), "%s%s", root->mount_point, own);
	fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return fd < 0 ? sp_fail_errno(err, errno, "'%s'", path) : fd;
}

/* One that we cannot see has no number by which it could be moved. */
int rt_cgroup_expel(const struct rt_cgroup_root *root, int dirfd, struct sp_err *err)
{
	autobuf struct sp_buf text = SP_BUF_INIT;
	autoclose int own = open_own(root, err);
	int r = own < 0 ? own : sp_file_read_at(dirfd, "cgroup.procs", PROCS_MAX, &text, err);
	char *save = NULL;

	if (r < 0 || !text.len)
		return r;
	for (char *pid = strtok_r(text.data, "\n", &save); pid && r == 0;
	     pid = strtok_r(NULL, "\n", &save)) {
		if (!strcmp(pid, "0"))
			return sp_fail(err, SP_E_UNSUPPORTED,
				       "a process of a foreign pid namespace is in the cgroup");
		if (same_pid_namespace(pid))
			r = sp_file_put_at(own, "cgroup.procs", pid, err);
	}
	return r;
}
