/* See leftover.h. */
#include "runtime/leftover.h"

#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/list.h"
#include "runtime/cgroup.h"
#include "runtime/engine_impl.h"
#include "runtime/zombie.h"

/* A process or a cgroup. */
struct leftover {
	struct sp_list link;
	int pidfd;     /* -1: a cgroup */
	int parent_fd; /* -1: a process */
	char cgroup[24];
};

static bool is_gone(const struct leftover *l)
{
	const struct rt_cgroup_root parent = { .dirfd = l->parent_fd };
	siginfo_t info;

	if (l->pidfd >= 0)
		return rt_zombie_reap(l->pidfd, &info) != 0;
	return rt_cgroup_remove(&parent, l->cgroup, 0, NULL) == 0;
}

static void release(struct leftover *l)
{
	sp_close(&l->pidfd);
	sp_close(&l->parent_fd);
}

static void put_by(struct rt_engine *e, struct leftover *l)
{
	struct leftover *kept = is_gone(l) ? NULL : malloc(sizeof(*kept));

	if (!kept) {
		release(l);
		return;
	}
	*kept = *l;
	sp_list_append(&e->leftovers, &kept->link);
}

void rt_leftover_process(struct rt_engine *e, int pidfd)
{
	struct leftover l = { .pidfd = pidfd, .parent_fd = -1 };

	put_by(e, &l);
}

void rt_leftover_cgroup(struct rt_engine *e, int parent_fd, const char *name)
{
	struct leftover l = { .pidfd = -1, .parent_fd = parent_fd };

	snprintf(l.cgroup, sizeof(l.cgroup), "%s", name);
	put_by(e, &l);
}

static void forget(struct leftover *l)
{
	sp_list_remove(&l->link);
	release(l);
	free(l);
}

bool rt_leftovers_look(struct rt_engine *e)
{
	struct leftover *l;

	SP_LIST_EACH (&e->leftovers, l, link)
		if (is_gone(l))
			forget(l);
	return !sp_list_empty(&e->leftovers);
}

static bool runs(int pidfd)
{
	struct pollfd p = { .fd = pidfd, .events = POLLIN };

	return poll(&p, 1, 0) == 0;
}

int rt_leftovers_pidfd(const struct rt_engine *e)
{
	const struct leftover *l;

	SP_LIST_EACH (&e->leftovers, l, link)
		if (l->pidfd >= 0 && runs(l->pidfd))
			return fcntl(l->pidfd, F_DUPFD_CLOEXEC, 0);
	return -1;
}

void rt_leftovers_forget(struct rt_engine *e)
{
	struct leftover *l;

	SP_LIST_EACH (&e->leftovers, l, link)
		forget(l);
}
