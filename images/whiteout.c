/* Whiteouts on disk; see whiteout.h. */
#include "images/whiteout.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/xattr.h>

#include "base/fd.h"
#include "base/path.h"

#define OPAQUE_XATTR "trusted.overlay.opaque"

int img_opaque_push(struct img_opaque_list *l, const char *path, struct sp_err *err)
{
	size_t len = strlen(path) + 1;

	if (len > sizeof(l->names) - l->len)
		return sp_fail(err, SP_E_TOO_LARGE,
			       "names of opaque directories take more than %d bytes",
			       IMG_OPAQUE_BYTES_MAX);
	memcpy(l->names + l->len, path, len);
	l->len += (uint32_t)len;
	return 0;
}

static int set_opaque(int rootfd, const char *path, struct sp_err *err)
{
	autoclose int fd = sp_open_beneath(rootfd, path,
					   O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC, 0, err);

	if (fd == -ENOENT || fd == -ENOTDIR || fd == -ELOOP)
		return 0; /* a later entry of the layer replaced it */
	if (fd < 0)
		return fd;
	if (fsetxattr(fd, OPAQUE_XATTR, "y", 1, 0) < 0)
		return sp_fail_errno(err, errno, "make '%.200s' opaque", path);
	return 0;
}

int img_opaque_apply(const struct img_opaque_list *l, int rootfd, struct sp_err *err)
{
	uint32_t len = l->len, at = 0;
	int r = 0;

	if (len > sizeof(l->names) || (len && l->names[len - 1]))
		return sp_fail(err, SP_E_CORRUPT, "list of opaque directories is damaged");
	while (r == 0 && at < len) {
		r = set_opaque(rootfd, l->names + at, err);
		at += (uint32_t)strlen(l->names + at) + 1;
	}
	return r;
}

bool img_opaque_is(const char *path)
{
	char value;

	return lgetxattr(path, OPAQUE_XATTR, &value, 1) == 1 && value == 'y';
}

bool img_whiteout_is(int parentfd, const char *name)
{
	struct stat st;

	return fstatat(parentfd, name, &st, AT_SYMLINK_NOFOLLOW) == 0 && S_ISCHR(st.st_mode) &&
	       st.st_rdev == makedev(0, 0);
}

/* Linux 5.8 allows this one device number without CAP_MKNOD. */
int img_whiteout_make(int parentfd, const char *name, struct sp_err *err)
{
	if (mknodat(parentfd, name, S_IFCHR, makedev(0, 0)) < 0)
		return sp_fail_errno(err, errno, "whiteout");
	return 0;
}
