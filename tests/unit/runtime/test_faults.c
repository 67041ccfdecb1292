/* Nothing is left behind: by a launch that fails at any step, nor by many that succeed. */
#include "box.h"

#include <dirent.h>
#include <linux/sched.h>
#include <poll.h>
#include <sys/pidfd.h>
#include <sys/prctl.h>
#include <sys/socket.h>

#include "runtime/engine_impl.h"
#include "runtime/orders.h"
#include "runtime/spawn.h"
#include "runtime/steps.h"

static struct box box;

static void open_box(void)
{
	box_open(&box);
}

static void close_box(void)
{
	box_close(&box);
}

TestSuite(faults, .init = open_box, .fini = close_box, .timeout = 240);

/* What a launch could leave: descriptors, children, mounts, cgroups. */
struct traces {
	int fds, children, cgroups;
	struct sp_buf mounts;
};

static void count_cgroup(const char *id, void *state)
{
	(void)id;
	++*(int *)state;
}

static int count_entries(const char *dir)
{
	DIR *d = opendir(dir);
	int n = 0;

	cr_assert(d, "%s", dir);
	while (readdir(d))
		n++;
	closedir(d);
	return n;
}

static void take_traces(struct traces *t)
{
	struct sp_buf children = SP_BUF_INIT;
	char path[64];

	t->mounts = (struct sp_buf)SP_BUF_INIT;
	t->fds = count_entries("/proc/self/fd");
	t->cgroups = 0;
	rt_cgroup_each(rt_engine_cgroups(box.engine), count_cgroup, &t->cgroups, NULL);
	snprintf(path, sizeof(path), "/proc/self/task/%d/children", getpid());
	sp_file_read_at(AT_FDCWD, path, 65536, &children, NULL);
	t->children = (int)children.len;
	sp_buf_fini(&children);
	cr_assert_eq(sp_file_read_at(AT_FDCWD, "/proc/self/mountinfo", 1 << 22, &t->mounts, NULL),
		     0);
}

static void expect_same(const struct traces *a, const char *when)
{
	struct traces b;

	take_traces(&b);
	cr_expect_eq(a->fds, b.fds, "%s: %d descriptors, %d before", when, b.fds, a->fds);
	cr_expect_eq(a->children, b.children, "%s: children", when);
	cr_expect_eq(a->cgroups, b.cgroups, "%s: %d cgroups", when, b.cgroups);
	cr_expect_str_eq(a->mounts.data, b.mounts.data, "%s: mountinfo changed", when);
	sp_buf_fini(&b.mounts);
}

/* A spec that uses everything there is to clean up. */
static void full_spec(struct box_spec *s)
{
	static const char *args[] = { "/bin/busybox", "true", NULL };
	static const struct rt_mount mounts[] = {
		{ .type = RT_MOUNT_TMPFS, .target = "/cache" },
		{ .type = RT_MOUNT_BIND, .source = "/etc", .target = "/host", .plain_ids = true },
	};
	static const struct rt_file file = { .target = "/etc/key", .content = "k", .len = 1 };

	box_spec(&box, args, s);
	s->spec.mounts = mounts;
	s->spec.n_mounts = 2;
	s->spec.files = &file;
	s->spec.n_files = 1;
}

Test(faults, a_launch_that_fails_at_any_step_leaves_nothing)
{
	struct traces before;
	char when[600];
	unsigned int n;
	int r = -1;

	take_traces(&before);
	for (n = 1; r < 0 && n < 100; n++) {
		struct rt_container *c = NULL;
		struct sp_err err = { 0 };
		struct box_spec s;

		full_spec(&s);
		rt_steps_fail_at(n);
		r = rt_create(box.engine, &s.spec, &c, &err);
		if (r < 0) /* the caller's directory is as it was */
			cr_expect_eq(count_entries(s.dir), 2, "%s", err.message);
		else
			r = rt_start(c, &err);
		rt_steps_fail_at(0);
		cr_expect(r == 0 || strstr(err.message, "fault injected"), "%s", err.message);
		cr_expect_eq(rt_destroy(box.engine, c, &err), 0, "%s", err.message);
		snprintf(when, sizeof(when), "step %u (%s)", n, err.message);
		expect_same(&before, when);
	}
	cr_expect_geq(n, 17u);
	sp_buf_fini(&before.mounts);
}

Test(faults, two_hundred_cycles_leave_nothing)
{
	struct traces before;

	take_traces(&before);
	for (int i = 0; i < 200; i++) {
		struct box_spec s;
		char out[1024];

		full_spec(&s);
		cr_assert_eq(box_run_spec(&box, &s, out, sizeof(out)), 0, "%s", out);
		cr_assert_eq(sp_remove_tree_at(AT_FDCWD, s.dir, NULL), 0);
	}
	expect_same(&before, "200 cycles");
	sp_buf_fini(&before.mounts);
}

Test(faults, the_host_sees_no_mount_while_containers_run)
{
	const char *args[] = { "/bin/busybox", "sleep", "100", NULL };
	struct rt_container *c = NULL;
	struct sp_buf during = SP_BUF_INIT;
	struct sp_err err = { 0 };
	struct traces before;
	struct box_spec s;

	take_traces(&before);
	full_spec(&s);
	s.spec.process.args = (char *const *)args;
	cr_assert_eq(rt_create(box.engine, &s.spec, &c, &err), 0, "%s", err.message);
	cr_assert_eq(rt_start(c, &err), 0, "%s", err.message);
	cr_assert_eq(sp_file_read_at(AT_FDCWD, "/proc/self/mountinfo", 1 << 22, &during, NULL), 0);
	cr_expect_str_eq(during.data, before.mounts.data);
	cr_expect_eq(rt_destroy(box.engine, c, &err), 0);
	sp_buf_fini(&during);
	sp_buf_fini(&before.mounts);
}

