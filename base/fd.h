/* File descriptors: ownership, whole reads and writes, atomic files, passing over sockets. Every fd
 * is O_CLOEXEC at birth. */
#pragma once

#include <stddef.h>
#include <sys/types.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/err.h"

static inline void sp_autoclose_run(int *fd)
{
	if (*fd >= 0)
		close(*fd);
}

#define autoclose __attribute__((cleanup(sp_autoclose_run)))

#define take_fd(fd)                \
	({                         \
		int taken_ = (fd); \
		(fd) = -1;         \
		taken_;            \
	})

void sp_close(int *fd); /* close what is open and set it to -1; keeps errno */

/* All len bytes, through EINTR and short writes. fd must be blocking. Returns 0 or -errno. */
int sp_write_all(int fd, const void *data, size_t len);

/* Read until the end or max bytes; more than max is SP_E_TOO_LARGE. Appends to out, which sets no
 * limit of its own. */
int sp_read_all(int fd, size_t max, struct sp_buf *out, struct sp_err *err);

/* A whole small file relative to dirfd (AT_FDCWD for a plain path). name is used in the message. */
int sp_file_read_at(int dirfd, const char *name, size_t max, struct sp_buf *out,
		    struct sp_err *err);

/*
 * Replace a file atomically and durably: write a temporary in the same directory, fsync, rename,
 * fsync the directory. After a crash the file holds the old content or the new, never a part.
 */
int sp_file_replace_at(int dirfd, const char *name, const void *data, size_t len, mode_t mode,
		       struct sp_err *err);

/* The same without waiting for the disk: survives the death of the process, not that of the
 * machine. For what is worthless after a crash of the machine anyway. */
int sp_file_swap_at(int dirfd, const char *name, const void *data, size_t len, mode_t mode,
		    struct sp_err *err);

/* Write one value to a file that exists, such as a cgroup or sysctl file, in a single write(2). */
int sp_file_put_at(int dirfd, const char *name, const char *value, struct sp_err *err);

/* Send or receive up to SP_FDS_MAX descriptors with a message over a unix socket (SCM_RIGHTS). */
#define SP_FDS_MAX 64
int sp_fds_send(int sock, const void *data, size_t len, const int *fds, size_t n_fds,
		struct sp_err *err);
/* Returns bytes received (0 at the end). *n_fds is the room on entry, the count on return; the
 * caller owns the fds. */
ssize_t sp_fds_recv(int sock, void *data, size_t len, int *fds, size_t *n_fds, struct sp_err *err);

int sp_fd_set_nonblock(int fd, struct sp_err *err);
