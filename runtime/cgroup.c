/* cgroup v2: the hierarchy, and cgroups in it; see cgroup.h. */
#include "runtime/cgroup.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/mem.h"
#include "base/path.h"
#include "base/str.h"
#include "base/time.h"

#define MOUNTINFO_MAX   (4 * 1024 * 1024)
#define REMOVE_RETRY_NS (2 * SP_NS_PER_MS)

static const char *const controllers[] = {
#define X(sym, name) [RT_CONTROLLER_##sym] = name,
	RT_CONTROLLERS(X)
#undef X
};

const char *rt_controller_name(enum rt_controller c)
{
	return controllers[c];
}

void rt_controllers_format(uint32_t set, char *ret, size_t room)
{
	size_t used = 0;

	ret[0] = '\0';
	for (unsigned int c = 0; c < RT_CONTROLLER_COUNT && used < room; c++)
		if (set & (1u << c))
			used += (size_t)snprintf(ret + used, room - used, "%s%s", used ? ", " : "",
						 controllers[c]);
}

/* Field 5 of a mountinfo line is the mount point, and the type follows " - " (proc(5)). Octal
 * escapes are left alone: a mount point with a space is not one a hierarchy has. */
static int parse_mount(char *line, char *ret, size_t room)
{
	char *type = strstr(line, " - "), *save = NULL, *field = NULL;

	if (!type || strncmp(type + 3, "cgroup2 ", 8) != 0)
		return -ENOENT;
	*type = '\0';
	field = strtok_r(line, " ", &save);
	for (int i = 1; field && i < 5; i++)
		field = strtok_r(NULL, " ", &save);
	if (!field || (size_t)snprintf(ret, room, "%s", field) >= room)
		return -ENOENT;
	return 0;
}

static int find_mount(char *ret, size_t room, struct sp_err *err)
{
	autobuf struct sp_buf text = SP_BUF_INIT;
	char *save = NULL;
	int r = sp_file_read_at(AT_FDCWD, "/proc/self/mountinfo", MOUNTINFO_MAX, &text, err);

	if (r < 0)
		return r;
	for (char *line = strtok_r(text.data, "\n", &save); line;
	     line = strtok_r(NULL, "\n", &save))
		if (parse_mount(line, ret, room) == 0)
			return 0;
	return sp_fail(err, SP_E_UNSUPPORTED, "no cgroup2 file system is mounted");
}

/* The controllers of a cgroup's list file, as bits. */
static uint32_t read_controllers(int dirfd, const char *file)
{
	autobuf struct sp_buf text = SP_BUF_INIT;
	uint32_t set = 0;
	char *save = NULL;

	if (sp_file_read_at(dirfd, file, 4096, &text, NULL) < 0 || text.len == 0)
		return 0;
	for (char *w = strtok_r(text.data, " \n", &save); w; w = strtok_r(NULL, " \n", &save))
		for (unsigned int c = 0; c < RT_CONTROLLER_COUNT; c++)
			if (!strcmp(w, controllers[c]))
				set |= 1u << c;
	return set;
}

/* Hand the controllers down to the children; one that is refused is simply not there. */
static uint32_t enable_controllers(int dirfd)
{
	uint32_t there = read_controllers(dirfd, "cgroup.controllers");
	uint32_t on = read_controllers(dirfd, "cgroup.subtree_control");

	for (unsigned int c = 0; c < RT_CONTROLLER_COUNT; c++) {
		char word[16];

		snprintf(word, sizeof(word), "+%s", controllers[c]);
		if ((there & ~on) & (1u << c))
			sp_file_put_at(dirfd, "cgroup.subtree_control", word, NULL);
	}
	return read_controllers(dirfd, "cgroup.subtree_control");
}

