/* Finding a container again after the agent restarted; see rt_adopt(). */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/pidfd.h>

#include "base/fd.h"
#include "base/mem.h"
#include "base/str.h"
#include "runtime/container.h"
#include "runtime/engine_impl.h"
#include "runtime/process_id.h"
#include "runtime/state_file.h"

/* Whether the process under pidfd is the one that was recorded: started at the same moment, in the
 * container's cgroup. */
static bool is_same(const struct rt_engine *e, const char *id, const struct rt_state *s)
{
	char cgroup[256], want[sizeof(e->cgroups.path) + SP_ID_MAX + 2];
	uint64_t start = 0;

	snprintf(want, sizeof(want), "%s/%s", e->cgroups.path, id);
	return sp_str_eq(s->boot_id, e->boot_id) &&
	       rt_process_start_time(s->pid, &start, NULL) == 0 && start == s->start_time &&
	       rt_process_cgroup(s->pid, cgroup, sizeof(cgroup), NULL) == 0 &&
	       sp_str_ends(cgroup, want);
}

static int open_all(struct rt_engine *e, struct rt_container *c, struct sp_err *err)
{
	c->cgroup_fd = rt_cgroup_open(&e->cgroups, c->id, err);
	if (c->cgroup_fd < 0)
		return c->cgroup_fd;
	c->netns_fd = rt_process_namespace(c->pid, "net", err);
	return c->netns_fd < 0 ? c->netns_fd : 0;
}

/* The pidfd comes first: while we hold it, the pid means this process or none. */
static int adopt(struct rt_engine *e, struct rt_container *c, struct sp_err *err)
{
	struct rt_state s = { 0 };
	int r = rt_state_read(c->dirfd, &s, err);

	if (r < 0)
		return r == -ENOENT ? 0 : r;
	c->pidfd = pidfd_open(s.pid, 0);
	if (c->pidfd < 0)
		return errno == ESRCH ? 0 : sp_fail_errno(err, errno, "pidfd of %d", s.pid);
	c->pid = s.pid;
	c->start_time = s.start_time;
	if (!is_same(e, c->id, &s))
		return 0;
	r = open_all(e, c, err);
	if (r < 0) /* it may have ended under our hands */
		return r == -ENOENT || r == -ESRCH ? 0 : r;
	return 1;
}

int rt_adopt(struct rt_engine *e, const char *id, const char *dir, struct rt_container **ret,
	     struct sp_err *err)
{
	struct rt_container *c = calloc(1, sizeof(*c));
	int r;

	if (!c)
		return sp_fail_nomem(err);
	c->pidfd = c->netns_fd = c->userns_fd = c->cgroup_fd = c->socket = -1;
	c->started = c->adopted = true;
	snprintf(c->id, sizeof(c->id), "%s", id);
	c->dirfd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (c->dirfd < 0)
		r = errno == ENOENT ? 0 : sp_fail_errno(err, errno, "'%s'", dir);
	else
		r = adopt(e, c, err);
	if (r == 1)
		*ret = take_ptr(c);
	if (c)
		rt_forget(c);
	return r;
}
