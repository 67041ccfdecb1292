/* A fresh pseudo-terminal; see pty.h. */
#include "runtime/init/pty.h"

#include <errno.h>
#include <linux/magic.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/sysmacros.h>

#include "runtime/init/kernel.h"

#ifndef TIOCGPTPEER
#define TIOCGPTPEER _IO('T', 0x41)
#endif

static int check_ptmx(int fd, struct sp_err *err)
{
	struct statfs fs;
	struct stat st;

	if (fstatfs(fd, &fs) < 0 || fstat(fd, &st) < 0)
		return sp_fail_errno(err, errno, "/dev/pts/ptmx");
	if (fs.f_type != DEVPTS_SUPER_MAGIC || !S_ISCHR(st.st_mode) || st.st_rdev != makedev(5, 2))
		return sp_fail(err, SP_E_ESCAPE, "the container's /dev/pts is not a devpts");
	return 0;
}

/* Checked on an O_PATH descriptor before it is opened: opening a device has effects. */
static int open_master(int root, struct sp_err *err)
{
	int found = k_openat2(root, "dev/pts/ptmx", O_PATH, RESOLVE_IN_ROOT | RESOLVE_NO_SYMLINKS);
	int r = found < 0 ? sp_fail_errno(err, errno, "/dev/pts/ptmx") : check_ptmx(found, err);
	int fd;

	if (r < 0) {
		if (found >= 0)
			close(found);
		return r;
	}
	fd = k_openat2(root, "dev/pts/ptmx", O_RDWR | O_NOCTTY,
		       RESOLVE_IN_ROOT | RESOLVE_NO_SYMLINKS);
	close(found);
	if (fd < 0)
		return sp_fail_errno(err, errno, "/dev/pts/ptmx");
	r = check_ptmx(fd, err);
	if (r < 0)
		close(fd);
	return r < 0 ? r : fd;
}

int pty_open(int root, uid_t owner, uint32_t rows, uint32_t columns, struct pty *ret,
	     struct sp_err *err)
{
	struct winsize size = { .ws_row = (unsigned short)rows, .ws_col = (unsigned short)columns };
	int unlock = 0;

	ret->master = open_master(root, err);
	if (ret->master < 0)
		return ret->master;
	if (ioctl(ret->master, TIOCSPTLCK, &unlock) < 0)
		return sp_fail_errno(err, errno, "unlock the pty");
	ret->peer = ioctl(ret->master, TIOCGPTPEER, O_RDWR | O_NOCTTY | O_CLOEXEC);
	if (ret->peer < 0)
		return sp_fail_errno(err, errno, "open the pty's peer");
	if (fchown(ret->peer, owner, (gid_t)-1) < 0 || ioctl(ret->master, TIOCSWINSZ, &size) < 0)
		return sp_fail_errno(err, errno, "set up the pty");
	return 0;
}
