/* Configs and secrets; see files.h. */
#include "runtime/init/files.h"

#include <errno.h>
#include <stdio.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "runtime/init/kernel.h"
#include "runtime/init/mounts.h"
#include "runtime/init/target.h"

static int fill(const struct init_orders *in, const struct rt_order_file *f, int stage,
		const char *name, struct sp_err *err)
{
	const char *content = orders_string(in, f->content);
	int fd = openat(stage, name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	int r = fd < 0 ? -1 : 0;

	for (size_t at = 0; r == 0 && at < f->content.count;) {
		ssize_t n = write(fd, content + at, f->content.count - at);

		r = n < 0 ? -1 : 0;
		at += n < 0 ? 0 : (size_t)n;
	}
	if (r == 0 && (fchown(fd, f->uid, f->gid) < 0 || fchmod(fd, f->mode ? f->mode : 0444) < 0))
		r = -1;
	if (r < 0)
		r = sp_fail_errno(err, errno, "file '%s'", orders_string(in, f->target));
	if (fd >= 0)
		close(fd);
	return r;
}

static int place(const struct init_orders *in, const struct rt_order_file *f, int stage, int root,
		 const char *name, struct sp_err *err)
{
	const char *path = orders_string(in, f->target);
	int target = target_make(root, path, false, err), fd, r;

	if (target < 0)
		return target;
	fd = k_open_tree(stage, name, OPEN_TREE_CLONE | AT_SYMLINK_NOFOLLOW);
	r = fd < 0 ? fd : k_mount_attrs(fd, MOUNT_ATTR_RDONLY);
	if (r == 0)
		r = k_attach(fd, target, "");
	if (r < 0)
		r = sp_fail_errno(err, errno, "mount on '%s'", path);
	if (fd >= 0)
		close(fd);
	close(target);
	return r;
}

/* The tmpfs, attached while it is filled: copies of its files can only be taken from an attached
 * mount before Linux 6.15. */
static int make_stage(struct sp_err *err)
{
	static const char *const options[] = { "mode", "0700", "size", "4m", NULL };
	unsigned int attrs = MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC;
	int fd = mounts_make("tmpfs", options, attrs, err);

	if (fd >= 0 && k_attach(fd, AT_FDCWD, "/") < 0) {
		close(fd);
		return sp_fail_errno(err, errno, "attach the files' tmpfs");
	}
	return fd;
}

/* It lies on top of the new root now, where who joins the mount namespace later (exec) would have
 * it for a root. The copies keep its file system. */
static int drop_stage(int stage, struct sp_err *err)
{
	if (fchdir(stage) < 0 || syscall(SYS_umount2, ".", MNT_DETACH) < 0 || chdir("/") < 0)
		return sp_fail_errno(err, errno, "detach the files' tmpfs");
	return 0;
}

int files_attach(const struct init_orders *in, int root, struct sp_err *err)
{
	struct rt_slice all = in->head->files;
	const struct rt_order_file *f = orders_array(in, all, sizeof(*f));
	int stage, r = 0;

	if (all.count == 0)
		return 0;
	stage = make_stage(err);
	for (uint32_t i = 0; stage >= 0 && r == 0 && i < all.count; i++) {
		char name[12];

		snprintf(name, sizeof(name), "%u", i);
		r = fill(in, &f[i], stage, name, err);
		if (r == 0)
			r = place(in, &f[i], stage, root, name, err);
	}
	if (stage < 0)
		return stage;
	if (r == 0)
		r = drop_stage(stage, err);
	close(stage);
	return r;
}
