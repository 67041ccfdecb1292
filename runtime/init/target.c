/* Places in the container's root file system; see target.h. */
#include "runtime/init/target.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "runtime/init/kernel.h"

#define LINKS_MAX 8 /* dangling links followed for one target */

/* EAGAIN says that a rename raced the resolution of "..": try again, but not for ever. */
static int open_in_root(int root, const char *path, int flags)
{
	int fd = -1;

	for (int i = 0; i < 64; i++) {
		fd = k_openat2(root, path, flags, RESOLVE_IN_ROOT);
		if (fd >= 0 || errno != EAGAIN)
			break;
	}
	return fd;
}

int target_open(int root, const char *path, int flags, struct sp_err *err)
{
	int fd = open_in_root(root, path, flags);

	return fd < 0 ? sp_fail_errno(err, errno, "'%s' in the container", path) : fd;
}

static int make_node(int parent, const char *name, bool is_dir)
{
	int fd;

	if (is_dir)
		return mkdirat(parent, name, 0755);
	fd = openat(parent, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0644);
	if (fd >= 0)
		close(fd);
	return fd < 0 ? -1 : 0;
}

static int make(int root, const char *path, bool is_dir, int links);

/* path/name is there but leads nowhere: go where the link points, still inside the root. */
static int follow_dangling(int root, const char *path, int parent, const char *name, bool is_dir,
			   int links)
{
	char link[PATH_MAX], whole[PATH_MAX];
	ssize_t n = readlinkat(parent, name, link, sizeof(link) - 1);
	int len;

	if (n < 0 || links == 0)
		return n < 0 ? -errno : -ELOOP;
	link[n] = '\0';
	if (link[0] == '/')
		len = snprintf(whole, sizeof(whole), "%s", link);
	else
		len = snprintf(whole, sizeof(whole), "%s/%s", path, link);
	if ((size_t)len >= sizeof(whole))
		return -ENAMETOOLONG;
	return make(root, whole, is_dir, links - 1);
}

static int make_last(int root, const char *path, const char *name, bool is_dir, int links)
{
	int parent = make(root, path, true, links), fd;

	if (parent < 0)
		return parent;
	if (make_node(parent, name, is_dir) < 0 && errno != EEXIST)
		fd = -errno;
	else
		fd = k_openat2(parent, name, O_PATH, RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS);
	if (fd == -1)
		fd = errno == ELOOP ? follow_dangling(root, path, parent, name, is_dir, links)
				    : -errno;
	close(parent);
	return fd;
}

/* Open path inside root, making what is missing; -errno on failure. */
static int make(int root, const char *path, bool is_dir, int links)
{
	char parent[PATH_MAX], *slash;
	size_t len = strlen(path);
	int fd = open_in_root(root, len ? path : ".", O_PATH);

	if (fd >= 0)
		return fd;
	if (errno != ENOENT)
		return -errno;
	if (len >= sizeof(parent))
		return -ENAMETOOLONG;
	memcpy(parent, path, len + 1);
	while (len > 1 && parent[len - 1] == '/')
		parent[--len] = '\0';
	slash = strrchr(parent, '/');
	if (!slash)
		return make_last(root, "", parent, is_dir, links);
	*slash = '\0';
	return make_last(root, parent, slash + 1, is_dir, links);
}

int target_make(int root, const char *path, bool is_dir, struct sp_err *err)
{
	int fd = make(root, path, is_dir, LINKS_MAX);

	return fd < 0 ? sp_fail_errno(err, -fd, "'%s' in the container", path) : fd;
}

int target_make_plain(int root, const char *name, struct sp_err *err)
{
	int fd;

	if (mkdirat(root, name, 0755) < 0 && errno != EEXIST)
		return sp_fail_errno(err, errno, "mkdir '/%s' in the container", name);
	fd = k_openat2(root, name, O_PATH | O_DIRECTORY,
		       RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_XDEV);
	if (fd < 0 && errno == ELOOP)
		return sp_fail(err, SP_E_ESCAPE, "'/%s' of the image is a symbolic link", name);
	return fd < 0 ? sp_fail_errno(err, errno, "'/%s' in the container", name) : fd;
}
