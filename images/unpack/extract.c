/*
 * The loop over a layer's entries; see extract.h.
 *
 * Invariants: whatever stands in an entry's place is taken away first, unless both are directories;
 * so a link that an earlier entry made is never written through as a last component, and as a
 * middle one openat2 stops it at the root. Directory times are set at the end, when nothing more is
 * put into them.
 */
#include "images/unpack/extract.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/path.h"
#include "base/str.h"
#include "images/entry_path.h"
#include "images/unpack/node.h"

struct late_times {
	char *path;
	struct timespec mtime;
};

struct extract {
	const struct img_extract *x;
	struct img_entry_path path; /* of the current entry */
	int parent;                 /* O_PATH fd of parent_path, or -1 */
	char parent_path[PATH_MAX];
	uint64_t bytes; /* sizes of all files so far, holes included */
	struct late_times *late;
	size_t n_late, late_room;
};

static void forget_parent(struct extract *t)
{
	sp_close(&t->parent);
}

/* The directory an entry goes into; missing ones are made, as tar does. Kept for the next entry. */
static int open_parent(struct extract *t, struct sp_err *err)
{
	int fd;

	if (t->parent >= 0 && !strcmp(t->parent_path, t->path.parent))
		return 0;
	forget_parent(t);
	fd = sp_open_beneath(t->x->rootfd, t->path.parent, O_PATH | O_DIRECTORY | O_CLOEXEC, 0,
			     err);
	if (fd == -ENOENT)
		fd = sp_mkdirs_beneath(t->x->rootfd, t->path.parent, 0755, err);
	if (fd == -EXDEV)
		return sp_fail(err, SP_E_ESCAPE,
			       "it leads out of the layer through a symbolic link");
	if (fd == -ENOTDIR || fd == -ELOOP)
		return sp_fail(err, SP_E_CORRUPT, "what it is put into is not a directory");
	if (fd < 0)
		return fd;
	t->parent = fd;
	memcpy(t->parent_path, t->path.parent, sizeof(t->parent_path));
	return 0;
}

/* Make room for the entry. A directory may take the open parent, reached through a link, with it.
 */
static int clear_place(struct extract *t, struct sp_err *err)
{
	if (unlinkat(t->parent, t->path.base, 0) == 0 || errno == ENOENT)
		return 0;
	if (errno != EISDIR)
		return sp_fail_errno(err, errno, "replace");
	t->parent_path[0] = '\0'; /* look it up again for the next entry */
	return sp_remove_tree_at(t->parent, t->path.base, err);
}

static char *entry_name(struct extract *t)
{
	if (!*t->path.base)
		return strdup(".");
	if (!strcmp(t->path.parent, "."))
		return strdup(t->path.base);
	return sp_str_format("%s/%s", t->path.parent, t->path.base);
}

static int push_opaque(struct extract *t, struct sp_err *err)
{
	autofree char *name = entry_name(t);

	return name ? img_opaque_push(t->x->opaque, name, err) : sp_fail_nomem(err);
}

static int remember_times(struct extract *t, struct archive_entry *e, struct sp_err *err)
{
	struct late_times *l;

	if (t->n_late == t->late_room) {
		size_t room = t->late_room ? 2 * t->late_room : 64;

		l = reallocarray(t->late, room, sizeof(*l));
		if (!l)
			return sp_fail_nomem(err);
		t->late = l;
		t->late_room = room;
	}
	l = &t->late[t->n_late];
	l->path = entry_name(t);
	if (!l->path)
		return sp_fail_nomem(err);
	l->mtime.tv_sec = archive_entry_mtime(e);
	l->mtime.tv_nsec = archive_entry_mtime_nsec(e);
	t->n_late++;
	return 0;
}

