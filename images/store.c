/* The store's directory: made, locked, cleaned of what an interrupted writer left; see store.h. */
#include "images/store.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/digest.h"
#include "base/fd.h"
#include "base/path.h"
#include "images/store_dirs.h"

#define LAYOUT_TEXT "{\"imageLayoutVersion\":\"1.0.0\"}"
#define INDEX_TEXT  "{\"schemaVersion\":2,\"manifests\":[]}"

int img_tmp_name(const char *kind, char ret[IMG_TMP_NAME_MAX], struct sp_err *err)
{
	char random[2 * 8 + 1];
	int r = sp_random_hex(random, 8, err);

	if (r == 0)
		snprintf(ret, IMG_TMP_NAME_MAX, "%s-%s", kind, random);
	return r;
}

static int open_dir(int at, const char *name, mode_t mode, int *ret, struct sp_err *err)
{
	if (mkdirat(at, name, mode) < 0 && errno != EEXIST)
		return sp_fail_errno(err, errno, "mkdir '%s'", name);
	*ret = openat(at, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	return *ret < 0 ? sp_fail_errno(err, errno, "'%s'", name) : 0;
}

static int open_blobs(struct img_store *s, struct sp_err *err)
{
	autoclose int outer = -1;
	int r = open_dir(s->root, "blobs", 0755, &outer, err);

	return r < 0 ? r : open_dir(outer, "sha256", 0755, &s->blobs, err);
}

/* Only the holder of the lock may clean tmp/, so it is taken before anything else is touched. */
static int take_lock(struct img_store *s, struct sp_err *err)
{
	s->lock = openat(s->root, "lock", O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (s->lock < 0)
		return sp_fail_errno(err, errno, "'lock'");
	if (flock(s->lock, LOCK_EX | LOCK_NB) < 0)
		return errno == EWOULDBLOCK
			       ? sp_fail(err, SP_E_CONFLICT, "another process has it open")
			       : sp_fail_errno(err, errno, "flock");
	return 0;
}

static int write_if_absent(struct img_store *s, const char *name, const char *text,
			   struct sp_err *err)
{
	struct stat st;

	if (fstatat(s->root, name, &st, AT_SYMLINK_NOFOLLOW) == 0)
		return 0;
	return sp_file_replace_at(s->root, name, text, strlen(text), 0644, err);
}

static int open_parts(struct img_store *s, struct sp_err *err)
{
	int r = take_lock(s, err);

	if (r == 0)
		r = sp_remove_tree_at(s->root, "tmp", err);
	if (r == 0)
		r = open_dir(s->root, "tmp", 0700, &s->tmp, err);
	if (r == 0)
		r = open_dir(s->root, "layers", 0700, &s->layers, err);
	if (r == 0)
		r = open_blobs(s, err);
	if (r == 0)
		r = write_if_absent(s, "oci-layout", LAYOUT_TEXT, err);
	if (r == 0)
		r = write_if_absent(s, "index.json", INDEX_TEXT, err);
	return r;
}

static int open_root(struct img_store *s, const char *path, struct sp_err *err)
{
	int r = sp_mkdirs(path, 0700, err);

	if (r < 0)
		return r;
	s->root = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (s->root < 0)
		return sp_fail_errno(err, errno, "open");
	s->path = realpath(path, NULL);
	return s->path ? 0 : sp_fail_errno(err, errno, "realpath");
}

int img_store_open(const char *path, struct img_store **ret, struct sp_err *err)
{
	struct img_store *s = calloc(1, sizeof(*s));
	int r;

	if (!s)
		return sp_fail_nomem(err);
	s->root = s->blobs = s->layers = s->tmp = s->lock = s->unpacker = -1;
	pthread_mutex_init(&s->mutex, NULL);
	r = open_root(s, path, err);
	if (r == 0)
		r = open_parts(s, err);
	if (r < 0) {
		img_store_free(s);
		return sp_err_prefix(err, "image store '%s'", path), r;
	}
	*ret = s;
	return 0;
}

void img_store_free(struct img_store *s)
{
	if (!s)
		return;
	sp_close(&s->blobs);
	sp_close(&s->layers);
	sp_close(&s->tmp);
	sp_close(&s->root);
	sp_close(&s->unpacker);
	sp_close(&s->lock);
	pthread_mutex_destroy(&s->mutex);
	free(s->path);
	free(s);
}

const char *img_store_path(const struct img_store *s)
{
	return s->path;
}

int img_store_tmpfile(struct img_store *s, struct sp_err *err)
{
	int fd = openat(s->tmp, ".", O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);

	return fd < 0 ? sp_fail_errno(err, errno, "temporary file in the image store") : fd;
}
