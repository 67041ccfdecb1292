/*
 * The long half of a launch: a child in its cgroup and namespaces, ids mapped, that becomes spinit
 * and gets its orders. See container.h; what the orders say is made in build.c.
 */
#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/pidfd.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "base/fd.h"
#include "base/mem.h"
#include "base/path.h"
#include "runtime/build.h"
#include "runtime/container.h"
#include "runtime/engine_impl.h"
#include "runtime/exit_record.h"
#include "runtime/idmap.h"
#include "runtime/process_id.h"
#include "runtime/rlimits.h"
#include "runtime/spawn.h"
#include "runtime/spec_check.h"
#include "runtime/state_file.h"
#include "runtime/steps.h"

#define ALL_NAMESPACES                                                                             \
	(CLONE_NEWUSER | CLONE_NEWNS | CLONE_NEWPID | CLONE_NEWNET | CLONE_NEWIPC | CLONE_NEWUTS | \
	 CLONE_NEWCGROUP)

struct creation {
	struct rt_engine *engine;
	const struct rt_spec *spec;
	struct rt_container *c;
};

/* End the child, so that it makes nothing more; whoever made it reaps it. */
static void silence(const struct rt_container *c)
{
	siginfo_t info;

	pidfd_send_signal(c->pidfd, SIGKILL, NULL, 0);
	while (waitid(P_PIDFD, (id_t)c->pidfd, &info, WEXITED | WNOWAIT) < 0 && errno == EINTR)
		;
}

/* It may have begun with its root file system, and overlayfs with its work. */
static void remove_directories(void *state)
{
	const struct creation *n = state;

	silence(n->c);
	sp_remove_tree_at(n->c->dirfd, "upper", NULL);
	sp_remove_tree_at(n->c->dirfd, "work", NULL);
	sp_close(&n->c->dirfd);
}