/* A directory stays with what is in it. In the place of a whiteout it hides what is below. */
static int make_dir(struct extract *t, struct archive_entry *e, struct sp_err *err)
{
	const char *base = *t->path.base ? t->path.base : ".";
	bool hides = img_whiteout_is(t->parent, base);
	autoclose int fd = -1;
	int r = 0;

	if (mkdirat(t->parent, base, 0700) < 0) {
		struct stat st;

		if (errno != EEXIST)
			return sp_fail_errno(err, errno, "mkdir");
		if (fstatat(t->parent, base, &st, AT_SYMLINK_NOFOLLOW) < 0)
			return sp_fail_errno(err, errno, "stat");
		if (!S_ISDIR(st.st_mode)) {
			r = clear_place(t, err);
			if (r == 0 && mkdirat(t->parent, base, 0700) < 0)
				r = sp_fail_errno(err, errno, "mkdir");
		}
	}
	if (r == 0 && hides)
		r = push_opaque(t, err);
	if (r < 0)
		return r;
	fd = openat(t->parent, base, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0)
		return sp_fail_errno(err, errno, "open");
	r = img_node_dir(fd, e, t->x->progress, err);
	return r < 0 ? r : remember_times(t, e, err);
}

static int write_content(struct extract *t, int fd, int64_t size, struct sp_err *err)
{
	const void *data;
	int64_t off;
	size_t len;
	int r;

	while ((r = img_layer_stream_data(t->x->stream, &data, &len, &off, err)) > 0) {
		if (off < 0 || off > size || len > (uint64_t)(size - off))
			return sp_fail(err, SP_E_CORRUPT, "content goes past its size");
		if (lseek(fd, off, SEEK_SET) < 0)
			return sp_fail_errno(err, errno, "seek");
		r = sp_write_all(fd, data, len);
		if (r < 0)
			return sp_fail_errno(err, -r, "write");
		t->x->progress->bytes += len;
	}
	return r;
}

/* Holes count as bytes: the cap is on what the file claims to be. */
static int count_bytes(struct extract *t, int64_t size, struct sp_err *err)
{
	if (size < 0 || (uint64_t)size > t->x->limits.bytes_max - t->bytes)
		return sp_fail(err, SP_E_TOO_LARGE, "the layer holds more than %" PRIu64 " bytes",
			       t->x->limits.bytes_max);
	t->bytes += (uint64_t)size;
	return 0;
}

static int make_file(struct extract *t, struct archive_entry *e, struct sp_err *err)
{
	int64_t size = archive_entry_size(e);
	int r = count_bytes(t, size, err), fd;

	if (r < 0)
		return r;
	fd = img_node_file(t->parent, t->path.base, err);
	if (fd < 0)
		return fd;
	r = write_content(t, fd, size, err);
	if (r < 0) {
		close(fd);
		return r;
	}
	return img_node_finish(fd, e, t->x->progress, err);
}

/* The target's last component is not followed: a hard link to a symbolic link is one more of it. */
static int make_hardlink(struct extract *t, const char *target, struct sp_err *err)
{
	struct img_entry_path to;
	autoclose int dir = -1;
	int r = img_entry_path_parse(target, t->x->limits.path_max, &to, err);

	if (r < 0)
		return sp_err_prefix(err, "hard link to '%.200s'", target), r;
	dir = sp_open_beneath(t->x->rootfd, to.parent, O_PATH | O_DIRECTORY | O_CLOEXEC, 0, err);
	if (dir == -EXDEV)
		return sp_fail(err, SP_E_ESCAPE, "hard link to '%.200s' leads out of the layer",
			       target);
	if (dir >= 0 && linkat(dir, to.base, t->parent, t->path.base, 0) == 0)
		return 0;
	r = dir < 0 ? -dir : errno;
	if (r == ENOENT)
		return sp_fail(err, SP_E_CORRUPT,
			       "hard link to '%.200s', which is not in the layer", target);
	return sp_fail_errno(err, r, "hard link to '%.200s'", target);
}

static int make_other(struct extract *t, struct archive_entry *e, struct sp_err *err)
{
	const char *target = archive_entry_hardlink(e);

	if (target)
		return make_hardlink(t, target, err);
	switch (archive_entry_filetype(e)) {
	case AE_IFREG:
		return make_file(t, e, err);
	case AE_IFLNK:
		return img_node_symlink(t->parent, t->path.base, e, err);
	case AE_IFIFO:
		return img_node_fifo(t->parent, t->path.base, e, err);
	default:
		t->x->progress->skipped_devices++;
		return 0;
	}
}

