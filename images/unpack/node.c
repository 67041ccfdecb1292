/*
 * Files, links, fifos and their attributes; see node.h. Order matters: chown clears setuid bits and
 * file capabilities, so owner, then mode, then attributes, and times last.
 */
#include "images/unpack/node.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/str.h"
#include "images/limits.h"

#define MODE_BITS 07777

static void times_of(struct archive_entry *e, struct timespec ret[2])
{
	ret[1].tv_sec = archive_entry_mtime(e);
	ret[1].tv_nsec = archive_entry_mtime_nsec(e);
	ret[0] = ret[1];
}

int img_node_check_owner(struct archive_entry *e, struct sp_err *err)
{
	int64_t uid = archive_entry_uid(e), gid = archive_entry_gid(e);

	if (uid < 0 || uid > IMG_ID_MAX || gid < 0 || gid > IMG_ID_MAX)
		return sp_fail(err, SP_E_UNSUPPORTED,
			       "owner %" PRId64 ":%" PRId64 " is outside 0..%d", uid, gid,
			       IMG_ID_MAX);
	return 0;
}

/* user.overlay.* is left out too: overlayfs would obey it. */
static bool xattr_kept(const char *name)
{
	return !strcmp(name, "security.capability") ||
	       (sp_str_starts(name, "user.") && !sp_str_starts(name, "user.overlay."));
}

static int set_xattrs(int fd, struct archive_entry *e, struct img_progress *p, struct sp_err *err)
{
	const char *name;
	const void *value;
	size_t len;

	archive_entry_xattr_reset(e);
	while (archive_entry_xattr_next(e, &name, &value, &len) == ARCHIVE_OK) {
		if (!xattr_kept(name) || len > IMG_XATTR_MAX)
			p->skipped_xattrs++;
		else if (fsetxattr(fd, name, value, len, 0) < 0)
			return sp_fail_errno(err, errno, "attribute '%.100s'", name);
	}
	return 0;
}

static int set_attributes(int fd, struct archive_entry *e, struct img_progress *p,
			  struct sp_err *err)
{
	if (fchown(fd, (uid_t)archive_entry_uid(e), (gid_t)archive_entry_gid(e)) < 0)
		return sp_fail_errno(err, errno, "chown");
	if (fchmod(fd, archive_entry_mode(e) & MODE_BITS) < 0)
		return sp_fail_errno(err, errno, "chmod");
	return set_xattrs(fd, e, p, err);
}

int img_node_file(int parentfd, const char *name, struct sp_err *err)
{
	int fd = openat(parentfd, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);

	return fd < 0 ? sp_fail_errno(err, errno, "create") : fd;
}

int img_node_finish(int fd, struct archive_entry *e, struct img_progress *p, struct sp_err *err)
{
	struct timespec times[2];
	int r = 0;

	times_of(e, times);
	if (archive_entry_size(e) && ftruncate(fd, archive_entry_size(e)) < 0)
		r = sp_fail_errno(err, errno, "set the size");
	if (r == 0)
		r = set_attributes(fd, e, p, err);
	if (r == 0 && futimens(fd, times) < 0)
		r = sp_fail_errno(err, errno, "set the times");
	if (close(fd) < 0 && r == 0)
		r = sp_fail_errno(err, errno, "close");
	return r;
}

static int set_link_attributes(int parentfd, const char *name, struct archive_entry *e,
			       struct sp_err *err)
{
	struct timespec times[2];

	times_of(e, times);
	if (fchownat(parentfd, name, (uid_t)archive_entry_uid(e), (gid_t)archive_entry_gid(e),
		     AT_SYMLINK_NOFOLLOW) < 0)
		return sp_fail_errno(err, errno, "chown");
	if (utimensat(parentfd, name, times, AT_SYMLINK_NOFOLLOW) < 0)
		return sp_fail_errno(err, errno, "set the times");
	return 0;
}

int img_node_symlink(int parentfd, const char *name, struct archive_entry *e, struct sp_err *err)
{
	const char *target = archive_entry_symlink(e);

	if (sp_str_empty(target))
		return sp_fail(err, SP_E_CORRUPT, "symbolic link without a target");
	if (symlinkat(target, parentfd, name) < 0)
		return sp_fail_errno(err, errno, "symlink");
	return set_link_attributes(parentfd, name, e, err);
}

int img_node_fifo(int parentfd, const char *name, struct archive_entry *e, struct sp_err *err)
{
	if (mknodat(parentfd, name, S_IFIFO | (archive_entry_mode(e) & 0777), 0) < 0)
		return sp_fail_errno(err, errno, "mkfifo");
	return set_link_attributes(parentfd, name, e, err);
}

int img_node_dir(int dirfd, struct archive_entry *e, struct img_progress *p, struct sp_err *err)
{
	return set_attributes(dirfd, e, p, err);
}
