/* A throw-away store, layers made from tables of entries, and images made from layers. */
#pragma once

#include <archive.h>
#include <archive_entry.h>
#include <criterion/criterion.h>
#include <dirent.h>
#include <fcntl.h>
#include <locale.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/fd.h"
#include "base/path.h"
#include "images/blob.h"
#include "images/catalog.h"
#include "images/config.h"
#include "images/image.h"
#include "images/manifest.h"
#include "images/store.h"
#include "images/unpack.h"

struct row {
	const char *name;
	unsigned int type; /* AE_IFREG ... ; AE_IFREG with link set is a hard link */
	unsigned int mode;
	const char *text; /* content, or target of a link */
	int hard;
	unsigned int uid;
	const char *xattr; /* name; its value is "v" */
};

#define ROWS_END             \
	{                    \
		.name = NULL \
	}

static char fixture_dir[64];
static struct img_store *store;

/* A file of the build directory that this test was built in. */
static inline void in_build(const char *name, char *ret, size_t room)
{
	char self[1024];
	ssize_t n = readlink("/proc/self/exe", self, sizeof(self) - 1);
	char *tests;

	cr_assert_gt(n, 0);
	self[n] = '\0';
	tests = strstr(self, "/tests/unit/");
	cr_assert(tests, "'%s' is not below a build directory", self);
	*tests = '\0';
	snprintf(ret, room, "%s/%s", self, name);
}

/* Open the store that is in fixture_dir. */
static inline void open_store(void)
{
	char program[2048];
	struct sp_err err = { 0 };

	in_build("bin/agentd-unpack", program, sizeof(program));
	cr_assert_eq(img_store_open(fixture_dir, &store, &err), 0, "%s", err.message);
	cr_assert_eq(img_unpacker_open(store, program, &err), 0, "%s", err.message);
}

static inline void fixture_up(void)
{

	snprintf(fixture_dir, sizeof(fixture_dir), "/tmp/sp-images-XXXXXX");
	cr_assert(setlocale(LC_CTYPE, "C.UTF-8"));
	cr_assert(mkdtemp(fixture_dir));
	open_store();
}

static inline void fixture_down(void)
{
	img_store_free(store);
	sp_remove_tree_at(AT_FDCWD, fixture_dir, NULL);
}

static inline void write_row(struct archive *a, const struct row *row)
{
	struct archive_entry *e = archive_entry_new();
	size_t len = row->type == AE_IFREG && !row->hard && row->text ? strlen(row->text) : 0;

	archive_entry_set_pathname(e, row->name);
	archive_entry_set_filetype(e, row->type);
	archive_entry_set_perm(e, (mode_t)(row->mode ? row->mode : 0644));
	archive_entry_set_uid(e, row->uid);
	archive_entry_set_gid(e, row->uid);
	archive_entry_set_mtime(e, 1700000000, 5);
	archive_entry_set_size(e, (la_int64_t)len);
	if (row->type == AE_IFLNK)
		archive_entry_set_symlink(e, row->text);
	if (row->hard)
		archive_entry_set_hardlink(e, row->text);
	if (row->type == AE_IFCHR)
		archive_entry_set_rdev(e, makedev(1, 3));
	if (row->xattr)
		archive_entry_xattr_add_entry(e, row->xattr, "v", 1);
	cr_assert_eq(archive_write_header(a, e), ARCHIVE_OK, "%s: %s", row->name,
		     archive_error_string(a));
	if (len)
		cr_assert_eq(archive_write_data(a, row->text, len), (la_ssize_t)len);
	archive_entry_free(e);
}

/* A tar of the rows, at offset 0. filter: archive_write_add_filter_gzip and the like, or NULL. */
static inline int make_tar(const struct row *rows, int (*filter)(struct archive *))
{
	int fd = memfd_create("layer", MFD_CLOEXEC);
	struct archive *a = archive_write_new();

	archive_write_set_format_pax(a);
	archive_write_set_options(a, "xattrheader=SCHILY");
	if (filter)
		filter(a);
	archive_write_set_bytes_in_last_block(a, 1);
	cr_assert_eq(archive_write_open_fd(a, fd), ARCHIVE_OK);
	for (; rows->name; rows++)
		write_row(a, rows);
	cr_assert_eq(archive_write_free(a), ARCHIVE_OK);
	cr_assert_eq(lseek(fd, 0, SEEK_SET), 0);
	return fd;
}

