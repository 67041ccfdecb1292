/* cgroup v2: the hierarchy that is there, limits that can be enforced, killing and removal. */
#include "runtime/cgroup.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/fd.h"

static struct rt_cgroup_root root;
static char parent[64];

static void open_root(void)
{
	struct sp_err err = { 0 };

	snprintf(parent, sizeof(parent), "sp-cgroup-%d", getpid());
	cr_assert_eq(rt_cgroup_root_open(parent, &root, &err), 0, "%s", err.message);
}

static void close_root(void)
{
	char path[512];

	snprintf(path, sizeof(path), "%s/%s", root.mount_point, parent);
	rt_cgroup_root_close(&root);
	cr_expect_eq(rmdir(path), 0, "%s: %s", path, strerror(errno));
}

TestSuite(cgroup, .init = open_root, .fini = close_root);

static const struct rt_limits no_limits;

/* A child that sits in the cgroup until it is killed. */
static pid_t put_child(int dirfd)
{
	char pid_text[16];
	pid_t pid = fork();

	if (pid == 0) {
		pause();
		_exit(0);
	}
	snprintf(pid_text, sizeof(pid_text), "%d", pid);
	cr_assert_eq(sp_file_put_at(dirfd, "cgroup.procs", pid_text, NULL), 0);
	return pid;
}

Test(cgroup, one_is_made_found_counted_and_removed)
{
	int fd = rt_cgroup_make(&root, "one", &no_limits, NULL), again;

	cr_assert_geq(fd, 0);
	cr_expect_eq(rt_cgroup_make(&root, "one", &no_limits, NULL), -EEXIST);
	again = rt_cgroup_open(&root, "one", NULL);
	cr_expect_geq(again, 0);
	cr_expect_eq(rt_cgroup_populated(fd, NULL), 0);
	close(again);
	close(fd);
	cr_expect_eq(rt_cgroup_remove(&root, "one", 0, NULL), 0);
	cr_expect_eq(rt_cgroup_remove(&root, "one", 0, NULL), 0, "absent is fine");
	cr_expect_eq(rt_cgroup_open(&root, "one", NULL), -ENOENT);
}

Test(cgroup, a_name_cannot_lead_elsewhere)
{
	static const char *const names[] = { "..", ".", "a/b", "../x", "", "A", "x..y", "/x" };

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		cr_expect_eq(rt_cgroup_make(&root, names[i], &no_limits, NULL), -EINVAL, "%s",
			     names[i]);
		cr_expect_eq(rt_cgroup_open(&root, names[i], NULL), -EINVAL);
		cr_expect_eq(rt_cgroup_remove(&root, names[i], 0, NULL), -EINVAL);
	}
}

