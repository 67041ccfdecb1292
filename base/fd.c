/* File descriptors; see fd.h. */
#include "base/fd.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <sys/stat.h>

#define READ_STEP 16384

void sp_close(int *fd)
{
	int saved = errno;

	if (*fd >= 0)
		close(*fd);
	*fd = -1;
	errno = saved;
}

int sp_write_all(int fd, const void *data, size_t len)
{
	const char *p = data;

	while (len) {
		ssize_t n = write(fd, p, len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		p += n;
		len -= (size_t)n;
	}
	return 0;
}

int sp_read_all(int fd, size_t max, struct sp_buf *out, struct sp_err *err)
{
	size_t start = out->len;

	for (;;) {
		char *to = sp_buf_reserve(out, READ_STEP);
		ssize_t n;

		if (!to)
			return sp_buf_check(out, err);
		n = read(fd, to, READ_STEP);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return sp_fail_errno(err, errno, "read");
		if (n == 0)
			return 0;
		sp_buf_commit(out, (size_t)n);
		if (out->len - start > max)
			return sp_fail(err, SP_E_TOO_LARGE, "more than %zu bytes", max);
	}
}

int sp_file_read_at(int dirfd, const char *name, size_t max, struct sp_buf *out, struct sp_err *err)
{
	autoclose int fd = openat(dirfd, name, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	int r;

	if (fd < 0)
		return sp_fail_errno(err, errno, "'%s'", name);
	r = sp_read_all(fd, max, out, err);
	if (r < 0)
		sp_err_prefix(err, "'%s'", name);
	return r;
}

/* Create name's temporary, exclusively; its name is random, so a leftover of a crash is never
 * reused. */
static int open_temporary(int dirfd, const char *name, mode_t mode, char *ret_name, size_t room,
			  struct sp_err *err)
{
	unsigned int salt;
	int fd;

	if (getrandom(&salt, sizeof(salt), 0) != (ssize_t)sizeof(salt))
		return sp_fail_errno(err, errno, "getrandom");
	if ((size_t)snprintf(ret_name, room, "%s.%08x.tmp", name, salt) >= room)
		return sp_fail(err, SP_E_INVALID, "file name '%s' is too long", name);
	fd = openat(dirfd, ret_name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, mode);
	if (fd < 0)
		return sp_fail_errno(err, errno, "'%s'", ret_name);
	return fd;
}

/* Make a rename durable: fsync the directory that holds name. */
static int sync_parent(int dirfd, const char *name)
{
	const char *slash = strrchr(name, '/');
	char parent[4096];
	autoclose int fd = -1;
	size_t n = slash ? (size_t)(slash - name) : 1;

	if (n >= sizeof(parent))
		return -ENAMETOOLONG;
	memcpy(parent, slash ? name : ".", n);
	parent[n] = '\0';
	fd = openat(dirfd, n ? parent : "/", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0 || fsync(fd) < 0)
		return -errno;
	return 0;
}

/* Write the temporary and rename it over name; with `durable` its content is on the disk before. */
static int swap_in(int dirfd, const char *name, const void *data, size_t len, mode_t mode,
		   bool durable, struct sp_err *err)
{
	char temporary[4096];
	autoclose int fd = open_temporary(dirfd, name, mode, temporary, sizeof(temporary), err);
	int r;

	if (fd < 0)
		return fd;
	r = sp_write_all(fd, data, len);
	if (r == 0 && ((durable && fsync(fd) < 0) || renameat(dirfd, temporary, dirfd, name) < 0))
		r = -errno;
	if (r < 0) {
		unlinkat(dirfd, temporary, 0);
		return sp_fail_errno(err, -r, "write '%s'", name);
	}
	return 0;
}

int sp_file_replace_at(int dirfd, const char *name, const void *data, size_t len, mode_t mode,
		       struct sp_err *err)
{
	int r = swap_in(dirfd, name, data, len, mode, true, err);

	if (r < 0)
		return r;
	r = sync_parent(dirfd, name);
	return r < 0 ? sp_fail_errno(err, -r, "sync the directory of '%s'", name) : 0;
}

int sp_file_swap_at(int dirfd, const char *name, const void *data, size_t len, mode_t mode,
		    struct sp_err *err)
{
	return swap_in(dirfd, name, data, len, mode, false, err);
}

int sp_file_put_at(int dirfd, const char *name, const char *value, struct sp_err *err)
{
	autoclose int fd = openat(dirfd, name, O_WRONLY | O_CLOEXEC | O_NOCTTY);
	size_t len = strlen(value);
	ssize_t n;

	if (fd < 0)
		return sp_fail_errno(err, errno, "'%s'", name);
	n = write(fd, value, len);
	if (n < 0)
		return sp_fail_errno(err, errno, "write '%s' to '%s'", value, name);
	if ((size_t)n != len)
		return sp_fail(err, SP_E_SYSTEM, "write '%s' to '%s': only %zd bytes taken", value,
			       name, n);
	return 0;
}

int sp_fds_send(int sock, const void *data, size_t len, const int *fds, size_t n_fds,
		struct sp_err *err)
{
	union {
		struct cmsghdr align;
		char room[CMSG_SPACE(SP_FDS_MAX * sizeof(int))];
	} control = { 0 };
	struct iovec iov = { .iov_base = (void *)data, .iov_len = len };
	struct msghdr msg = { .msg_iov = &iov, .msg_iovlen = 1 };
	ssize_t n;

	if (n_fds > SP_FDS_MAX)
		return sp_fail(err, SP_E_TOO_LARGE, "%zu descriptors in one message, at most %d",
			       n_fds, SP_FDS_MAX);
	if (n_fds) {
		struct cmsghdr *c;

		msg.msg_control = control.room;
		msg.msg_controllen = CMSG_SPACE(n_fds * sizeof(int));
		c = CMSG_FIRSTHDR(&msg);
		c->cmsg_level = SOL_SOCKET;
		c->cmsg_type = SCM_RIGHTS;
		c->cmsg_len = CMSG_LEN(n_fds * sizeof(int));
		memcpy(CMSG_DATA(c), fds, n_fds * sizeof(int));
	}
	do
		n = sendmsg(sock, &msg, MSG_NOSIGNAL);
	while (n < 0 && errno == EINTR);
	if (n < 0)
		return sp_fail_errno(err, errno, "sendmsg");
	if ((size_t)n != len)
		return sp_fail(err, SP_E_SYSTEM, "sendmsg took %zd of %zu bytes", n, len);
	return 0;
}

/* Copy out the descriptors of one control message; those past the room are closed, not leaked. */
static void collect_fds(struct cmsghdr *c, int *fds, size_t room, size_t *n_fds)
{
	size_t n = (c->cmsg_len - CMSG_LEN(0)) / sizeof(int);

	for (size_t i = 0; i < n; i++) {
		int fd;

		memcpy(&fd, CMSG_DATA(c) + i * sizeof(int), sizeof(fd));
		if (*n_fds < room)
			fds[(*n_fds)++] = fd;
		else
			close(fd);
	}
}

ssize_t sp_fds_recv(int sock, void *data, size_t len, int *fds, size_t *n_fds, struct sp_err *err)
{
	union {
		struct cmsghdr align;
		char room[CMSG_SPACE(SP_FDS_MAX * sizeof(int))];
	} control;
	struct iovec iov = { .iov_base = data, .iov_len = len };
	struct msghdr msg = { .msg_iov = &iov,
			      .msg_iovlen = 1,
			      .msg_control = control.room,
			      .msg_controllen = sizeof(control.room) };
	size_t room = *n_fds;
	ssize_t n;

	*n_fds = 0;
	do
		n = recvmsg(sock, &msg, MSG_CMSG_CLOEXEC);
	while (n < 0 && errno == EINTR);
	if (n < 0)
		return sp_fail_errno(err, errno, "recvmsg");
	for (struct cmsghdr *c = CMSG_FIRSTHDR(&msg); c; c = CMSG_NXTHDR(&msg, c))
		if (c->cmsg_level == SOL_SOCKET && c->cmsg_type == SCM_RIGHTS)
			collect_fds(c, fds, room, n_fds);
	if (msg.msg_flags & (MSG_TRUNC | MSG_CTRUNC)) {
		while (*n_fds)
			close(fds[--*n_fds]);
		return sp_fail(err, SP_E_TOO_LARGE, "message over %zu bytes or %zu descriptors",
			       len, room);
	}
	return n;
}

int sp_fd_set_nonblock(int fd, struct sp_err *err)
{
	int flags = fcntl(fd, F_GETFL);

	if (flags < 0 || fcntl(fd, F_SETFL, flags | O_NONBLOCK) < 0)
		return sp_fail_errno(err, errno, "fcntl O_NONBLOCK");
	return 0;
}