Test(faults, an_id_in_use_is_refused_and_the_other_lives_on)
{
	const char *args[] = { "/bin/busybox", "sleep", "100", NULL };
	struct rt_container *c = NULL, *d = NULL;
	struct sp_err err = { 0 };
	struct box_spec s, t;
	struct rt_exit x;

	box_spec(&box, args, &s);
	box_spec(&box, args, &t);
	t.spec.id = s.spec.id;
	cr_assert_eq(rt_create(box.engine, &s.spec, &c, &err), 0, "%s", err.message);
	cr_assert_eq(rt_start(c, &err), 0, "%s", err.message);
	cr_expect_eq(rt_create(box.engine, &t.spec, &d, &err), -EEXIST);
	cr_expect_eq(rt_reap(c, 0, &x, &err), 0);
	cr_expect_eq(rt_destroy(box.engine, c, &err), 0);
}

Test(faults, a_container_created_and_never_started_goes_without_a_trace)
{
	const char *args[] = { "true", NULL };
	struct rt_container *c = NULL;
	struct traces before;
	struct box_spec s;

	take_traces(&before);
	box_spec(&box, args, &s);
	cr_assert_eq(rt_create(box.engine, &s.spec, &c, NULL), 0);
	cr_expect_eq(rt_destroy(box.engine, c, NULL), 0);
	expect_same(&before, "destroyed");
	sp_buf_fini(&before.mounts);
}

/* An agent that dies between a child's birth and its release; it tells the child's pid. */
static void die_half_way(int cgroup_fd, int tell)
{
	const struct rt_spawn how = { .namespaces = CLONE_NEWUSER | CLONE_NEWPID,
				      .join_pidfd = -1,
				      .cgroup_fd = cgroup_fd,
				      .spinit_fd = box.engine->spinit_fd,
				      .mode = "run" };
	struct rt_child child = { 0 };

	if (rt_spawn(&how, &child, NULL) == 0 &&
	    write(tell, &child.pid, sizeof(child.pid)) != sizeof(child.pid))
		kill(child.pid, SIGKILL);
	raise(SIGKILL);
}

/* It would hold what the agent held, the lock of its state directory too, and no agent could start.
 */
Test(faults, a_child_whose_agent_died_before_the_release_ends)
{
	const struct rt_limits none = { 0 };
	int cgroup = rt_cgroup_make(rt_engine_cgroups(box.engine), "half-way", &none, NULL);
	struct pollfd ended = { .events = POLLIN };
	int tell[2];
	pid_t agent, child = 0;

	cr_assert_geq(cgroup, 0);
	cr_assert_eq(prctl(PR_SET_CHILD_SUBREAPER, 1), 0);
	cr_assert_eq(pipe2(tell, O_CLOEXEC), 0);
	agent = fork();
	if (agent == 0)
		die_half_way(cgroup, tell[1]);
	cr_assert_eq(read(tell[0], &child, sizeof(child)), (ssize_t)sizeof(child));
	cr_assert_eq(waitpid(agent, NULL, 0), agent);
	ended.fd = pidfd_open(child, 0);
	cr_assert_geq(ended.fd, 0);
	cr_expect_eq(poll(&ended, 1, 5000), 1, "it waits for a dead agent");
	kill(child, SIGKILL);
	cr_expect_eq(waitpid(child, NULL, 0), child);
	close(ended.fd);
	close(cgroup);
	cr_expect_eq(rt_cgroup_remove(rt_engine_cgroups(box.engine), "half-way", 1000, NULL), 0);
}

Test(faults, a_report_is_heard_though_its_sender_left_a_word_unread)
{
	struct rt_report said = { .kind = RT_REPORT_FAILED }, heard = { 0 };
	struct sp_err err = { 0 };
	int pair[2], fd = -1;

	cr_assert_eq(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair), 0);
	sp_fail(&said.err, SP_E_ESCAPE, "why");
	cr_assert_eq(send(pair[0], "", 1, 0), 1);
	cr_assert_eq(send(pair[1], &said, sizeof(said), 0), (ssize_t)sizeof(said));
	close(pair[1]);
	cr_expect_lt(rt_report_receive(pair[0], &heard, &fd, &err), 0);
	cr_expect_str_eq(err.message, "why");
	close(pair[0]);
}

Test(faults, nonsense_specs_are_refused_before_anything_is_made)
{
	const char *args[] = { "true", NULL }, *none[] = { NULL };
	struct rt_container *c = NULL;
	struct box_spec s;

	box_spec(&box, args, &s);
	s.spec.id = "../evil";
	cr_expect_eq(rt_create(box.engine, &s.spec, &c, NULL), -EINVAL);
	box_spec(&box, args, &s);
	s.spec.first_uid = 0;
	cr_expect_eq(rt_create(box.engine, &s.spec, &c, NULL), -EINVAL);
	box_spec(&box, args, &s);
	s.spec.n_uids = UINT32_MAX;
	cr_expect_eq(rt_create(box.engine, &s.spec, &c, NULL), -EINVAL);
	box_spec(&box, none, &s);
	cr_expect_eq(rt_create(box.engine, &s.spec, &c, NULL), -EINVAL);
	box_spec(&box, args, &s);
	s.spec.process.cwd = "relative";
	cr_expect_eq(rt_create(box.engine, &s.spec, &c, NULL), -EINVAL);
}
