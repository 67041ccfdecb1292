/*
 * Unpacking; see unpack.h. Three processes: the caller's, which only starts and reaps; the job's,
 * which is trusted, goes through the layers, sets what needs CAP_SYS_ADMIN and gives names; and for
 * each layer a confined one, which alone reads what strangers wrote.
 */
#include "images/unpack.h"

#include <errno.h>
#include <fcntl.h>
#include <locale.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/path.h"
#include "images/blob.h"
#include "images/confine.h"
#include "images/extract.h"
#include "images/image.h"
#include "images/job_child.h"
#include "images/store_dirs.h"

struct unpack {
	const struct img_image *image;
	struct img_limits limits;
};

/* One layer on its way. */
struct layer {
	const struct img_descriptor *blob;
	const char *diff_id;
	const struct img_limits *limits;
	struct img_job_page *page;
	struct img_opaque_list *opaque; /* shared with the confined process */
	int blobfd, dirfd;
	char tmp[IMG_TMP_NAME_MAX];
};

/* Room for tar's own headers and padding beside the contents that the cap is on. */
static uint64_t stream_max(const struct img_limits *l)
{
	uint64_t headers = l->entries_max * 4096;

	return l->bytes_max > UINT64_MAX - headers ? UINT64_MAX : l->bytes_max + headers;
}

static int extract(struct layer *l, struct sp_err *err)
{
	auto_(img_layer_stream_free) struct img_layer_stream *stream = NULL;
	struct img_extract x = { .rootfd = l->dirfd,
				 .limits = *l->limits,
				 .progress = &l->page->progress,
				 .opaque = l->opaque };
	char digest[SP_DIGEST_MAX];
	int r = img_layer_stream_new(l->blobfd, stream_max(l->limits), &stream, err);

	x.stream = stream;
	if (r == 0)
		r = img_extract(&x, err);
	if (r == 0)
		r = img_layer_stream_digest(stream, digest, err);
	if (r == 0 && strcmp(digest, l->diff_id) != 0)
		r = sp_fail(err, SP_E_CORRUPT,
			    "digest mismatch: its content has %s, the image's config says %s",
			    digest, l->diff_id);
	return r;
}

/* The confined process. In a UTF-8 locale libarchive would normalise the names of pax headers; in
 * the C locale it cannot convert them, and leaves every byte as it is. */