/* Whiteouts speak of lower layers only: what this layer itself holds under the name stays, and if
 * that is a directory it hides the lower one. */
static int apply_whiteout(struct extract *t, struct sp_err *err)
{
	const char *victim = t->path.base + strlen(IMG_WHITEOUT_PREFIX);
	struct stat st;

	if (!*victim || !strcmp(victim, ".") || !strcmp(victim, ".."))
		return sp_fail(err, SP_E_CORRUPT, "a whiteout of no name");
	memmove(t->path.base, victim, strlen(victim) + 1);
	if (fstatat(t->parent, t->path.base, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return errno == ENOENT ? img_whiteout_make(t->parent, t->path.base, err)
				       : sp_fail_errno(err, errno, "stat");
	return S_ISDIR(st.st_mode) ? push_opaque(t, err) : 0;
}

static int put_whiteout(struct extract *t, struct sp_err *err)
{
	if (!strcmp(t->path.base, IMG_WHITEOUT_OPAQUE))
		return img_opaque_push(t->x->opaque, t->path.parent, err);
	if (sp_str_starts(t->path.base, IMG_WHITEOUT_META))
		return 0;
	return apply_whiteout(t, err);
}

static int put_entry(struct extract *t, struct archive_entry *e, struct sp_err *err)
{
	const char *name = archive_entry_pathname(e);
	bool is_dir = archive_entry_filetype(e) == AE_IFDIR && !archive_entry_hardlink(e);
	int r;

	if (!name)
		return sp_fail(err, SP_E_CORRUPT, "the name cannot be read");
	r = img_entry_path_parse(name, t->x->limits.path_max, &t->path, err);
	if (r == 0)
		r = img_node_check_owner(e, err);
	if (r == 0)
		r = open_parent(t, err);
	if (r < 0)
		return r;
	if (!*t->path.base && !is_dir)
		return sp_fail(err, SP_E_CORRUPT, "the root of a layer is a directory");
	if (sp_str_starts(t->path.base, IMG_WHITEOUT_PREFIX))
		return put_whiteout(t, err);
	if (is_dir)
		return make_dir(t, e, err);
	r = clear_place(t, err);
	return r < 0 ? r : make_other(t, e, err);
}

static int set_late_times(struct extract *t, struct sp_err *err)
{
	for (size_t i = 0; i < t->n_late; i++) {
		struct timespec times[2] = { t->late[i].mtime, t->late[i].mtime };
		autoclose int fd =
			sp_open_beneath(t->x->rootfd, t->late[i].path,
					O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC, 0, NULL);

		/* A directory that a later entry replaced has no times to set. */
		if (fd >= 0 && futimens(fd, times) < 0)
			return sp_fail_errno(err, errno, "entry '%.200s': set the times",
					     t->late[i].path);
	}
	return 0;
}

static int run(struct extract *t, struct sp_err *err)
{
	struct archive_entry *e;
	uint64_t n = 0;
	int r;

	while ((r = img_layer_stream_next(t->x->stream, &e, err)) > 0) {
		if (n++ == t->x->limits.entries_max)
			return sp_fail(err, SP_E_TOO_LARGE,
				       "the layer has more than %" PRIu64 " entries",
				       t->x->limits.entries_max);
		r = put_entry(t, e, err);
		if (r < 0) {
			const char *name = archive_entry_pathname(e);

			return sp_err_prefix(err, "entry '%.200s'", name ? name : ""), r;
		}
		t->x->progress->entries++;
	}
	return r < 0 ? r : set_late_times(t, err);
}

int img_extract(const struct img_extract *x, struct sp_err *err)
{
	struct extract *t = calloc(1, sizeof(*t));
	int r;

	if (!t)
		return sp_fail_nomem(err);
	t->x = x;
	t->parent = -1;
	r = run(t, err);
	forget_parent(t);
	for (size_t i = 0; i < t->n_late; i++)
		free(t->late[i].path);
	free(t->late);
	free(t);
	return r;
}
