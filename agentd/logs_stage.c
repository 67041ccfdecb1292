/*
 * From a FIFO into its staging file, by splice(2): the kernel moves the bytes and grows the file in
 * one system call, so that at every instant at which this process can be killed the file holds
 * exactly what has left the FIFO. The file only ever grows at its end; what is in the log is
 * punched out at its front.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/falloc.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "agentd/logs_impl.h"
#include "base/fd.h"

#define FREE_STEP LOGS_CHUNK /* bytes worth a system call */

static int open_fifo(int dirfd, const char *name, struct sp_err *err)
{
	autoclose int fd = -1;
	struct stat st;

	if (mkfifoat(dirfd, name, 0600) < 0 && errno != EEXIST)
		return sp_fail_errno(err, errno, "make FIFO '%s'", name);
	/* Open for writing too: no end of file when the container goes, no EPIPE when we come late.
	 */
	fd = openat(dirfd, name, O_RDWR | O_NONBLOCK | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0 || fstat(fd, &st) < 0)
		return sp_fail_errno(err, errno, "FIFO '%s'", name);
	if (!S_ISFIFO(st.st_mode))
		return sp_fail(err, SP_E_CORRUPT, "'%s' is not a FIFO", name);
	(void)fcntl(fd, F_SETPIPE_SZ, LOGS_PIPE); /* a wish */
	return take_fd(fd);
}

static int open_file(struct logs_stage *s, int dirfd, const char *name, struct sp_err *err)
{
	struct stat st;

	s->file = openat(dirfd, name, O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (s->file < 0 || fstat(s->file, &st) < 0)
		return sp_fail_errno(err, errno, "staging file '%s'", name);
	/* Asked of an empty file only: a hole is zeroes where bytes may be waiting. */
	if (st.st_size == 0 &&
	    fallocate(s->file, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, 0, 1) < 0)
		return sp_fail_errno(err, errno, "the file system of '%s' cannot punch holes",
				     name);
	s->end = (uint64_t)st.st_size;
	return 0;
}

int logs_stage_open(struct logs_stage *s, int dirfd, const char *name, struct sp_err *err)
{
	char file[32];
	int r;

	s->file = -1;
	s->fifo = open_fifo(dirfd, name, err);
	if (s->fifo < 0)
		return s->fifo;
	snprintf(file, sizeof(file), "%s.stage", name);
	r = open_file(s, dirfd, file, err);
	if (r < 0)
		logs_stage_close(s);
	return r;
}

void logs_stage_close(struct logs_stage *s)
{
	sp_close(&s->fifo);
	sp_close(&s->file);
}

ssize_t logs_stage_take(struct logs_stage *s)
{
	off_t at = (off_t)s->end;
	ssize_t n;

	do
		n = splice(s->fifo, NULL, s->file, &at, LOGS_CHUNK, SPLICE_F_NONBLOCK);
	while (n < 0 && errno == EINTR);
	if (n < 0)
		return errno == EAGAIN ? 0 : -errno;
	s->end += (uint64_t)n;
	if (n)
		logs_step(LOGS_TAKEN);
	return n;
}

ssize_t logs_stage_read(const struct logs_stage *s, uint64_t from, char *buf, size_t room)
{
	ssize_t n;

	do
		n = pread(s->file, buf, room, (off_t)from);
	while (n < 0 && errno == EINTR);
	return n < 0 ? -errno : n;
}

void logs_stage_free(struct logs_stage *s, uint64_t upto)
{
	if (upto - s->freed < FREE_STEP)
		return;
	if (fallocate(s->file, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, (off_t)s->freed,
		      (off_t)(upto - s->freed)) == 0)
		s->freed = upto;
	logs_step(LOGS_FREED);
}
