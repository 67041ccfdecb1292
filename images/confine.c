/* Confinement; see confine.h. No step can be undone, so a failure ends the process that asked. */
#include "images/confine.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <linux/mount.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/fd.h"

#define CAP_BIT(c) (UINT64_C(1) << (c))
#define KEPT_CAPS                                                               \
	(CAP_BIT(CAP_CHOWN) | CAP_BIT(CAP_DAC_OVERRIDE) | CAP_BIT(CAP_FOWNER) | \
	 CAP_BIT(CAP_FSETID) | CAP_BIT(CAP_SETFCAP))
#define CAPS_MAX   64
#define FILES_MAX  64
#define MEMORY_MAX (512 << 20) /* for the widest window of zstd, and the names of a big layer */

static bool is_kept(int fd, const int *keep, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (keep[i] == fd)
			return true;
	return false;
}

void img_close_others(const int *keep, size_t n)
{
	int last = 2;

	for (size_t i = 0; i < n; i++)
		if (keep[i] > last)
			last = keep[i];
	for (int fd = 3; fd < last; fd++)
		if (!is_kept(fd, keep, n))
			close(fd);
	close_range((unsigned int)last + 1, ~0U, 0);
}

pid_t img_fork_alone(struct sp_err *err)
{
	long pid = syscall(SYS_clone, CLONE_NEWPID | SIGCHLD, NULL, NULL, NULL, 0UL);

	return pid < 0 ? sp_fail_errno(err, errno, "clone") : (pid_t)pid;
}

/* A clone of the working directory as a mount of its own, attached over it: pivot_root wants a
 * mount. */
static int mount_root(int *ret, struct sp_err *err)
{
	struct mount_attr attr = { .attr_set = MOUNT_ATTR_NODEV | MOUNT_ATTR_NOSUID |
					       MOUNT_ATTR_NOEXEC };

	*ret = (int)syscall(SYS_open_tree, AT_FDCWD, ".", OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC);
	if (*ret < 0)
		return sp_fail_errno(err, errno, "open_tree");
	if (syscall(SYS_mount_setattr, *ret, "", AT_EMPTY_PATH, &attr, sizeof(attr)) < 0)
		return sp_fail_errno(err, errno, "mount_setattr");
	if (syscall(SYS_move_mount, *ret, "", AT_FDCWD, ".", MOVE_MOUNT_F_EMPTY_PATH) < 0)
		return sp_fail_errno(err, errno, "move_mount");
	return 0;
}

static int enter_root(int rootfd, struct sp_err *err)
{
	autoclose int tree = -1;
	int r;

	/* A descriptor keeps pointing into the old mount namespace; the working directory moves
	 * along. */
	if (fchdir(rootfd) < 0)
		return sp_fail_errno(err, errno, "enter the directory");
	if (unshare(CLONE_NEWNS | CLONE_NEWNET | CLONE_NEWIPC | CLONE_NEWUTS) < 0)
		return sp_fail_errno(err, errno, "unshare");
	if (mount(NULL, "/", NULL, MS_PRIVATE | MS_REC, NULL) < 0)
		return sp_fail_errno(err, errno, "private mounts");
	r = mount_root(&tree, err);
	if (r < 0)
		return r;
	if (fchdir(tree) < 0 || syscall(SYS_pivot_root, ".", ".") < 0)
		return sp_fail_errno(err, errno, "pivot_root");
	if (umount2(".", MNT_DETACH) < 0 || chdir("/") < 0)
		return sp_fail_errno(err, errno, "leave the old root");
	return 0;
}

static int set_rlimits(struct sp_err *err)
{
	struct rlimit files = { FILES_MAX, FILES_MAX }, none = { 0, 0 };
	struct rlimit memory = { MEMORY_MAX, MEMORY_MAX };

#ifdef __SANITIZE_ADDRESS__ /* its shadow memory alone is more */
	memory.rlim_cur = memory.rlim_max = RLIM_INFINITY;
#endif
	if (setrlimit(RLIMIT_NOFILE, &files) < 0 || setrlimit(RLIMIT_CORE, &none) < 0 ||
	    setrlimit(RLIMIT_DATA, &memory) < 0)
		return sp_fail_errno(err, errno, "setrlimit");
	return 0;
}

static int drop_caps(struct sp_err *err)
{
	struct __user_cap_header_struct head = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct data[2] = { 0 };

	for (unsigned int c = 0; c < CAPS_MAX; c++)
		if (!(KEPT_CAPS & CAP_BIT(c)) && prctl(PR_CAPBSET_DROP, c, 0, 0, 0) < 0 &&
		    errno != EINVAL)
			return sp_fail_errno(err, errno, "drop capability %u", c);
	data[0].effective = data[0].permitted = (uint32_t)KEPT_CAPS;
	data[1].effective = data[1].permitted = (uint32_t)(KEPT_CAPS >> 32);
	if (prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0) < 0 ||
	    syscall(SYS_capset, &head, data) < 0)
		return sp_fail_errno(err, errno, "drop capabilities");
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
		return sp_fail_errno(err, errno, "no_new_privs");
	return 0;
}

int img_confine(int rootfd, const int *keep, size_t n_keep, struct sp_err *err)
{
	int r = enter_root(rootfd, err);

	if (r < 0)
		return r;
	img_close_others(keep, n_keep);
	umask(0);
	r = set_rlimits(err);
	return r < 0 ? r : drop_caps(err);
}
