/*
 * The numbered log files of a workload, and the ledger that says how much of them counts. The
 * ledger is one record, written by one pwrite(2) from within one page: a kill leaves the old one or
 * the new. It lies beside the staging files and, like them, need not outlive the machine.
 */
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "agentd/logs_impl.h"
#include "base/fd.h"

#define LEDGER_MAGIC UINT64_C(0x53504c4f47310000) /* "SPLOG1" */

static uint64_t check_of(const struct logs_ledger *g)
{
	uint64_t sum = g->magic;

	sum = sum * 31 + g->number;
	sum = sum * 31 + g->size;
	for (int i = 0; i < LOGS_STREAMS; i++)
		sum = sum * 31 + g->taken[i];
	return ~sum;
}

static int commit(struct logs_files *f, const struct logs_ledger *next)
{
	_Alignas(64) struct logs_ledger record = *next;
	ssize_t n;

	record.magic = LEDGER_MAGIC;
	record.check = check_of(&record);
	n = pwrite(f->ledger_fd, &record, sizeof(record), 0);
	if (n != (ssize_t)sizeof(record))
		return n < 0 ? -errno : -EIO;
	f->now = record;
	return 0;
}

static bool load_ledger(struct logs_files *f)
{
	struct logs_ledger g;

	if (pread(f->ledger_fd, &g, sizeof(g), 0) != (ssize_t)sizeof(g))
		return false;
	if (g.magic != LEDGER_MAGIC || g.check != check_of(&g))
		return false;
	f->now = g;
	return true;
}

/* A new file: what an earlier try may have left in it never counted. */
static int start_file(struct logs_files *f, uint64_t number)
{
	struct logs_ledger next = f->now;
	int fd = logs_open_number(f->dirfd, number, O_RDWR | O_CREAT | O_TRUNC), r;

	if (fd < 0)
		return fd;
	logs_step(LOGS_CREATED);
	next.number = number;
	next.size = 0;
	r = commit(f, &next);
	if (r < 0) {
		close(fd);
		return r;
	}
	sp_close(&f->fd);
	f->fd = fd;
	logs_step(LOGS_ROTATED);
	return 0;
}

static void drop_old(struct logs_files *f)
{
	uint64_t low, high;

	while (logs_numbers(f->dirfd, &low, &high) && low + f->keep <= f->now.number)
		if (!logs_files_drop_oldest(f))
			return;
}

bool logs_files_drop_oldest(struct logs_files *f)
{
	char name[LOGS_NAME_MAX];
	uint64_t low, high;

	if (!logs_numbers(f->dirfd, &low, &high) || low >= f->now.number)
		return false;
	logs_name(low, name);
	return unlinkat(f->dirfd, name, 0) == 0;
}

/* Go on where the ledger says: what was appended after it is cut off, and will be appended again.
 */
static int resume_file(struct logs_files *f)
{
	struct stat st;

	f->fd = logs_open_number(f->dirfd, f->now.number, O_RDWR);
	if (f->fd < 0)
		return f->fd;
	if (fstat(f->fd, &st) < 0)
		return -errno;
	if ((uint64_t)st.st_size < f->now.size) /* not ours any more: somebody tidied up */
		return -ESTALE;
	return ftruncate(f->fd, (off_t)f->now.size) < 0 ? -errno : 0;
}

static int begin(struct logs_files *f)
{
	uint64_t low, high = 0;

	if (load_ledger(f)) {
		if (resume_file(f) == 0)
			return 0;
		sp_close(&f->fd);
	}
	(void)logs_numbers(f->dirfd, &low, &high);
	return start_file(f, (high > f->now.number ? high : f->now.number) + 1);
}

int logs_files_open(struct logs_files *f, int run_dirfd, const struct logs_conf *conf,
		    struct sp_err *err)
{
	int r;

	f->fd = -1;
	f->file_bytes = conf->file_bytes ? conf->file_bytes : LOGS_FILE_BYTES;
	f->keep = conf->files ? conf->files : LOGS_FILES;
	f->ledger_fd = openat(run_dirfd, "ledger", O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (f->ledger_fd < 0)
		return sp_fail_errno(err, errno, "log ledger of '%s'", conf->id);
	r = begin(f);
	if (r < 0) {
		logs_files_close(f);
		return sp_fail_errno(err, -r, "log file of '%s'", conf->id);
	}
	drop_old(f);
	return 0;
}

void logs_files_close(struct logs_files *f)
{
	sp_close(&f->fd);
	sp_close(&f->ledger_fd);
}

static int append_at(int fd, const char *data, size_t len, off_t at)
{
	while (len) {
		ssize_t n = pwrite(fd, data, len, at);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		data += n;
		len -= (size_t)n;
		at += n;
	}
	return 0;
}

int logs_files_append(struct logs_files *f, const char *data, size_t len, int stream,
		      uint64_t taken)
{
	struct logs_ledger next;
	int r = 0;

	if (f->now.size && f->now.size + len > f->file_bytes) {
		r = start_file(f, f->now.number + 1);
		if (r < 0)
			return r;
		drop_old(f);
	}
	next = f->now;
	r = append_at(f->fd, data, len, (off_t)next.size);
	if (r < 0)
		return r;
	logs_step(LOGS_APPENDED);
	next.size += len;
	next.taken[stream] = taken;
	r = commit(f, &next);
	if (r == 0)
		logs_step(LOGS_COMMITTED);
	return r;
}
