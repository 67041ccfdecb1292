/* The root file system of a container; see overlay.h. */
#include "runtime/overlay.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/mount.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/fd.h"
#include "runtime/idmap.h"
#include "runtime/overlay_attached.h"
#include "runtime/spec.h"

void rt_overlay_layers_close(int *fds, size_t n)
{
	for (size_t i = 0; i < n; i++)
		sp_close(&fds[i]);
}

int rt_overlay_layers(const struct rt_overlay *o, int *ret_fds, struct sp_err *err)
{
	if (o->n_layers == 0 || o->n_layers > RT_LAYERS_MAX)
		return sp_fail(err, SP_E_INVALID, "%zu layers, at least 1 and at most %d",
			       o->n_layers, RT_LAYERS_MAX);
	for (size_t i = 0; i < o->n_layers; i++) {
		ret_fds[i] = rt_mount_clone(o->layers[i], false, 0, o->userns_fd, err);
		if (ret_fds[i] < 0) {
			int r = sp_err_prefix(err, "layer %zu", i + 1);

			rt_overlay_layers_close(ret_fds, i);
			return r;
		}
	}
	return 0;
}

/* Name a descriptor by the path through which overlayfs finds it. */
static int set_path(int fs, const char *key, int fd, const char *below)
{
	char path[64];

	snprintf(path, sizeof(path), "/proc/self/fd/%d%s", fd, below);
	return fsconfig(fs, FSCONFIG_SET_STRING, key, path, 0);
}

/* What the kernel had to say about a mount, from the context's log; "" if nothing. */
static void read_log(int fs, char *ret, size_t room)
{
	ssize_t n = read(fs, ret, room - 1);

	ret[n > 0 ? n : 0] = '\0';
	for (char *p = ret; *p; p++)
		if (*p == '\n')
			*p = ' ';
}

static int fail_mount(int fs, int num, struct sp_err *err)
{
	char log[256];

	read_log(fs, log, sizeof(log));
	return sp_fail_errno(err, num, "overlay mount%s%s", *log ? ", kernel says: " : "", log);
}

static int mount_detached(const struct rt_overlay *o, const int *layers, struct sp_err *err)
{
	autoclose int fs = fsopen("overlay", FSOPEN_CLOEXEC);
	int r = fs, fd;

	for (size_t i = 0; r >= 0 && i < o->n_layers; i++)
		r = set_path(fs, "lowerdir+", layers[i], "");
	if (r >= 0)
		r = set_path(fs, "upperdir", o->dirfd, "/upper");
	if (r >= 0)
		r = set_path(fs, "workdir", o->dirfd, "/work");
	if (r >= 0)
		r = fsconfig(fs, FSCONFIG_SET_FLAG, "volatile", NULL, 0);
	if (r >= 0)
		r = fsconfig(fs, FSCONFIG_CMD_CREATE, NULL, NULL, 0);
	if (r < 0)
		return fail_mount(fs, errno, err);
	fd = fsmount(fs, FSMOUNT_CLOEXEC, MOUNT_ATTR_NODEV);
	return fd < 0 ? sp_fail_errno(err, errno, "fsmount of an overlay") : fd;
}

int rt_overlay_mount(const struct rt_overlay *o, const int *layers, bool attached,
		     struct sp_err *err)
{
	return attached ? rt_overlay_mount_attached(o, layers, err)
			: mount_detached(o, layers, err);
}