static inline void read_fd(int fd, struct sp_buf *out)
{
	cr_assert_eq(lseek(fd, 0, SEEK_SET), 0);
	cr_assert_eq(sp_read_all(fd, 64 << 20, out, NULL), 0);
}

/* An image of plain tars (fds are closed), lowest layer first, under the name "t". Nothing of their
 * content is looked at. */
static inline void make_image(int *tars, size_t n)
{
	static struct img_manifest m;
	static char ids[IMG_LAYERS_MAX][SP_DIGEST_MAX];
	autobuf struct sp_buf config = SP_BUF_INIT, text = SP_BUF_INIT;
	struct img_descriptor self;
	struct sp_err err = { 0 };

	m = (struct img_manifest){ .n_layers = n };
	for (size_t i = 0; i < n; i++) {
		autobuf struct sp_buf tar = SP_BUF_INIT;

		read_fd(tars[i], &tar);
		close(tars[i]);
		cr_assert_geq(img_blob_write(store, tar.data, tar.len, &m.layers[i], &err), 0);
		m.layers[i].media = IMG_MEDIA_OCI_LAYER;
		memcpy(ids[i], m.layers[i].digest, SP_DIGEST_MAX);
	}
	cr_assert_eq(img_config_format(NULL, ids, n, &config, &err), 0);
	cr_assert_geq(img_blob_write(store, config.data, config.len, &m.config, &err), 0);
	m.config.media = IMG_MEDIA_OCI_CONFIG;
	cr_assert_eq(img_manifest_format(&m, &text, &err), 0);
	cr_assert_geq(img_blob_write(store, text.data, text.len, &self, &err), 0);
	cr_assert_eq(img_tag(store, "t", self.digest, &err), 0, "%s", err.message);
}

/* Make and unpack an image of one layer. */
static inline int unpack_rows(const struct row *rows, const struct img_limits *limits,
			      struct img_progress *ret, struct sp_err *err)
{
	int tar = make_tar(rows, NULL);

	make_image(&tar, 1);
	return img_unpack(store, "t", limits, ret, err);
}

/* The path of something in the n-th layer from the top of image "t"; static memory. */
static inline const char *in_layer(size_t n, const char *path)
{
	static char full[4096];
	struct img_image *i;

	cr_assert_eq(img_resolve(store, "t", &i, NULL), 0);
	snprintf(full, sizeof(full), "%s/%s", i->layer_dirs[n], path);
	img_image_free(i);
	return full;
}

/* Run a program, which must succeed; what it prints goes to the test's standard error. */
static inline void run(const char *const *argv)
{
	posix_spawn_file_actions_t actions;
	extern char **environ;
	int status;
	pid_t pid;

	posix_spawn_file_actions_init(&actions);
	posix_spawn_file_actions_adddup2(&actions, 2, 1);
	cr_assert_eq(posix_spawnp(&pid, argv[0], &actions, NULL, (char *const *)argv, environ), 0,
		     "%s", argv[0]);
	posix_spawn_file_actions_destroy(&actions);
	cr_assert_eq(waitpid(pid, &status, 0), pid);
	cr_assert_eq(status, 0, "%s ended with status %d", argv[0], status);
}

#define RUN(...) run((const char *const[]){ __VA_ARGS__, NULL })

/* Entries of a directory of the store. */
static inline size_t count_in(const char *dir)
{
	char path[4096];
	struct dirent *e;
	size_t n = 0;
	DIR *d;

	snprintf(path, sizeof(path), "%s/%s", fixture_dir, dir);
	d = opendir(path);
	cr_assert(d);
	while ((e = readdir(d)))
		n += *e->d_name != '.';
	closedir(d);
	return n;
}