/* One step down: make the component and open it. */
static int enter(int dirfd, const char *name, struct sp_err *err)
{
	int fd;

	if (!sp_id_valid(name))
		return sp_fail(err, SP_E_INVALID, "'%s' cannot name a cgroup", name);
	if (mkdirat(dirfd, name, 0755) < 0 && errno != EEXIST)
		return sp_fail_errno(err, errno, "make cgroup '%s'", name);
	fd = openat(dirfd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	return fd < 0 ? sp_fail_errno(err, errno, "cgroup '%s'", name) : fd;
}

int rt_cgroup_root_open(const char *parent, struct rt_cgroup_root *ret, struct sp_err *err)
{
	struct rt_cgroup_root root = { .dirfd = -1 };
	char copy[sizeof(root.path)], *save = NULL;
	autoclose int at = -1;
	int r = find_mount(root.mount_point, sizeof(root.mount_point), err);

	if (r < 0)
		return r;
	if ((size_t)snprintf(copy, sizeof(copy), "%s", parent) >= sizeof(copy) - 1)
		return sp_fail(err, SP_E_INVALID, "cgroup '%s' has too long a name", parent);
	at = open(root.mount_point, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (at < 0)
		return sp_fail_errno(err, errno, "'%s'", root.mount_point);
	root.controllers = enable_controllers(at);
	for (char *w = strtok_r(copy, "/", &save); w; w = strtok_r(NULL, "/", &save)) {
		size_t used = strlen(root.path);
		int next = enter(at, w, err);

		if (next < 0)
			return next;
		close(at);
		at = next;
		root.controllers = enable_controllers(at);
		snprintf(root.path + used, sizeof(root.path) - used, "/%s", w);
	}
	root.dirfd = take_fd(at);
	*ret = root;
	return 0;
}

void rt_cgroup_root_close(struct rt_cgroup_root *root)
{
	sp_close(&root->dirfd);
}

int rt_cgroup_make(const struct rt_cgroup_root *root, const char *id,
		   const struct rt_limits *limits, struct sp_err *err)
{
	autoclose int fd = -1;
	int r;

	if (!sp_id_valid(id))
		return sp_fail(err, SP_E_INVALID, "'%s' cannot name a cgroup", id);
	if (mkdirat(root->dirfd, id, 0755) < 0)
		return sp_fail_errno(err, errno, "make cgroup '%s/%s'", root->path, id);
	fd = openat(root->dirfd, id, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	r = fd < 0 ? sp_fail_errno(err, errno, "cgroup '%s/%s'", root->path, id)
		   : rt_cgroup_limit_fresh(root, fd, limits, err);
	if (r < 0) {
		unlinkat(root->dirfd, id, AT_REMOVEDIR);
		return r;
	}
	return take_fd(fd);
}

int rt_cgroup_open(const struct rt_cgroup_root *root, const char *id, struct sp_err *err)
{
	int fd;

	if (!sp_id_valid(id))
		return sp_fail(err, SP_E_INVALID, "'%s' cannot name a cgroup", id);
	fd = openat(root->dirfd, id, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	return fd < 0 ? sp_fail_errno(err, errno, "cgroup '%s/%s'", root->path, id) : fd;
}

int rt_cgroup_each(const struct rt_cgroup_root *root, void (*fn)(const char *id, void *state),
		   void *state, struct sp_err *err)
{
	int fd = openat(root->dirfd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *dir = fd < 0 ? NULL : fdopendir(fd);
	struct dirent *e;

	if (!dir) {
		int r = sp_fail_errno(err, errno, "list cgroup '%s'", root->path);

		sp_close(&fd);
		return r;
	}
	while ((e = readdir(dir)))
		if (e->d_type == DT_DIR && sp_id_valid(e->d_name))
			fn(e->d_name, state);
	closedir(dir);
	return 0;
}

/* Remove what is below, then name itself. */
static int remove_tree(int parent, const char *name)
{
	int fd, r = 0;
	struct dirent *e;
	DIR *dir;

	if (unlinkat(parent, name, AT_REMOVEDIR) == 0 || errno == ENOENT)
		return 0;
	if (errno != EBUSY)
		return -errno;
	fd = openat(parent, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	dir = fd < 0 ? NULL : fdopendir(fd);
	if (!dir) {
		r = -errno;
		sp_close(&fd);
		return r == -ENOENT ? 0 : r;
	}
	while (r == 0 && (e = readdir(dir)))
		if (e->d_type == DT_DIR && strcmp(e->d_name, ".") && strcmp(e->d_name, ".."))
			r = remove_tree(dirfd(dir), e->d_name);
	closedir(dir);
	if (r == 0 && unlinkat(parent, name, AT_REMOVEDIR) < 0 && errno != ENOENT)
		r = -errno;
	return r;
}

int rt_cgroup_remove(const struct rt_cgroup_root *root, const char *id, int wait_ms,
		     struct sp_err *err)
{
	const struct timespec pause = { .tv_nsec = REMOVE_RETRY_NS };
	int64_t until = sp_time_mono_ns() + wait_ms * SP_NS_PER_MS;
	int r;

	if (!sp_id_valid(id))
		return sp_fail(err, SP_E_INVALID, "'%s' cannot name a cgroup", id);
	while ((r = remove_tree(root->dirfd, id)) == -EBUSY && sp_time_mono_ns() < until)
		nanosleep(&pause, NULL);
	return r < 0 ? sp_fail_errno(err, -r, "remove cgroup '%s/%s'", root->path, id) : 0;
}
