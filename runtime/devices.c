/* The /dev of all containers; see devices.h. */
#include "runtime/devices.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/mem.h"

static const struct {
	const char *name;
	unsigned int major, minor;
} nodes[] = {
	{ "null", 1, 3 },   { "zero", 1, 5 },    { "full", 1, 7 },
	{ "random", 1, 8 }, { "urandom", 1, 9 }, { "tty", 5, 0 },
};

static const struct {
	const char *name, *to;
} links[] = {
	{ "fd", "/proc/self/fd" },       { "stdin", "/proc/self/fd/0" },
	{ "stdout", "/proc/self/fd/1" }, { "stderr", "/proc/self/fd/2" },
	{ "ptmx", "pts/ptmx" },
};

static const char *const mount_points[] = { "pts", "shm", "mqueue" };

static int fill_dev(int fd, struct sp_err *err)
{
	for (size_t i = 0; i < SP_COUNT(nodes); i++)
		if (mknodat(fd, nodes[i].name, S_IFCHR, makedev(nodes[i].major, nodes[i].minor)) <
			    0 ||
		    fchmodat(fd, nodes[i].name, 0666, 0) < 0)
			return sp_fail_errno(err, errno, "make device node '%s'", nodes[i].name);
	for (size_t i = 0; i < SP_COUNT(links); i++)
		if (symlinkat(links[i].to, fd, links[i].name) < 0)
			return sp_fail_errno(err, errno, "link '/dev/%s'", links[i].name);
	for (size_t i = 0; i < SP_COUNT(mount_points); i++)
		if (mkdirat(fd, mount_points[i], 0755) < 0)
			return sp_fail_errno(err, errno, "mkdir '/dev/%s'", mount_points[i]);
	return 0;
}

static int fill_nothing(int fd, struct sp_err *err)
{
	(void)fd;
	(void)err;
	return 0;
}

/* A detached tmpfs, filled, then read-only for good. */
static int make_tmpfs(int (*fill)(int fd, struct sp_err *err), unsigned int attrs,
		      struct sp_err *err)
{
	struct mount_attr read_only = { .attr_set = MOUNT_ATTR_RDONLY };
	autoclose int fs = fsopen("tmpfs", FSOPEN_CLOEXEC);
	autoclose int fd = -1;
	int r;

	if (fs < 0 || fsconfig(fs, FSCONFIG_SET_STRING, "mode", "0755", 0) < 0 ||
	    fsconfig(fs, FSCONFIG_SET_STRING, "size", "64k", 0) < 0 ||
	    fsconfig(fs, FSCONFIG_CMD_CREATE, NULL, NULL, 0) < 0)
		return sp_fail_errno(err, errno, "tmpfs");
	fd = fsmount(fs, FSMOUNT_CLOEXEC, attrs);
	if (fd < 0)
		return sp_fail_errno(err, errno, "fsmount of a tmpfs");
	r = fill(fd, err);
	if (r < 0)
		return r;
	if (fsconfig(fs, FSCONFIG_SET_FLAG, "ro", NULL, 0) < 0 ||
	    fsconfig(fs, FSCONFIG_CMD_RECONFIGURE, NULL, NULL, 0) < 0 ||
	    mount_setattr(fd, "", AT_EMPTY_PATH, &read_only, sizeof(read_only)) < 0)
		return sp_fail_errno(err, errno, "make a tmpfs read-only");
	return take_fd(fd);
}

#define DEV_ATTRS   (MOUNT_ATTR_NOSUID | MOUNT_ATTR_NOEXEC)
#define EMPTY_ATTRS (DEV_ATTRS | MOUNT_ATTR_NODEV)

int rt_devices_make(struct rt_devices *ret, struct sp_err *err)
{
	autoclose int dev = make_tmpfs(fill_dev, DEV_ATTRS, err);

	if (dev < 0)
		return dev;
	ret->empty_fd = make_tmpfs(fill_nothing, EMPTY_ATTRS, err);
	if (ret->empty_fd < 0)
		return ret->empty_fd;
	ret->dev_fd = take_fd(dev);
	return 0;
}

void rt_devices_close(struct rt_devices *d)
{
	sp_close(&d->dev_fd);
	sp_close(&d->empty_fd);
}

/* Let the container's root own what it sees; without it the owner is nobody, and nothing else
 * changes. */
static void map_ids(int fd, int userns_fd)
{
	struct mount_attr want = { .attr_set = MOUNT_ATTR_IDMAP,
				   .userns_fd = (unsigned int)userns_fd };

	mount_setattr(fd, "", AT_EMPTY_PATH, &want, sizeof(want));
}

int rt_devices_copy(const struct rt_devices *d, int userns_fd, struct rt_devices *ret,
		    struct sp_err *err)
{
	unsigned int flags = OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | AT_EMPTY_PATH;

	ret->dev_fd = open_tree(d->dev_fd, "", flags);
	ret->empty_fd = open_tree(d->empty_fd, "", flags);
	if (ret->dev_fd < 0 || ret->empty_fd < 0) {
		int r;

		rt_devices_close(ret);
		r = rt_devices_make(ret, err);
		if (r < 0)
			return r;
	}
	map_ids(ret->dev_fd, userns_fd);
	return 0;
}
