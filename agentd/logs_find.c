/* Places in a workload's log files: by number, by time, counted from the end. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "agentd/logs_impl.h"
#include "base/fd.h"
#include "base/str.h"

#define BLOCK 65536

void logs_name(uint64_t number, char ret[LOGS_NAME_MAX])
{
	snprintf(ret, LOGS_NAME_MAX, "%08u.log", (unsigned int)(number % 100000000));
}

int logs_open_number(int dirfd, uint64_t number, int flags)
{
	char name[LOGS_NAME_MAX];
	int fd;

	logs_name(number, name);
	fd = openat(dirfd, name, flags | O_NOFOLLOW | O_CLOEXEC, 0640);
	return fd < 0 ? -errno : fd;
}

static bool parse_name(const char *name, uint64_t *ret)
{
	char digits[9];

	if (strlen(name) != 12 || strcmp(name + 8, ".log"))
		return false;
	memcpy(digits, name, 8);
	digits[8] = '\0';
	return sp_parse_u64(digits, ret, NULL) == 0;
}

bool logs_numbers(int dirfd, uint64_t *ret_low, uint64_t *ret_high)
{
	int fd = openat(dirfd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *dir = fd < 0 ? NULL : fdopendir(fd);
	bool any = false;
	uint64_t n;

	if (!dir) {
		sp_close(&fd);
		return false;
	}
	for (struct dirent *e; (e = readdir(dir));) {
		if (!parse_name(e->d_name, &n))
			continue;
		*ret_low = any && *ret_low < n ? *ret_low : n;
		*ret_high = any && *ret_high > n ? *ret_high : n;
		any = true;
	}
	closedir(dir);
	return any;
}

off_t logs_size(const struct logs *l, uint64_t number, int fd)
{
	struct stat st;

	if (l && number == l->files.now.number)
		return (off_t)l->files.now.size;
	return fstat(fd, &st) < 0 ? 0 : st.st_size;
}

/* Where the first line at or after `from` begins: after the newline before it. size if there is
 * none. */
static off_t line_start(int fd, off_t from, off_t size)
{
	char block[4096];

	if (from == 0)
		return 0;
	for (off_t at = from - 1; at < size;) {
		ssize_t n = pread(fd, block, sizeof(block), at);
		const char *newline = n > 0 ? memchr(block, '\n', (size_t)n) : NULL;

		if (newline)
			return at + (newline - block) + 1;
		if (n <= 0)
			break;
		at += n;
	}
	return size;
}

/* The stamp of the line that begins at `at`; a line that has none counts as oldest. */
static int64_t stamp_at(int fd, off_t at)
{
	char stamp[SP_TIME_STAMP_MAX] = "";
	int64_t ns;

	if (pread(fd, stamp, sizeof(stamp) - 1, at) != (ssize_t)sizeof(stamp) - 1)
		return 0;
	return sp_time_parse(stamp, &ns, NULL) < 0 ? 0 : ns;
}

/* The first line of a file that is not older than since; stamps never go back. */
static off_t search_file(int fd, off_t size, int64_t since_ns)
{
	off_t low = 0, high = size;

	while (low < high) {
		off_t start = line_start(fd, low + (high - low) / 2, size);

		if (start >=
		    high) /* the half above has no line of its own: go through the lower one */
			high = low + (high - low) / 2;
		else if (stamp_at(fd, start) < since_ns)
			low = start + 1;
		else
			high = start;
	}
	return line_start(fd, low, size);
}

/* A file's number and descriptor, for walks that must not trip over one that was just rotated away.
 */
static bool has_line_since(int fd, off_t size, int64_t since_ns, off_t *ret)
{
	*ret = search_file(fd, size, since_ns);
	return *ret < size && stamp_at(fd, *ret) >= since_ns;
}

int logs_find_since(const struct logs *l, int dirfd, int64_t since_ns, struct logs_place *ret)
{
	uint64_t low, high;

	if (!logs_numbers(dirfd, &low, &high))
		return -ENOENT;
	for (uint64_t n = low; n <= high; n++) {
		autoclose int fd = logs_open_number(dirfd, n, O_RDONLY);
		off_t at, size = fd < 0 ? 0 : logs_size(l, n, fd);

		*ret = (struct logs_place){ n, size };
		if (fd >= 0 && has_line_since(fd, size, since_ns, &at)) {
			ret->off = at;
			return 0;
		}
	}
	return 0;
}

/* Going backwards over one file: the lines still wanted, and where the earliest one begins so far.
 */
struct backward {
	int64_t wanted;
	off_t start;
	bool done;
};

static bool is_part(int fd, off_t line)
{
	char tag = 'F';

	return pread(fd, &tag, 1, line + LOGS_TAG_AT) == 1 && tag == 'P';
}

/* A line begins at `at`. A whole line is its F and the P's before it, so it begins after an F. */
static void see_line(struct backward *b, int fd, off_t at)
{
	if (!is_part(fd, at) && b->wanted-- == 0) {
		b->done = true;
		return;
	}
	b->start = at;
}

static void walk_back(struct backward *b, int fd, off_t size)
{
	char block[BLOCK];
	off_t end = size;

	b->start = size;
	while (end > 0 && !b->done) {
		off_t from = end > BLOCK ? end - BLOCK : 0;
		ssize_t n = pread(fd, block, (size_t)(end - from), from);

		for (ssize_t i = n - 1; i >= 0 && !b->done; i--)
			if (block[i] == '\n' && from + i + 1 < size)
				see_line(b, fd, from + i + 1);
		end = from;
	}
	if (!b->done && size > 0)
		see_line(b, fd, 0);
}

int logs_find_tail(const struct logs *l, int dirfd, int64_t lines, struct logs_place *ret)
{
	struct backward b = { .wanted = lines };
	uint64_t low, high;

	if (!logs_numbers(dirfd, &low, &high))
		return -ENOENT;
	if (l && high > l->files.now.number)
		high = l->files.now.number;
	for (uint64_t n = high; n >= low && !b.done; n--) {
		autoclose int fd = logs_open_number(dirfd, n, O_RDONLY);
		off_t size = fd < 0 ? 0 : logs_size(l, n, fd);

		if (fd < 0)
			break;
		walk_back(&b, fd, size);
		if (!b.done || b.start < size || n == high)
			*ret = (struct logs_place){ n, b.start };
	}
	return 0;
}
