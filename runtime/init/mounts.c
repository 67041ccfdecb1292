/* The file systems that a container gets from the kernel; see mounts.h. */
#include "runtime/init/mounts.h"

#include <errno.h>
#include <linux/magic.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statfs.h>

#include "runtime/init/kernel.h"
#include "runtime/init/target.h"

#define QUIET (MOUNT_ATTR_NOSUID | MOUNT_ATTR_NOEXEC)

int mounts_make(const char *type, const char *const *options, unsigned int attrs,
		struct sp_err *err)
{
	int fs = k_fsopen(type), fd, r = fs;

	for (size_t i = 0; r >= 0 && options && options[i]; i += 2)
		r = k_fsconfig(fs, FSCONFIG_SET_STRING, options[i], options[i + 1]);
	if (r >= 0)
		r = k_fsconfig(fs, FSCONFIG_CMD_CREATE, NULL, NULL);
	fd = r < 0 ? -1 : k_fsmount(fs, attrs);
	if (fd < 0)
		fd = sp_fail_errno(err, errno, "mount %s in the container", type);
	if (fs >= 0)
		close(fs);
	return fd;
}

/* Our own procfs and nothing that looks like one (CVE-2019-16884, CVE-2025-52881). */
static int check_proc(int fd, struct sp_err *err)
{
	struct statfs fs;
	struct stat st;

	if (fstatfs(fd, &fs) < 0 || fstat(fd, &st) < 0)
		return sp_fail_errno(err, errno, "procfs");
	if (fs.f_type != PROC_SUPER_MAGIC || st.st_ino != 1)
		return sp_fail(err, SP_E_ESCAPE, "the container's /proc is not a procfs");
	return 0;
}

static int open_sysctls(int proc, struct sp_err *err)
{
	int fd = k_openat2(proc, "sys", O_PATH | O_DIRECTORY,
			   RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_XDEV);

	return fd < 0 ? sp_fail_errno(err, errno, "/proc/sys") : fd;
}

int mounts_prepare(struct init_mounts *ret, struct sp_err *err)
{
	static const char *const pts_options[] = { "ptmxmode", "0666", "mode", "0620",
						   "gid",      "5",    NULL };
	unsigned int kernel_fs = QUIET | MOUNT_ATTR_NODEV;
	int r;

	if ((r = ret->proc = mounts_make("proc", NULL, kernel_fs, err)) < 0 ||
	    (r = check_proc(ret->proc, err)) < 0 ||
	    (r = ret->proc_sys = open_sysctls(ret->proc, err)) < 0 ||
	    (r = ret->sys = mounts_make("sysfs", NULL, kernel_fs | MOUNT_ATTR_RDONLY, err)) < 0 ||
	    (r = ret->pts = mounts_make("devpts", pts_options, QUIET, err)) < 0 ||
	    (r = ret->mqueue = mounts_make("mqueue", NULL, kernel_fs, err)) < 0 ||
	    (r = ret->cgroup = mounts_make("cgroup2", NULL, kernel_fs | MOUNT_ATTR_RDONLY, err)) <
		    0)
		return r;
	return 0;
}

static int write_sysctl(int dir, const char *path, const char *value, struct sp_err *err)
{
	int fd = k_openat2(dir, path, O_WRONLY,
			   RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_XDEV);
	ssize_t n;

	if (fd < 0 && errno == ENOENT)
		return sp_fail(err, SP_E_UNSUPPORTED,
			       "sysctl '%s': this kernel has none of that name for a container",
			       path);
	if (fd < 0)
		return sp_fail_errno(err, errno, "sysctl '%s'", path);
	n = write(fd, value, strlen(value));
	close(fd);
	return n < 0 ? sp_fail_errno(err, errno, "sysctl '%s' = '%s'", path, value) : 0;
}

int mounts_sysctls(const struct init_mounts *m, const struct init_orders *in, struct sp_err *err)
{
	struct rt_slice all = in->head->sysctls;
	const struct rt_order_sysctl *s = orders_array(in, all, sizeof(*s));
	int r = 0;

	for (uint32_t i = 0; r == 0 && i < all.count; i++)
		r = write_sysctl(m->proc_sys, orders_string(in, s[i].path),
				 orders_string(in, s[i].value), err);
	return r;
}