/* The upper directory becomes the container's root directory, so it belongs to its root. */
static int make_directories(void *state, struct sp_err *err)
{
	const struct creation *n = state;
	uint32_t root = n->spec->first_uid;

	n->c->dirfd = open(n->spec->dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (n->c->dirfd < 0)
		return sp_fail_errno(err, errno, "'%s'", n->spec->dir);
	if (mkdirat(n->c->dirfd, "upper", 0755) < 0 || mkdirat(n->c->dirfd, "work", 0700) < 0 ||
	    fchownat(n->c->dirfd, "upper", root, root, AT_SYMLINK_NOFOLLOW) < 0) {
		int r = sp_fail_errno(err, errno, "make upper and work in '%s'", n->spec->dir);

		remove_directories(state);
		return r;
	}
	return 0;
}

static int make_cgroup(void *state, struct sp_err *err)
{
	const struct creation *n = state;

	n->c->cgroup_fd = rt_cgroup_make(&n->engine->cgroups, n->spec->id, &n->spec->limits, err);
	return n->c->cgroup_fd < 0 ? n->c->cgroup_fd : 0;
}

static void remove_cgroup(void *state)
{
	const struct creation *n = state;

	sp_close(&n->c->cgroup_fd);
	rt_cgroup_remove(&n->engine->cgroups, n->spec->id, 1000, NULL);
}

static int spawn(void *state, struct sp_err *err)
{
	const struct creation *n = state;
	const struct rt_spawn how = { .namespaces = ALL_NAMESPACES,
				      .join_pidfd = -1,
				      .cgroup_fd = n->c->cgroup_fd,
				      .spinit_fd = n->engine->spinit_fd,
				      .mode = "run" };
	struct rt_child child = { 0 };
	int r = rt_spawn(&how, &child, err);

	if (r < 0)
		return r;
	n->c->pid = child.pid;
	n->c->pidfd = child.pidfd;
	n->c->socket = child.socket;
	n->c->stack = child.stack;
	return 0;
}

static void unspawn(void *state)
{
	struct rt_container *c = ((struct creation *)state)->c;
	siginfo_t info;

	pidfd_send_signal(c->pidfd, SIGKILL, NULL, 0);
	while (waitid(P_PIDFD, (id_t)c->pidfd, &info, WEXITED) < 0 && errno == EINTR)
		;
	sp_close(&c->pidfd);
	sp_close(&c->socket);
	free(c->stack);
	c->stack = NULL;
}

static int map_ids(void *state, struct sp_err *err)
{
	const struct creation *n = state;

	return rt_idmap_write(n->c->pid, n->spec->first_uid, n->spec->n_uids, err);
}

static int set_oom_score(struct creation *n, struct sp_err *err)
{
	char path[64], value[12];
	int r;

	if (n->spec->oom_score_adj == n->engine->oom_score_adj)
		return 0;
	snprintf(path, sizeof(path), "/proc/%d/oom_score_adj", (int)n->c->pid);
	snprintf(value, sizeof(value), "%d", n->spec->oom_score_adj);
	r = sp_file_put_at(AT_FDCWD, path, value, err);
	if (r != -EACCES && r != -EPERM)
		return r;
	snprintf(n->c->warning, sizeof(n->c->warning),
		 "without CAP_SYS_RESOURCE oom_score_adj cannot be lowered to %s", value);
	return 0;
}

static int set_limits(void *state, struct sp_err *err)
{
	struct creation *n = state;
	int r = set_oom_score(n, err);

	if (r < 0)
		return r;
	if (n->engine->set_files && prlimit(n->c->pid, RLIMIT_NOFILE, &n->engine->files, NULL) < 0)
		return sp_fail_errno(err, errno, "limit 'nofile'");
	return rt_rlimits_apply(n->c->pid, n->spec->rlimits, n->spec->n_rlimits, n->c->warning,
				sizeof(n->c->warning), err);
}

static int open_namespaces(void *state, struct sp_err *err)
{
	struct rt_container *c = ((struct creation *)state)->c;

	c->netns_fd = rt_process_namespace(c->pid, "net", err);
	if (c->netns_fd < 0)
		return c->netns_fd;
	c->userns_fd = rt_process_namespace(c->pid, "user", err);
	if (c->userns_fd < 0) {
		sp_close(&c->netns_fd);
		return c->userns_fd;
	}
	return 0;
}

static void close_namespaces(void *state)
{
	struct rt_container *c = ((struct creation *)state)->c;

	sp_close(&c->netns_fd);
	sp_close(&c->userns_fd);
}

static int write_state(void *state, struct sp_err *err)
{
	struct creation *n = state;
	struct rt_state s = { .pid = n->c->pid };
	int r = rt_process_start_time(n->c->pid, &n->c->start_time, err);

	if (r < 0)
		return r;
	s.start_time = n->c->start_time;
	snprintf(s.boot_id, sizeof(s.boot_id), "%s", n->engine->boot_id);
	return rt_state_write(n->c->dirfd, &s, err);
}

static void remove_state(void *state)
{
	unlinkat(((struct creation *)state)->c->dirfd, RT_STATE_FILE, 0);
}

static int build(void *state, struct sp_err *err)
{
	const struct creation *n = state;

	return rt_build(n->engine, n->c, n->spec, err);
}

static void unbuild(void *state)
{
	rt_unbuild(((struct creation *)state)->c);
}

/* The child goes on in the last step, when all that it is going to ask for is there: beside each
 * other the mounts of both would only wait for one lock. */
static const struct rt_step steps[] = {
	{ "cgroup", make_cgroup, remove_cgroup },
	{ "spawn", spawn, unspawn },
	{ "id maps", map_ids, NULL },
	{ "limits", set_limits, NULL },
	{ "namespaces", open_namespaces, close_namespaces },
	{ "directories", make_directories, remove_directories },
	{ "state", write_state, remove_state },
	{ "build", build, unbuild },
};

int rt_create(struct rt_engine *e, const struct rt_spec *spec, struct rt_container **ret,
	      struct sp_err *err)
{
	struct creation n = { .engine = e, .spec = spec };
	int r = rt_spec_check(spec, err);

	if (r < 0)
		return r;
	n.c = calloc(1, sizeof(*n.c));
	if (!n.c)
		return sp_fail_nomem(err);
	n.c->dirfd = n.c->cgroup_fd = n.c->pidfd = n.c->socket = -1;
	n.c->netns_fd = n.c->userns_fd = -1;
	snprintf(n.c->id, sizeof(n.c->id), "%s", spec->id);
	r = rt_steps_run(steps, SP_COUNT(steps), &n, err);
	if (r < 0) {
		free(n.c);
		return r;
	}
	*ret = n.c;
	return 0;
}
