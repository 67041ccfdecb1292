/* /etc/passwd and /etc/group of a container; see database.h. */
#include "runtime/init/database.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "runtime/init/target.h"

static int read_whole(int fd, const char *path, struct database *d, struct sp_err *err)
{
	size_t at = 0;

	while (at < d->len) {
		ssize_t n = read(fd, d->text + at, d->len - at);

		if (n < 0)
			return sp_fail_errno(err, errno, "read '%s' of the container", path);
		if (n == 0)
			break;
		at += (size_t)n;
	}
	d->text[at] = '\0';
	return 0;
}

static int load(int fd, const char *path, struct database *ret, struct sp_err *err)
{
	struct stat st;

	/* Not a FIFO, which would keep us waiting, nor a device. */
	if (fstat(fd, &st) < 0 || !S_ISREG(st.st_mode) || st.st_size > DATABASE_BYTES_MAX)
		return sp_fail(err, SP_E_INVALID,
			       "'%s' of the container is not a file of at most %d bytes", path,
			       DATABASE_BYTES_MAX);
	ret->len = (size_t)st.st_size;
	ret->text = mmap(NULL, ret->len + 1, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS,
			 -1, 0);
	if (ret->text == MAP_FAILED) {
		ret->text = NULL;
		return sp_fail_nomem(err);
	}
	ret->next = ret->text;
	return read_whole(fd, path, ret, err);
}

int database_open(int root, const char *path, struct database *ret, struct sp_err *err)
{
	int fd, r;

	*ret = (struct database){ 0 };
	fd = target_open(root, path, O_RDONLY | O_NONBLOCK | O_NOCTTY, err);
	if (fd == -ENOENT || fd == -ENOTDIR)
		return 0;
	if (fd < 0)
		return fd;
	r = load(fd, path, ret, err);
	close(fd);
	return r;
}

void database_close(struct database *d)
{
	if (d->text)
		munmap(d->text, d->len + 1);
	d->text = NULL;
}

bool database_next(struct database *d, struct database_line *ret)
{
	char *line = d->next ? strsep(&d->next, "\n") : NULL;

	ret->n = 0;
	while (line && ret->n < DATABASE_FIELDS_MAX)
		ret->field[ret->n++] = strsep(&line, ":");
	return ret->n > 0;
}

bool database_number(const char *s, uint32_t *ret)
{
	uint64_t v = 0;

	if (!*s)
		return false;
	for (; *s; s++) {
		if (*s < '0' || *s > '9')
			return false;
		v = v * 10 + (uint64_t)(*s - '0');
		if (v >= UINT32_MAX) /* the last one is "no id" to the kernel */
			return false;
	}
	*ret = (uint32_t)v;
	return true;
}
