/*
 * An overlay made where its layers can be attached; see overlay_attached.h.
 *
 * A helper shares our memory and descriptor table (CLONE_VM, CLONE_FILES, and CLONE_VFORK: we wait)
 * but has a mount namespace of its own. There it attaches the layers and the upper directory, all
 * on one place, for they are only named by descriptor, mounts the overlay the old way, since
 * "lowerdir+" came with 6.8, and leaves a detached copy in our descriptor table. When it ends, its
 * namespace goes; the overlay keeps copies of its own.
 */
#include "runtime/overlay_attached.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mount.h>
#include <sys/wait.h>

#include "base/buf.h"
#include "base/fd.h"
#include "base/mem.h"
#include "runtime/idmap.h"

#define STACK_SIZE 65536
#define PLACE      "/sys" /* any directory that is there; seen by the helper alone */

struct job {
	const int *layers;
	size_t n_layers;
	int upper;
	const char *options;
	int result; /* the detached mount, or -errno */
};

static int attach(int mount_fd)
{
	return move_mount(mount_fd, "", AT_FDCWD, PLACE, MOVE_MOUNT_F_EMPTY_PATH) < 0 ? -errno : 0;
}

static int attach_all(const struct job *j)
{
	int r = mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0 ? -errno : 0;

	for (size_t i = 0; r == 0 && i < j->n_layers; i++)
		r = attach(j->layers[i]);
	return r == 0 ? attach(j->upper) : r;
}

static int helper_main(void *arg)
{
	struct job *j = arg;

	j->result = attach_all(j);
	if (j->result < 0)
		return 0;
	if (mount("overlay", PLACE, "overlay", MS_NODEV, j->options) < 0)
		j->result = -errno;
	else
		j->result = open_tree(AT_FDCWD, PLACE, OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC);
	if (j->result == -1)
		j->result = -errno;
	return 0;
}

static void format_options(const struct job *j, struct sp_buf *out)
{
	sp_buf_puts(out, "volatile,lowerdir=");
	for (size_t i = 0; i < j->n_layers; i++)
		sp_buf_printf(out, "%s/proc/self/fd/%d", i ? ":" : "", j->layers[i]);
	sp_buf_printf(out, ",upperdir=/proc/self/fd/%d/upper,workdir=/proc/self/fd/%d/work",
		      j->upper, j->upper);
}

/* Run the helper to its end; we are suspended meanwhile. */
static int run_helper(struct job *j, struct sp_err *err)
{
	autofree char *stack = aligned_alloc(16, STACK_SIZE);
	pid_t pid;

	if (!stack)
		return sp_fail_nomem(err);
	pid = clone(helper_main, stack + STACK_SIZE,
		    CLONE_VM | CLONE_VFORK | CLONE_FILES | CLONE_NEWNS | SIGCHLD, j);
	if (pid < 0)
		return sp_fail_errno(err, errno, "clone a helper for an overlay");
	while (waitpid(pid, NULL, 0) < 0 && errno == EINTR)
		;
	if (j->result < 0)
		return sp_fail_errno(err, -j->result, "overlay mount");
	return j->result;
}

int rt_overlay_mount_attached(const struct rt_overlay *o, const int *layers, struct sp_err *err)
{
	autobuf struct sp_buf options = SP_BUF_INIT;
	char directory[32];
	autoclose int upper = -1;
	struct job j = { .layers = layers, .n_layers = o->n_layers, .result = -EIO };
	int r;

	/* Private, as the layers are: what lies on a copy that shares lies on the host's too. */
	snprintf(directory, sizeof(directory), "/proc/self/fd/%d", o->dirfd);
	upper = rt_mount_clone(directory, false, 0, -1, err);
	if (upper < 0)
		return upper;
	j.upper = upper;
	format_options(&j, &options);
	r = sp_buf_check(&options, err);
	if (r < 0)
		return r;
	j.options = options.data;
	return run_helper(&j, err);
}
