/* What a container must not see or change; see mask.h. */
#include "runtime/init/mask.h"

#include <errno.h>
#include <stdbool.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include "runtime/init/kernel.h"

/* The lists of the OCI runtimes, with what newer kernels added. */
static const char *const proc_masked[] = { "acpi",       "asound",        "interrupts",  "kcore",
					   "keys",       "latency_stats", "sched_debug", "scsi",
					   "timer_list", "timer_stats",   NULL };
static const char *const sys_masked[] = { "dev/block", "devices/virtual/powercap", "firmware",
					  "fs/selinux", NULL };
static const char *const proc_read_only[] = { "bus", "fs", "irq", "sys", "sysrq-trigger", NULL };

/* A copy of dir/name, for mounting elsewhere or over itself. */
static int copy(int dir, const char *name)
{
	unsigned int flags = OPEN_TREE_CLONE | AT_SYMLINK_NOFOLLOW;

	return k_open_tree(dir, name, flags | (*name ? 0 : AT_EMPTY_PATH));
}

static int make_read_only(int dir, const char *name, struct sp_err *err)
{
	int fd = copy(dir, name), r;

	if (fd < 0 && errno == ENOENT)
		return 0;
	r = fd < 0 ? fd : k_mount_attrs(fd, MOUNT_ATTR_RDONLY);
	if (r == 0)
		r = k_attach(fd, dir, name);
	if (r < 0)
		r = sp_fail_errno(err, errno, "make '/proc/%s' read-only", name);
	if (fd >= 0)
		close(fd);
	return r;
}

/* A copy of our /dev/null, proved to be one (CVE-2025-31133). */
static int copy_null(int dev, struct sp_err *err)
{
	int fd = copy(dev, "null");
	struct stat st;

	if (fd < 0 || fstat(fd, &st) < 0)
		return sp_fail_errno(err, errno, "/dev/null");
	if (!S_ISCHR(st.st_mode) || st.st_rdev != makedev(1, 3))
		return sp_fail(err, SP_E_ESCAPE, "/dev/null is not the null device");
	return fd;
}

struct covers {
	int dev, empty;
	bool empty_used; /* the first directory takes the mount itself, the others copies of it */
};

static int cover_for(struct covers *c, bool is_dir, struct sp_err *err)
{
	int fd;

	if (!is_dir)
		return copy_null(c->dev, err);
	fd = c->empty_used ? copy(c->empty, "") : fcntl(c->empty, F_DUPFD_CLOEXEC, 0);
	c->empty_used = true;
	return fd < 0 ? sp_fail_errno(err, errno, "copy the empty directory") : fd;
}

static int hide(struct covers *c, int dir, const char *name, struct sp_err *err)
{
	struct stat st;
	int fd, r;

	if (fstatat(dir, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return errno == ENOENT ? 0 : sp_fail_errno(err, errno, "mask '%s'", name);
	fd = cover_for(c, S_ISDIR(st.st_mode), err);
	if (fd < 0)
		return fd;
	r = k_attach(fd, dir, name) < 0 ? sp_fail_errno(err, errno, "mask '%s'", name) : 0;
	close(fd);
	return r;
}

int mask_apply(const struct init_mounts *m, const struct init_orders *in, struct sp_err *err)
{
	struct covers c = { .dev = orders_fd(in, in->head->dev_fd),
			    .empty = orders_fd(in, in->head->empty_fd) };
	int r = 0;

	for (const char *const *p = proc_read_only; r == 0 && *p; p++)
		r = make_read_only(m->proc, *p, err);
	for (const char *const *p = proc_masked; r == 0 && *p; p++)
		r = hide(&c, m->proc, *p, err);
	for (const char *const *p = sys_masked; r == 0 && *p; p++)
		r = hide(&c, m->sys, *p, err);
	return r;
}
