/* What /proc tells about a process; see process_id.h. */
#include "runtime/process_id.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/fd.h"

#define PROC_FILE_MAX 65536

int rt_process_read(pid_t pid, const char *file, struct sp_buf *out, struct sp_err *err)
{
	char path[64];
	int r;

	snprintf(path, sizeof(path), "/proc/%d/%s", (int)pid, file);
	r = sp_file_read_at(AT_FDCWD, path, PROC_FILE_MAX, out, err);
	if (r == -ESRCH || r == -ENOENT || (r == 0 && out->len == 0))
		return sp_fail(err, SP_E_NOT_FOUND, "process %d is gone", (int)pid);
	return r;
}

int rt_process_start_time(pid_t pid, uint64_t *ret, struct sp_err *err)
{
	autobuf struct sp_buf text = SP_BUF_INIT;
	int r = rt_process_read(pid, "stat", &text, err);
	const char *p;

	if (r < 0)
		return r;
	/* The second field is the name in brackets and may hold anything, brackets too. */
	p = strrchr(text.data, ')');
	for (int field = 2; p && field < 22; field++)
		p = strchr(p + 1, ' ');
	if (!p)
		return sp_fail(err, SP_E_CORRUPT, "/proc/%d/stat", (int)pid);
	*ret = strtoull(p + 1, NULL, 10);
	return 0;
}

int rt_process_cgroup(pid_t pid, char *ret, size_t room, struct sp_err *err)
{
	autobuf struct sp_buf text = SP_BUF_INIT;
	int r = rt_process_read(pid, "cgroup", &text, err);
	char *save = NULL;

	if (r < 0)
		return r;
	for (char *l = strtok_r(text.data, "\n", &save); l; l = strtok_r(NULL, "\n", &save))
		if (!strncmp(l, "0::", 3) && (size_t)snprintf(ret, room, "%s", l + 3) < room)
			return 0;
	return sp_fail(err, SP_E_NOT_FOUND, "process %d is in no cgroup2", (int)pid);
}

int rt_process_namespace(pid_t pid, const char *name, struct sp_err *err)
{
	char path[64];
	int fd;

	snprintf(path, sizeof(path), "/proc/%d/ns/%s", (int)pid, name);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	return fd < 0 ? sp_fail_errno(err, errno, "'%s'", path) : fd;
}

int rt_process_executable(pid_t pid, char *ret, size_t room, struct sp_err *err)
{
	char path[64];
	ssize_t n;

	snprintf(path, sizeof(path), "/proc/%d/exe", (int)pid);
	n = readlink(path, ret, room - 1);
	if (n < 0 && (errno == ENOENT || errno == ESRCH))
		return sp_fail(err, SP_E_NOT_FOUND, "process %d is gone", (int)pid);
	if (n < 0)
		return sp_fail_errno(err, errno, "'%s'", path);
	ret[n] = '\0';
	return 0;
}

pid_t rt_process_workload(pid_t pid)
{
	autobuf struct sp_buf text = SP_BUF_INIT;
	char file[48];
	long child;

	snprintf(file, sizeof(file), "task/%d/children", (int)pid);
	if (rt_process_read(pid, file, &text, NULL) < 0)
		return pid;
	child = strtol(text.data, NULL, 10);
	return child > 0 ? (pid_t)child : pid;
}
