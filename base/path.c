/* Paths below a pre-opened root; see path.h. */
#include "base/path.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/openat2.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/fd.h"

/* Deeper trees than this are not ours and not a layer's either; the walk holds one fd for each
 * level. */
#define REMOVE_DEPTH_MAX 256

/* Renames under a resolution of ".." are waited out, but not for as long as somebody likes. */
#define RESOLVE_TRIES 64

static int open_how(int dirfd, const char *path, int flags, mode_t mode, unsigned long long resolve,
		    struct sp_err *err)
{
	bool creates = (flags & O_CREAT) || (flags & O_TMPFILE) == O_TMPFILE;
	struct open_how how = {
		.flags = (unsigned long long)(unsigned int)flags | O_CLOEXEC,
		.mode = creates ? mode : 0,
		.resolve = resolve | RESOLVE_NO_MAGICLINKS,
	};
	long fd = -1;

	/* EAGAIN: a rename raced the resolution of ".."; openat2(2) asks the caller to try again.
	 */
	for (int i = 0; i < RESOLVE_TRIES; i++) {
		fd = syscall(SYS_openat2, dirfd, path, &how, sizeof(how));
		if (fd >= 0 || (errno != EAGAIN && errno != EINTR))
			break;
	}
	if (fd < 0)
		return sp_fail_errno(err, errno, "'%s'", path);
	return (int)fd;
}

int sp_open_in_root(int rootfd, const char *path, int flags, mode_t mode, struct sp_err *err)
{
	return open_how(rootfd, path, flags, mode, RESOLVE_IN_ROOT, err);
}

int sp_open_beneath(int dirfd, const char *path, int flags, mode_t mode, struct sp_err *err)
{
	return open_how(dirfd, path, flags, mode, RESOLVE_BENEATH, err);
}

/* Step into one component of a path, making it if it is not there; a link in its place is refused.
 */
static int enter_component(int dirfd, const char *name, mode_t mode, struct sp_err *err)
{
	int fd;

	if (!strcmp(name, ".."))
		return sp_fail(err, SP_E_ESCAPE, "'..' in a path");
	if (mkdirat(dirfd, name, mode) < 0 && errno != EEXIST)
		return sp_fail_errno(err, errno, "mkdir '%s'", name);
	fd = openat(dirfd, name, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0)
		return sp_fail_errno(err, errno, "'%s'", name);
	return fd;
}

int sp_mkdirs_beneath(int rootfd, const char *path, mode_t mode, struct sp_err *err)
{
	autoclose int at = openat(rootfd, ".", O_PATH | O_DIRECTORY | O_CLOEXEC);
	char copy[PATH_MAX], *save = NULL;

	if (at < 0)
		return sp_fail_errno(err, errno, "root of '%s'", path);
	if ((size_t)snprintf(copy, sizeof(copy), "%s", path) >= sizeof(copy))
		return sp_fail(err, SP_E_INVALID, "path of %zu bytes is too long", strlen(path));
	for (char *name = strtok_r(copy, "/", &save); name; name = strtok_r(NULL, "/", &save)) {
		int next;

		if (!strcmp(name, "."))
			continue;
		next = enter_component(at, name, mode, err);
		if (next < 0) {
			sp_err_prefix(err, "'%s'", path);
			return next;
		}
		close(at);
		at = next;
	}
	return take_fd(at);
}

int sp_mkdirs(const char *path, mode_t mode, struct sp_err *err)
{
	char copy[PATH_MAX];
	struct stat st;

	if ((size_t)snprintf(copy, sizeof(copy), "%s", path) >= sizeof(copy))
		return sp_fail(err, SP_E_INVALID, "path of %zu bytes is too long", strlen(path));
	for (char *p = copy + 1; *p; p++) {
		if (*p != '/')
			continue;
		*p = '\0';
		if (mkdir(copy, mode) < 0 && errno != EEXIST)
			return sp_fail_errno(err, errno, "mkdir '%s'", copy);
		*p = '/';
	}
	if (mkdir(copy, mode) < 0 && errno != EEXIST)
		return sp_fail_errno(err, errno, "mkdir '%s'", copy);
	if (stat(copy, &st) < 0)
		return sp_fail_errno(err, errno, "'%s'", copy);
	return S_ISDIR(st.st_mode) ? 0 : sp_fail_errno(err, ENOTDIR, "'%s'", copy);
}

static int remove_entry(int dirfd, const char *name, dev_t dev, int depth, struct sp_err *err);

static int remove_children(int dirfd, dev_t dev, int depth, struct sp_err *err)
{
	DIR *dir = fdopendir(dirfd); /* owns dirfd from here on */
	struct dirent *e;
	int r = 0;

	if (!dir) {
		r = sp_fail_errno(err, errno, "fdopendir");
		close(dirfd);
		return r;
	}
	while (r == 0 && (errno = 0, e = readdir(dir)))
		if (strcmp(e->d_name, ".") && strcmp(e->d_name, ".."))
			r = remove_entry(dirfd, e->d_name, dev, depth, err);
	closedir(dir);
	return r;
}

static int remove_entry(int dirfd, const char *name, dev_t dev, int depth, struct sp_err *err)
{
	struct stat st;
	int fd, r;

	if (unlinkat(dirfd, name, 0) == 0 || errno == ENOENT)
		return 0;
	if (errno != EISDIR && errno != EPERM)
		return sp_fail_errno(err, errno, "remove '%s'", name);
	if (depth >= REMOVE_DEPTH_MAX)
		return sp_fail(err, SP_E_TOO_LARGE, "remove '%s': more than %d levels", name,
			       REMOVE_DEPTH_MAX);
	fd = openat(dirfd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0)
		return sp_fail_errno(err, errno, "remove '%s'", name);
	if (fstat(fd, &st) < 0 || st.st_dev != dev) {
		close(fd);
		return sp_fail(err, SP_E_CONFLICT,
			       "remove '%s': another file system is mounted there", name);
	}
	r = remove_children(fd, dev, depth + 1, err);
	if (r < 0)
		return r;
	if (unlinkat(dirfd, name, AT_REMOVEDIR) < 0 && errno != ENOENT)
		return sp_fail_errno(err, errno, "remove '%s'", name);
	return 0;
}

int sp_remove_tree_at(int dirfd, const char *name, struct sp_err *err)
{
	struct stat st;

	if (fstatat(dirfd, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return errno == ENOENT ? 0 : sp_fail_errno(err, errno, "remove '%s'", name);
	return remove_entry(dirfd, name, st.st_dev, 0, err);
}

int sp_path_beside(const char *name, char *ret, size_t room, struct sp_err *err)
{
	ssize_t n = readlink("/proc/self/exe", ret, room);
	size_t left;
	char *base;

	if (n < 0)
		return sp_fail_errno(err, errno, "/proc/self/exe");
	if ((size_t)n == room)
		return sp_fail(err, SP_E_TOO_LARGE, "the path of our own executable is too long");
	ret[n] = '\0';
	base = strrchr(ret, '/') + 1;
	left = room - (size_t)(base - ret);
	if ((size_t)snprintf(base, left, "%s", name) >= left)
		return sp_fail(err, SP_E_TOO_LARGE, "the path of '%s' is too long", name);
	return 0;
}