static int attach(int mount, int dir, const char *name, struct sp_err *err)
{
	return k_attach(mount, dir, name) < 0 ? sp_fail_errno(err, errno, "mount on '%s'", name)
					      : 0;
}

static int attach_plain(int mount, int root, const char *name, struct sp_err *err)
{
	int target = target_make_plain(root, name, err), r;

	if (target < 0)
		return target;
	r = k_attach(mount, target, "") < 0 ? sp_fail_errno(err, errno, "mount on '/%s'", name) : 0;
	close(target);
	return r;
}

static int attach_shm(const struct init_orders *in, int dev, struct sp_err *err)
{
	char size[24];
	const char *const options[] = { "mode", "1777", "size", size, NULL };
	int fd, r;

	snprintf(size, sizeof(size), "%llu", (unsigned long long)in->head->shm_bytes);
	fd = mounts_make("tmpfs", options, QUIET | MOUNT_ATTR_NODEV, err);
	if (fd < 0)
		return fd;
	r = attach(fd, dev, "shm", err);
	close(fd);
	return r;
}

/* The mount points below /dev and /sys are the agent's and the kernel's: no image can have put
 * links there. */
int mounts_attach(const struct init_mounts *m, const struct init_orders *in, int root,
		  struct sp_err *err)
{
	int dev = orders_fd(in, in->head->dev_fd), r;

	if ((r = attach_plain(m->proc, root, "proc", err)) < 0 ||
	    (r = attach_plain(m->sys, root, "sys", err)) < 0 ||
	    (r = attach(m->cgroup, m->sys, "fs/cgroup", err)) < 0 ||
	    (r = attach_plain(dev, root, "dev", err)) < 0 ||
	    (r = attach(m->pts, dev, "pts", err)) < 0 ||
	    (r = attach(m->mqueue, dev, "mqueue", err)) < 0)
		return r;
	return attach_shm(in, dev, err);
}

static int make_tmpfs(const struct rt_order_mount *m, struct sp_err *err)
{
	char size[24], mode[12];
	const char *const options[] = { "mode", mode, m->size_bytes ? "size" : NULL, size, NULL };
	unsigned int attrs = MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV;

	snprintf(size, sizeof(size), "%llu", (unsigned long long)m->size_bytes);
	snprintf(mode, sizeof(mode), "%o", m->mode ? m->mode : 01777);
	attrs |= (m->read_only ? MOUNT_ATTR_RDONLY : 0) | (m->no_exec ? MOUNT_ATTR_NOEXEC : 0);
	return mounts_make("tmpfs", options, attrs, err);
}

/* The kernel's own file systems are not for mounting on: that would undo their masks. */
static int check_target(int target, const char *path, struct sp_err *err)
{
	struct statfs fs;

	if (fstatfs(target, &fs) < 0)
		return sp_fail_errno(err, errno, "mount on '%s'", path);
	if (fs.f_type == PROC_SUPER_MAGIC || fs.f_type == SYSFS_MAGIC ||
	    fs.f_type == CGROUP2_SUPER_MAGIC)
		return sp_fail(err, SP_E_ESCAPE, "mount on '%s': it leads into /proc or /sys",
			       path);
	return 0;
}

static int attach_one(const struct init_orders *in, const struct rt_order_mount *m, int root,
		      struct sp_err *err)
{
	const char *path = orders_string(in, m->target);
	int mount = m->kind == RT_ORDER_TMPFS ? make_tmpfs(m, err) : orders_fd(in, m->fd);
	int target = mount < 0 ? mount : target_make(root, path, m->is_dir, err);
	int r = target < 0 ? target : check_target(target, path, err);

	if (r == 0 && k_attach(mount, target, "") < 0)
		r = sp_fail_errno(err, errno, "mount on '%s'", path);
	if (target >= 0)
		close(target);
	return r;
}

int mounts_attach_ordered(const struct init_orders *in, int root, struct sp_err *err)
{
	struct rt_slice all = in->head->mounts;
	const struct rt_order_mount *m = orders_array(in, all, sizeof(*m));
	int r = 0;

	for (uint32_t i = 0; r == 0 && i < all.count; i++)
		r = attach_one(in, &m[i], root, err);
	return r;
}
