/* The container's init as a sealed memfd; see spinit.h. */
#include "runtime/spinit.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sys/mman.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/path.h"
#include "runtime/init/orders.h"

#ifndef MFD_EXEC
#define MFD_EXEC 0x0010U /* Linux 6.3 */
#endif

#define SPINIT_SIZE_MAX (4 * 1024 * 1024)

static int make_memfd(struct sp_err *err)
{
	unsigned int flags = MFD_CLOEXEC | MFD_ALLOW_SEALING;
	int low = memfd_create("spinit", flags | MFD_EXEC), fd;

	if (low < 0 && errno == EINVAL)
		low = memfd_create("spinit", flags);
	if (low < 0)
		return sp_fail_errno(err, errno, "memfd for spinit");
	if (low > RT_INIT_SOCKET)
		return low;
	fd = fcntl(low, F_DUPFD_CLOEXEC, RT_INIT_SOCKET + 1);
	close(low);
	return fd < 0 ? sp_fail_errno(err, errno, "memfd for spinit") : fd;
}

static int copy_whole(int from, int to, const char *path, struct sp_err *err)
{
	struct stat st;
	off_t at = 0;

	if (fstat(from, &st) < 0)
		return sp_fail_errno(err, errno, "'%s'", path);
	if (!S_ISREG(st.st_mode) || st.st_size == 0 || st.st_size > SPINIT_SIZE_MAX)
		return sp_fail(err, SP_E_INVALID, "'%s' is not a program of at most %d bytes", path,
			       SPINIT_SIZE_MAX);
	while (at < st.st_size) {
		ssize_t n = sendfile(to, from, &at, (size_t)(st.st_size - at));

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return sp_fail_errno(err, n < 0 ? errno : EIO, "copy '%s'", path);
	}
	return 0;
}

/* From here on it can be executed, and neither read by others nor changed by anyone. */
static int seal(int fd, struct sp_err *err)
{
	if (fchmod(fd, 0111) < 0 ||
	    fcntl(fd, F_ADD_SEALS, F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE) < 0)
		return sp_fail_errno(err, errno, "seal spinit");
	return 0;
}

int rt_spinit_load(const char *path, struct sp_err *err)
{
	char beside[PATH_MAX];
	autoclose int from = -1, memfd = -1;
	int r = path ? 0 : sp_path_beside("spinit", beside, sizeof(beside), err);

	if (r < 0)
		return r;
	if (!path)
		path = beside;
	from = open(path, O_RDONLY | O_CLOEXEC);
	if (from < 0)
		return sp_fail_errno(err, errno, "'%s'", path);
	memfd = make_memfd(err);
	if (memfd < 0)
		return memfd;
	r = copy_whole(from, memfd, path, err);
	if (r == 0)
		r = seal(memfd, err);
	return r < 0 ? r : take_fd(memfd);
}