static int confined(void *arg, struct sp_err *err)
{
	struct layer *l = arg;
	int keep[] = { l->blobfd, l->dirfd }, r;

	setlocale(LC_CTYPE, "C");
	r = img_confine(l->dirfd, keep, sizeof(keep) / sizeof(keep[0]), err);
	if (r < 0)
		return sp_err_prefix(err, "confine the unpacking"), r;
	/* The descriptor came from the old mount; the new root is where the cage is. */
	sp_close(&l->dirfd);
	l->dirfd = open("/", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return l->dirfd < 0 ? sp_fail_errno(err, errno, "open the new root") : extract(l, err);
}

static int make_dir(struct img_store *s, struct layer *l, struct sp_err *err)
{
	int r = img_tmp_name("layer", l->tmp, err);

	if (r < 0)
		return r;
	if (mkdirat(s->tmp, l->tmp, 0755) < 0)
		return sp_fail_errno(err, errno, "mkdir '%s'", l->tmp);
	l->dirfd = openat(s->tmp, l->tmp, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (l->dirfd < 0)
		return sp_fail_errno(err, errno, "open '%s'", l->tmp);
	/* Whatever the umask, the root of a file system is 0755 unless the layer says otherwise. */
	return fchmod(l->dirfd, 0755) < 0 ? sp_fail_errno(err, errno, "chmod '%s'", l->tmp) : 0;
}

/* All of it is on disk before it has its name; a twin that was faster is as good. */
static int publish(struct img_store *s, struct layer *l, struct sp_err *err)
{
	const char *hex = sp_digest_hex(l->diff_id);

	if (syncfs(l->dirfd) < 0)
		return sp_fail_errno(err, errno, "syncfs");
	if (renameat2(s->tmp, l->tmp, s->layers, hex, RENAME_NOREPLACE) == 0)
		return fsync(s->layers) < 0 ? sp_fail_errno(err, errno, "fsync 'layers'") : 0;
	return errno == EEXIST ? sp_remove_tree_at(s->tmp, l->tmp, err)
			       : sp_fail_errno(err, errno, "rename to 'layers/%s'", hex);
}

static int unpack_into(struct img_store *s, struct layer *l, struct sp_err *err)
{
	int r = make_dir(s, l, err);

	if (r == 0)
		r = img_job_wait(l->page, confined, l, err);
	if (r == 0)
		r = img_opaque_apply(l->opaque, l->dirfd, err);
	if (r == 0)
		r = publish(s, l, err);
	if (r < 0)
		sp_remove_tree_at(s->tmp, l->tmp, NULL);
	return r;
}

static int unpack_layer(struct img_store *s, struct layer *l, struct sp_err *err)
{
	int r;

	l->blobfd = img_blob_open(s, l->blob, err);
	if (l->blobfd < 0)
		return l->blobfd;
	l->opaque = mmap(NULL, sizeof(*l->opaque), PROT_READ | PROT_WRITE,
			 MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (l->opaque == MAP_FAILED) {
		sp_close(&l->blobfd);
		return sp_fail_errno(err, errno, "mmap");
	}
	l->dirfd = -1;
	r = unpack_into(s, l, err);
	munmap(l->opaque, sizeof(*l->opaque));
	sp_close(&l->blobfd);
	sp_close(&l->dirfd);
	return r;
}

static int is_unpacked(struct img_store *s, const char *diff_id, struct sp_err *err)
{
	struct stat st;

	if (fstatat(s->layers, sp_digest_hex(diff_id), &st, AT_SYMLINK_NOFOLLOW) == 0)
		return 1;
	return errno == ENOENT ? 0 : sp_fail_errno(err, errno, "layer %s", diff_id);
}

static int count_work(struct img_store *s, const struct img_image *i, struct img_progress *p,
		      struct sp_err *err)
{
	for (size_t n = 0; n < i->manifest.n_layers; n++) {
		int r = is_unpacked(s, i->config.diff_ids[n], err);

		if (r < 0)
			return r;
		p->layers += r == 0;
		p->bytes_total += r == 0 ? i->manifest.layers[n].size : 0;
	}
	return 0;
}

static int run(struct img_store *s, struct img_job_page *page, const void *arg, struct sp_err *err)
{
	const struct unpack *u = arg;
	int r = count_work(s, u->image, &page->progress, err);

	for (size_t n = 0; r == 0 && n < u->image->manifest.n_layers; n++) {
		struct layer l = { .blob = &u->image->manifest.layers[n],
				   .diff_id = u->image->config.diff_ids[n],
				   .limits = &u->limits,
				   .page = page };

		r = is_unpacked(s, l.diff_id, err);
		if (r == 0) {
			r = unpack_layer(s, &l, err);
			if (r < 0)
				return sp_err_prefix(err, "layer %s", l.blob->digest), r;
			page->progress.layers_done++;
		}
		r = r < 0 ? r : 0;
	}
	return r;
}

int img_unpack_start(struct img_store *s, const char *reference, const struct img_limits *limits,
		     struct img_job **ret, struct sp_err *err)
{
	auto_(img_image_free) struct img_image *image = NULL;
	struct unpack u = { .limits = img_limits_or_default(limits) };
	int r = img_resolve(s, reference, &image, err);

	u.image = image;
	if (r == 0 && s->gcs)
		r = sp_fail(err, SP_E_CONFLICT, "images are being cleaned up");
	return r < 0 ? r : img_job_start(s, &s->unpacks, run, &u, ret, err);
}

int img_unpack(struct img_store *s, const char *reference, const struct img_limits *limits,
	       struct img_progress *ret, struct sp_err *err)
{
	struct img_job *j;
	int r = img_unpack_start(s, reference, limits, &j, err);

	return r < 0 ? r : img_job_finish(j, ret, err);
}
