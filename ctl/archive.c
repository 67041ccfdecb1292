/* A directory as a tar file; see archive.h. */
#include "ctl/archive.h"

#include <archive.h>
#include <archive_entry.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/mem.h"

#define CHUNK (64 * 1024)

/* libarchive frees readers and writers by one name. */
SP_AUTO(struct archive *, archive_free)
SP_AUTO(struct archive_entry *, archive_entry_free)

static int broken(struct sp_err *err, struct archive *a, const char *name)
{
	int num = archive_errno(a);

	if (num > 0 && num < 4096)
		return sp_fail_errno(err, num, "packing '%s'", name);
	return sp_fail(err, SP_E_SYSTEM, "packing '%s': %s", name, archive_error_string(a));
}

static int copy_data(struct archive *out, struct archive_entry *e, struct sp_err *err)
{
	const char *path = archive_entry_sourcepath(e);
	autoclose int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	autofree char *chunk = malloc(CHUNK);
	ssize_t n;

	if (!chunk)
		return sp_fail_nomem(err);
	if (fd < 0)
		return sp_fail_errno(err, errno, "'%s'", path);
	while ((n = read(fd, chunk, CHUNK)) > 0)
		if (archive_write_data(out, chunk, (size_t)n) < 0)
			return broken(err, out, path);
	return n < 0 ? sp_fail_errno(err, errno, "'%s'", path) : 0;
}

/* Names in the tar start below dir. */
static int copy_entry(struct archive *out, struct archive_entry *e, size_t prefix,
		      struct sp_err *err)
{
	const char *path = archive_entry_pathname(e);

	while (prefix && *path)
		prefix--, path++;
	while (*path == '/')
		path++;
	if (!*path)
		return 0;
	archive_entry_copy_pathname(e, path);
	if (archive_entry_filetype(e) != AE_IFREG)
		archive_entry_set_size(e, 0);
	if (archive_write_header(out, e) < ARCHIVE_WARN)
		return broken(err, out, path);
	return archive_entry_filetype(e) == AE_IFREG ? copy_data(out, e, err) : 0;
}

static int copy_tree(struct archive *in, struct archive *out, const char *dir, struct sp_err *err)
{
	auto_(archive_entry_free) struct archive_entry *e = archive_entry_new();
	int r;

	if (!e)
		return sp_fail_nomem(err);
	for (;;) {
		r = archive_read_next_header2(in, e);
		if (r == ARCHIVE_EOF)
			return 0;
		if (r < ARCHIVE_WARN)
			return broken(err, in, dir);
		archive_read_disk_descend(in);
		r = copy_entry(out, e, strlen(dir), err);
		if (r < 0)
			return r;
		archive_entry_clear(e);
	}
}

static int pack(const char *dir, int fd, struct sp_err *err)
{
	auto_(archive_free) struct archive *in = archive_read_disk_new();
	auto_(archive_free) struct archive *out = archive_write_new();
	int r;

	if (!in || !out)
		return sp_fail_nomem(err);
	archive_read_disk_set_symlink_physical(in);
	archive_write_set_format_pax_restricted(out);
	if (archive_read_disk_open(in, dir) != ARCHIVE_OK)
		return broken(err, in, dir);
	if (archive_write_open_fd(out, fd) != ARCHIVE_OK)
		return broken(err, out, dir);
	r = copy_tree(in, out, dir, err);
	if (r == 0 && archive_write_close(out) != ARCHIVE_OK)
		r = broken(err, out, dir);
	return r;
}

static int is_layout(const char *dir, struct sp_err *err)
{
	autoclose int fd = open(dir, O_DIRECTORY | O_RDONLY | O_CLOEXEC);

	if (fd < 0)
		return sp_fail_errno(err, errno, "'%s'", dir);
	if (faccessat(fd, "oci-layout", R_OK, 0) < 0)
		return sp_fail(err, SP_E_INVALID,
			       "'%s' holds no OCI image layout (no file oci-layout)", dir);
	return 0;
}

int ctl_archive_layout(const char *dir, int *ret_fd, uint64_t *ret_bytes, struct sp_err *err)
{
	const char *where = getenv("TMPDIR");
	autoclose int fd = -1;
	off_t size;
	int r = is_layout(dir, err);

	if (r < 0)
		return r;
	fd = open(where && *where ? where : "/var/tmp", O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
	if (fd < 0)
		return sp_fail_errno(err, errno, "temporary file");
	r = pack(dir, fd, err);
	if (r < 0)
		return r;
	size = lseek(fd, 0, SEEK_END);
	if (size < 0 || lseek(fd, 0, SEEK_SET) < 0)
		return sp_fail_errno(err, errno, "temporary file");
	*ret_bytes = (uint64_t)size;
	*ret_fd = take_fd(fd);
	return 0;
}
