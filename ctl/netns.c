/* The lab's network namespace; see netns.h. */
#include "ctl/netns.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <sys/stat.h>

#include "base/fd.h"

int ctl_netns_enter(const char *path, uint64_t inode, struct sp_err *err)
{
	autoclose int fd = open(path, O_RDONLY | O_CLOEXEC);
	struct stat st;

	if (fd < 0 && (errno == EACCES || errno == EPERM))
		return sp_fail(err, SP_E_DENIED, "the lab is only reached as root ('%s')", path);
	if (fd < 0 || fstat(fd, &st) < 0 || st.st_ino != inode)
		return sp_fail(err, SP_E_UNREACHABLE, "lab is not up; run make up");
	if (setns(fd, CLONE_NEWNET) == 0)
		return 0;
	if (errno == EPERM)
		return sp_fail(err, SP_E_DENIED, "the lab is only reached as root ('%s')", path);
	return sp_fail_errno(err, errno, "entering '%s'", path);
}
