/* Mark what names and running images reach, sweep the rest; see gc.h. */
#include "images/gc.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <search.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/digest.h"
#include "base/fd.h"
#include "base/path.h"
#include "base/str.h"
#include "base/time.h"
#include "images/catalog.h"
#include "images/image.h"
#include "images/job_child.h"
#include "images/store_dirs.h"

struct gc {
	const char *const *in_use;
	int64_t min_age_ns;
};

/* Digests that stay: of blobs and of layers, in a tree of tsearch(3). */
struct marks {
	void *digests;
};

static int compare(const void *a, const void *b)
{
	return strcmp(a, b);
}

static int mark(struct marks *m, const char *digest, struct sp_err *err)
{
	char *copy = strdup(digest);
	void *at = copy ? tsearch(copy, &m->digests, compare) : NULL;

	if (!at || *(char **)at != copy)
		free(copy);
	return at ? 0 : sp_fail_nomem(err);
}

/* An image that cannot be read keeps what it is known by; nothing else of it can be named. */
static int mark_image(struct img_store *s, struct marks *m, const char *digest, struct sp_err *err)
{
	auto_(img_image_free) struct img_image *i = NULL;
	int r = mark(m, digest, err);

	if (r < 0 || img_resolve(s, digest, &i, NULL) < 0)
		return r;
	r = mark(m, i->manifest.config.digest, err);
	for (size_t l = 0; r == 0 && l < i->manifest.n_layers; l++) {
		r = mark(m, i->manifest.layers[l].digest, err);
		if (r == 0)
			r = mark(m, i->config.diff_ids[l], err);
	}
	return r;
}

static int mark_all(struct img_store *s, struct marks *m, const char *const *in_use,
		    struct sp_err *err)
{
	autofree struct img_entry *list = NULL;
	size_t n;
	int r = img_list(s, &list, &n, err);

	for (size_t i = 0; r == 0 && i < n; i++)
		r = mark_image(s, m, list[i].digest, err);
	for (; r == 0 && in_use && *in_use; in_use++)
		r = mark_image(s, m, *in_use, err);
	return r;
}

/* 1: it goes. Age is that of the last change of the directory entry's inode. */
static int is_garbage(int dirfd, const char *name, const struct marks *m, int64_t oldest_ns)
{
	char digest[SP_DIGEST_MAX];
	struct stat st;

	if ((size_t)snprintf(digest, sizeof(digest), SP_DIGEST_PREFIX "%s", name) >=
		    sizeof(digest) ||
	    !sp_digest_valid(digest) || tfind(digest, &m->digests, compare))
		return 0;
	if (fstatat(dirfd, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return 0;
	return st.st_ctim.tv_sec * SP_NS_PER_S + st.st_ctim.tv_nsec <= oldest_ns;
}

/* Out of its place in one step, then removed: a half removed layer must not have a name. */
static int discard(struct img_store *s, int dirfd, const char *name, struct sp_err *err)
{
	if (renameat(dirfd, name, s->tmp, name) < 0)
		return errno == ENOENT ? 0 : sp_fail_errno(err, errno, "discard '%s'", name);
	return sp_remove_tree_at(s->tmp, name, err);
}

static int sweep(struct img_store *s, int dirfd, const struct marks *m, int64_t oldest_ns,
		 uint64_t *removed, struct sp_err *err)
{
	int copy = openat(dirfd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC), r = 0;
	DIR *dir = copy < 0 ? NULL : fdopendir(copy);
	struct dirent *e;

	if (!dir) {
		r = sp_fail_errno(err, errno, "list the image store");
		sp_close(&copy);
		return r;
	}
	while (r == 0 && (e = readdir(dir))) {
		if (!is_garbage(dirfd, e->d_name, m, oldest_ns))
			continue;
		r = discard(s, dirfd, e->d_name, err);
		*removed += r == 0;
	}
	closedir(dir);
	return r;
}

static int run(struct img_store *s, struct img_job_page *page, const void *arg, struct sp_err *err)
{
	const struct gc *gc = arg;
	int64_t oldest_ns = sp_time_real_ns() - gc->min_age_ns;
	struct marks m = { 0 };
	int r = mark_all(s, &m, gc->in_use, err);

	if (r == 0)
		r = sweep(s, s->layers, &m, oldest_ns, &page->progress.layers_removed, err);
	if (r == 0)
		r = sweep(s, s->blobs, &m, oldest_ns, &page->progress.blobs_removed, err);
	tdestroy(m.digests, free);
	return r;
}

int img_gc_start(struct img_store *s, const char *const *in_use, int64_t min_age_ns,
		 struct img_job **ret, struct sp_err *err)
{
	struct gc gc = { .in_use = in_use, .min_age_ns = min_age_ns };

	if (s->unpacks || s->gcs)
		return sp_fail(err, SP_E_CONFLICT, "images are being %s",
			       s->gcs ? "cleaned up" : "unpacked");
	return img_job_start(s, &s->gcs, run, &gc, ret, err);
}

int img_gc(struct img_store *s, const char *const *in_use, int64_t min_age_ns,
	   struct img_progress *ret, struct sp_err *err)
{
	struct img_job *j;
	int r = img_gc_start(s, in_use, min_age_ns, &j, err);

	return r < 0 ? r : img_job_finish(j, ret, err);
}
