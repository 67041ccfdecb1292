/* User namespace id maps; see idmap.h. */
#include "runtime/idmap.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <unistd.h>

#include "base/fd.h"
#include "runtime/process_id.h"

static int write_map(pid_t pid, const char *file, const char *line, struct sp_err *err)
{
	char path[64];

	snprintf(path, sizeof(path), "/proc/%d/%s", (int)pid, file);
	return sp_file_put_at(AT_FDCWD, path, line, err);
}

int rt_idmap_write(pid_t pid, uint32_t first, uint32_t n, struct sp_err *err)
{
	char line[48];
	int r;

	snprintf(line, sizeof(line), "0 %u %u\n", first, n);
	r = write_map(pid, "gid_map", line, err);
	return r < 0 ? r : write_map(pid, "uid_map", line, err);
}

/* Takes the fresh copy, or the -1 of what came instead; deep: AT_RECURSIVE or 0. */
static int set_attributes(int copy, const char *path, unsigned int deep, uint64_t attrs,
			  int userns_fd, struct sp_err *err)
{
	struct mount_attr want = { .attr_set = attrs, .propagation = MS_PRIVATE };
	autoclose int fd = copy;

	if (fd < 0)
		return sp_fail_errno(err, errno, "'%s'", path);
	if (userns_fd >= 0) {
		want.attr_set |= MOUNT_ATTR_IDMAP;
		want.userns_fd = (unsigned int)userns_fd;
	}
	if (mount_setattr(fd, "", AT_EMPTY_PATH | deep, &want, sizeof(want)) == 0)
		return take_fd(fd);
	if (errno == EINVAL && userns_fd >= 0)
		return sp_fail(err, SP_E_UNSUPPORTED,
			       "'%s' is, or holds, a file system whose ids cannot be mapped", path);
	return sp_fail_errno(err, errno, "map the ids of '%s'", path);
}

int rt_mount_clone(const char *path, bool submounts, uint64_t attrs, int userns_fd,
		   struct sp_err *err)
{
	unsigned int deep = submounts ? AT_RECURSIVE : 0;
	int fd = open_tree(AT_FDCWD, path, OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | deep);

	return set_attributes(fd, path, deep, attrs, userns_fd, err);
}

int rt_mount_clone_fd(int fd, const char *name, uint64_t attrs, int userns_fd, struct sp_err *err)
{
	unsigned int how = OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | AT_RECURSIVE | AT_EMPTY_PATH;

	return set_attributes(open_tree(fd, "", how), name, AT_RECURSIVE, attrs, userns_fd, err);
}

int rt_idmap_read(pid_t pid, uint32_t *ret_first, uint32_t *ret_n, struct sp_err *err)
{
	autobuf struct sp_buf text = SP_BUF_INIT;
	uint32_t inside;
	int end = 0, r = rt_process_read(pid, "uid_map", &text, err);

	if (r < 0)
		return r;
	if (sscanf(text.data, "%u %u %u%n", &inside, ret_first, ret_n, &end) != 3 || inside != 0 ||
	    strspn(text.data + end, " \n") != text.len - (size_t)end)
		return sp_fail(err, SP_E_CONFLICT, "the id map of process %d is not one range",
			       (int)pid);
	return 0;
}