Test(cgroup, killing_empties_it_and_the_loop_is_told)
{
	int fd = rt_cgroup_make(&root, "kill", &no_limits, NULL);
	int events = rt_cgroup_events_fd(fd, NULL);
	pid_t pid = put_child(fd);
	struct pollfd p = { .fd = events, .events = POLLPRI };
	char buffer[256];
	int status;

	cr_expect_eq(rt_cgroup_populated(fd, NULL), 1);
	cr_expect_gt(read(events, buffer, sizeof(buffer)), 0);
	cr_expect_eq(rt_cgroup_remove(&root, "kill", 0, NULL), -EBUSY);
	cr_expect_eq(rt_cgroup_kill(fd, NULL), 0);
	cr_expect_eq(waitpid(pid, &status, 0), pid);
	cr_expect(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
	cr_expect_eq(poll(&p, 1, 5000), 1);
	cr_expect_eq(rt_cgroup_populated(fd, NULL), 0);
	cr_expect_eq(rt_cgroup_remove(&root, "kill", 1000, NULL), 0);
	cr_expect_eq(rt_cgroup_kill(fd, NULL), 0, "removed is as good as killed");
	close(events);
	close(fd);
}

Test(cgroup, removal_takes_what_is_below)
{
	int fd = rt_cgroup_make(&root, "deep", &no_limits, NULL);

	cr_assert_eq(mkdirat(fd, "a", 0755), 0);
	cr_assert_eq(mkdirat(fd, "a/b", 0755), 0);
	close(fd);
	cr_expect_eq(rt_cgroup_remove(&root, "deep", 0, NULL), 0);
}

Test(cgroup, limits_are_written_or_refused_by_the_missing_controller)
{
	const struct rt_limits l = { .memory_max_bytes = 64 << 20,
				     .pids_max = 50,
				     .cpu_max_milli = 1500,
				     .cpu_weight = 200 };
	uint32_t missing = rt_limits_unenforceable(&root, &l);
	struct rt_limits softly = l;
	struct sp_err err = { 0 };
	char names[64];
	int fd;

	rt_controllers_format(missing, names, sizeof(names));
	fd = rt_cgroup_make(&root, "limited", &l, &err);
	if (missing) {
		cr_expect_eq(fd, -EOPNOTSUPP);
		cr_expect(strstr(err.message, names), "%s", err.message);
		cr_expect_eq(rt_cgroup_open(&root, "limited", NULL), -ENOENT, "left behind");
		softly.best_effort = true;
		fd = rt_cgroup_make(&root, "limited", &softly, &err);
	}
	cr_expect_geq(fd, 0, "%s", err.message);
	close(fd);
	cr_expect_eq(rt_cgroup_remove(&root, "limited", 0, NULL), 0);
}

Test(cgroup, no_limit_needs_no_controller)
{
	const struct rt_limits l = { .pids_max = -1 };

	cr_expect_eq(rt_limits_unenforceable(&root, &no_limits), 0);
	cr_expect_eq(rt_limits_unenforceable(&root, &l), 0);
}

/* A directory that looks like a cgroup with every controller, to see what is written. */
Test(cgroup, values_are_written_as_the_kernel_wants_them)
{
	static const struct {
		const char *file, *value;
	} rows[] = { { "memory.max", "67108864" }, { "memory.high", "50331648" },
		     { "memory.oom.group", "1" },  { "cpu.max", "150000 100000" },
		     { "cpu.weight", "200" },      { "pids.max", "50" },
		     { "io.weight", "default 30" } };
	const struct rt_limits l = { .memory_max_bytes = 64 << 20,
				     .memory_high_bytes = 48 << 20,
				     .pids_max = 50,
				     .cpu_max_milli = 1500,
				     .cpu_weight = 200,
				     .io_weight = 30 };
	struct rt_cgroup_root all = { .controllers = (1u << RT_CONTROLLER_COUNT) - 1 };
	char dir[] = "/tmp/sp-cgroup-XXXXXX";
	struct sp_err err = { 0 };
	int fd;

	cr_assert(mkdtemp(dir));
	fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		close(openat(fd, rows[i].file, O_WRONLY | O_CREAT | O_CLOEXEC, 0600));
	cr_expect_eq(rt_cgroup_limit_fresh(&all, fd, &l, &err), 0, "%s", err.message);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct sp_buf text = SP_BUF_INIT;

		cr_expect_eq(sp_file_read_at(fd, rows[i].file, 256, &text, NULL), 0);
		cr_expect_str_eq(text.data ? text.data : "", rows[i].value, "%s", rows[i].file);
		sp_buf_fini(&text);
		unlinkat(fd, rows[i].file, 0);
	}
	close(fd);
	cr_expect_eq(rmdir(dir), 0);
}

Test(cgroup, pressure_can_be_watched)
{
	int fd = rt_cgroup_make(&root, "pressure", &no_limits, NULL);
	int trigger = rt_cgroup_pressure_fd(fd, "cpu", 100000, 2000000, NULL);

	cr_expect_geq(trigger, 0);
	cr_expect_lt(rt_cgroup_pressure_fd(fd, "nothing", 1, 1, NULL), 0);
	close(trigger);
	close(fd);
	cr_expect_eq(rt_cgroup_remove(&root, "pressure", 0, NULL), 0);
}

Test(cgroup, usage_is_what_the_files_say)
{
	struct rt_cgroup_usage u = { .pids = 99 };
	int fd = rt_cgroup_make(&root, "usage", &no_limits, NULL);

	cr_expect_eq(rt_cgroup_usage(fd, &u, NULL), 0);
	cr_expect_eq(u.oom_kill, 0);
	cr_expect(!rt_cgroup_oom_killed(fd));
	close(fd);
	cr_expect_eq(rt_cgroup_remove(&root, "usage", 0, NULL), 0);
}

/* Exit 137 alone is no proof: only what the kernel counted for this very cgroup. */
Test(cgroup, memory_kills_are_read_from_the_local_events)
{
	static const struct {
		const char *text;
		bool killed;
	} rows[] = {
		{ "low 0\nhigh 0\nmax 12\noom 2\noom_kill 1\noom_group_kill 0\n", true },
		{ "low 0\nhigh 0\nmax 12\noom 2\noom_kill 0\noom_group_kill 0\n", false },
		{ "xoom_kill 1\noom_kill_x 1\n", false },
		{ "", false },
	};
	char dir[] = "/tmp/sp-cgroup-XXXXXX";
	int fd;

	cr_assert(mkdtemp(dir));
	fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	cr_expect(!rt_cgroup_oom_killed(fd), "no file");
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		cr_assert_eq(sp_file_replace_at(fd, "memory.events.local", rows[i].text,
						strlen(rows[i].text), 0600, NULL),
			     0);
		cr_expect_eq(rt_cgroup_oom_killed(fd), rows[i].killed, "row %zu", i);
	}
	unlinkat(fd, "memory.events.local", 0);
	close(fd);
	cr_expect_eq(rmdir(dir), 0);
}
