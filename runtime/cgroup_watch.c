/* Killing, watching and measuring a cgroup; see cgroup.h. */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/str.h"
#include "runtime/cgroup.h"

#define EVENTS_MAX 65536

/* Before Linux 5.14 there is no cgroup.kill: signal what is listed, until nothing is. */
static int kill_listed(int dirfd, struct sp_err *err)
{
	autobuf struct sp_buf text = SP_BUF_INIT;
	char *save = NULL;
	int r = sp_file_read_at(dirfd, "cgroup.procs", 1024 * 1024, &text, NULL);

	if (r == -ENOENT || r == -ENODEV) /* removed: nothing is left to kill */
		return 0;
	if (r < 0)
		return sp_fail_errno(err, -r, "cgroup.procs");
	for (char *w = text.data ? strtok_r(text.data, "\n", &save) : NULL; w;
	     w = strtok_r(NULL, "\n", &save)) {
		int64_t pid = 0;

		if (sp_parse_i64(w, &pid, NULL) == 0 && pid > 0)
			kill((pid_t)pid, SIGKILL);
	}
	return 0;
}

int rt_cgroup_kill(int dirfd, struct sp_err *err)
{
	struct sp_err why;
	int r = sp_file_put_at(dirfd, "cgroup.kill", "1", &why);

	if (r == -ENOENT)
		return kill_listed(dirfd, err);
	if (r == -ENODEV)
		return 0;
	if (r < 0 && err)
		*err = why;
	return r;
}

/* The value of "key N" in a flat-keyed file (cgroup-v2.rst); 0 when it is not there. */
static uint64_t value_in(const char *text, const char *key)
{
	size_t len = strlen(key);

	for (const char *line = text; line && *line; line = strchr(line, '\n')) {
		line += *line == '\n';
		if (!strncmp(line, key, len) && line[len] == ' ')
			return strtoull(line + len + 1, NULL, 10);
	}
	return 0;
}

static uint64_t read_key(int dirfd, const char *file, const char *key)
{
	autobuf struct sp_buf text = SP_BUF_INIT;

	if (sp_file_read_at(dirfd, file, EVENTS_MAX, &text, NULL) < 0 || !text.data)
		return 0;
	return key ? value_in(text.data, key) : strtoull(text.data, NULL, 10);
}

int rt_cgroup_populated(int dirfd, struct sp_err *err)
{
	autobuf struct sp_buf text = SP_BUF_INIT;
	int r = sp_file_read_at(dirfd, "cgroup.events", EVENTS_MAX, &text, err);

	if (r == -ENODEV)
		return 0;
	return r < 0 ? r : value_in(text.data, "populated") != 0;
}

int rt_cgroup_events_fd(int dirfd, struct sp_err *err)
{
	int fd = openat(dirfd, "cgroup.events", O_RDONLY | O_CLOEXEC);

	return fd < 0 ? sp_fail_errno(err, errno, "cgroup.events") : fd;
}

int rt_cgroup_memory_events_fd(int dirfd, struct sp_err *err)
{
	int fd = openat(dirfd, "memory.events", O_RDONLY | O_CLOEXEC);

	return fd < 0 ? sp_fail_errno(err, errno, "memory.events") : fd;
}

int rt_cgroup_pressure_fd(int dirfd, const char *resource, uint32_t stall_us, uint32_t window_us,
			  struct sp_err *err)
{
	char file[32], trigger[48];
	autoclose int fd = -1;
	int len = snprintf(trigger, sizeof(trigger), "some %" PRIu32 " %" PRIu32, stall_us,
			   window_us);

	snprintf(file, sizeof(file), "%s.pressure", resource);
	fd = openat(dirfd, file, O_RDWR | O_NONBLOCK | O_CLOEXEC);
	if (fd < 0)
		return sp_fail_errno(err, errno, "'%s'", file);
	if (write(fd, trigger, (size_t)len + 1) < 0)
		return sp_fail_errno(err, errno, "write '%s' to '%s'", trigger, file);
	return take_fd(fd);
}

int rt_cgroup_usage(int dirfd, struct rt_cgroup_usage *ret, struct sp_err *err)
{
	if (faccessat(dirfd, "cgroup.procs", F_OK, 0) < 0)
		return sp_fail_errno(err, errno, "cgroup");
	*ret = (struct rt_cgroup_usage){
		.memory_bytes = read_key(dirfd, "memory.current", NULL),
		.memory_peak_bytes = read_key(dirfd, "memory.peak", NULL),
		.cpu_usec = read_key(dirfd, "cpu.stat", "usage_usec"),
		.cpu_throttled_usec = read_key(dirfd, "cpu.stat", "throttled_usec"),
		.pids = read_key(dirfd, "pids.current", NULL),
		.oom = read_key(dirfd, "memory.events", "oom"),
		.oom_kill = read_key(dirfd, "memory.events", "oom_kill"),
	};
	return 0;
}

bool rt_cgroup_oom_killed(int dirfd)
{
	return read_key(dirfd, "memory.events.local", "oom_kill") > 0;
}
