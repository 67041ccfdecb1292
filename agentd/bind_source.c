/* See bind_source.h. */
#include "agentd/bind_source.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "base/fd.h"
#include "base/mem.h"
#include "base/path.h"

/* Is path the directory or below it? */
static bool is_within(const char *path, const char *directory)
{
	size_t n = strlen(directory);

	return !strcmp(directory, "/") ||
	       (!strncmp(path, directory, n) && (path[n] == '\0' || path[n] == '/'));
}

/* Where an open file is at this moment. */
static int path_of(int fd, char ret[PATH_MAX], struct sp_err *err)
{
	char link[32];
	ssize_t n;

	snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
	n = readlink(link, ret, PATH_MAX - 1);
	if (n < 0)
		return sp_fail_errno(err, errno, "'%s'", link);
	ret[n] = '\0';
	return 0;
}

/* above: nor a directory that holds the agent's own. */
static int check(const struct dirs *own, int fd, const char *path, bool above, struct sp_err *err)
{
	const int ours[] = { own->state, own->run };
	char there[PATH_MAX], mine[PATH_MAX];
	int r = path_of(fd, there, err);

	for (size_t i = 0; r == 0 && i < SP_COUNT(ours); i++) {
		r = path_of(ours[i], mine, err);
		if (r == 0 && (is_within(there, mine) || (above && is_within(mine, there))))
			r = sp_fail(err, SP_E_DENIED, "bind source '%s' holds the agent's own '%s'",
				    path, mine);
	}
	return r;
}

int bind_source_check(const struct dirs *own, int fd, const char *path, struct sp_err *err)
{
	return check(own, fd, path, true, err);
}

int bind_source_open(const char *path, struct sp_err *err)
{
	autoclose int root = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
	int fd;

	if (root < 0)
		return sp_fail_errno(err, errno, "'/'");
	fd = sp_open_in_root(root, path, O_PATH, 0, err);
	return fd < 0 ? sp_err_prefix(err, "bind source") : fd;
}

/* The deepest directory of path that is there; *ret_rest is what is missing below it. */
static int open_deepest(const char *path, char copy[PATH_MAX], const char **ret_rest,
			struct sp_err *err)
{
	size_t len = strlen(path);
	int fd;

	if (len >= PATH_MAX)
		return sp_fail(err, SP_E_INVALID, "bind source of %zu bytes is too long", len);
	memcpy(copy, path, len + 1);
	for (;;) {
		fd = bind_source_open(*copy ? copy : "/", err);
		if (fd != -ENOENT || !*copy)
			break;
		*strrchr(copy, '/') = '\0';
	}
	*ret_rest = path + strlen(copy);
	return fd;
}

int bind_source_make(const struct dirs *own, const char *path, struct sp_err *err)
{
	char copy[PATH_MAX];
	const char *rest = "";
	struct sp_err why = { 0 };
	autoclose int deepest = open_deepest(path, copy, &rest, &why);
	int r;

	if (deepest < 0) {
		if (err)
			*err = why;
		return deepest;
	}
	if (!*rest)
		return take_fd(deepest);
	r = check(own, deepest, path, false, err);
	if (r < 0)
		return r;
	r = sp_mkdirs_beneath(deepest, rest, 0755, err);
	return r < 0 ? sp_err_prefix(err, "bind source '%s'", path) : r;
}
