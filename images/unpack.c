/*
 * Unpacking; see unpack.h. Three processes: the caller's, which only starts and reaps; the job's,
 * which is trusted, goes through the layers, sets what needs CAP_SYS_ADMIN and gives names; and for
 * each layer a run of agentd-unpack, which alone reads what strangers wrote. That is a program of
 * its own, so that nothing of the caller's memory is in its reach, nor its libraries in the
 * caller's.
 */
#include "images/unpack.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/path.h"
#include "images/blob.h"
#include "images/image.h"
#include "images/job_child.h"
#include "images/store_dirs.h"
#include "images/unpack_task.h"

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
	struct img_unpack_task *task; /* shared with the program */
	int blobfd, dirfd, taskfd;
	char tmp[IMG_TMP_NAME_MAX];
};

/* What the program needs to know, in memory that it shares and nobody can cut short. */
static int make_task(struct layer *l, struct sp_err *err)
{
	const int seals = F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW;

	l->taskfd = memfd_create("unpack", MFD_CLOEXEC | MFD_ALLOW_SEALING);
	if (l->taskfd < 0 || ftruncate(l->taskfd, sizeof(*l->task)) < 0 ||
	    fcntl(l->taskfd, F_ADD_SEALS, seals) < 0)
		return sp_fail_errno(err, errno, "memory for the unpacking");
	l->task = mmap(NULL, sizeof(*l->task), PROT_READ | PROT_WRITE, MAP_SHARED, l->taskfd, 0);
	if (l->task == MAP_FAILED)
		return sp_fail_errno(err, errno, "mmap");
	l->task->limits = *l->limits;
	memcpy(l->task->diff_id, l->diff_id, sizeof(l->task->diff_id));
	return 0;
}

static void add_progress(struct img_progress *sum, const struct img_progress *p)
{
	sum->entries += p->entries;
	sum->bytes += p->bytes;
	sum->skipped_devices += p->skipped_devices;
	sum->skipped_xattrs += p->skipped_xattrs;
}

static int run_program(struct img_store *s, struct layer *l, struct sp_err *err)
{
	struct img_job_program p = { .name = IMG_UNPACK_PROGRAM,
				     .exe = s->unpacker,
				     .n_fds = IMG_UNPACK_FDS_END - IMG_UNPACK_BLOB,
				     .told = &l->task->err };
	int r;

	p.fds[0] = l->blobfd;
	p.fds[IMG_UNPACK_ROOT - IMG_UNPACK_BLOB] = l->dirfd;
	p.fds[IMG_UNPACK_TASK - IMG_UNPACK_BLOB] = l->taskfd;
	r = img_job_exec(&p, err);
	add_progress(&l->page->progress, &l->task->progress);
	return r;
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
		r = run_program(s, l, err);
	if (r == 0)
		r = img_opaque_apply(&l->task->opaque, l->dirfd, err);
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
	r = l->blobfd < 0 ? l->blobfd : make_task(l, err);
	if (r == 0)
		r = unpack_into(s, l, err);
	if (l->task != MAP_FAILED)
		munmap(l->task, sizeof(*l->task));
	sp_close(&l->blobfd);
	sp_close(&l->taskfd);
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
				   .page = page,
				   .task = MAP_FAILED,
				   .blobfd = -1,
				   .dirfd = -1,
				   .taskfd = -1 };

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

int img_unpacker_open(struct img_store *s, const char *path, struct sp_err *err)
{
	char beside[PATH_MAX];
	int r = path ? 0 : sp_path_beside(IMG_UNPACK_PROGRAM, beside, sizeof(beside), err);

	if (r < 0)
		return r;
	sp_close(&s->unpacker);
	s->unpacker = open(path ? path : beside, O_PATH | O_CLOEXEC);
	return s->unpacker < 0 ? sp_fail_errno(err, errno, "'%s'", path ? path : beside) : 0;
}

int img_unpack_start(struct img_store *s, const char *reference, const struct img_limits *limits,
		     struct img_job **ret, struct sp_err *err)
{
	auto_(img_image_free) struct img_image *image = NULL;
	struct unpack u = { .limits = img_limits_or_default(limits) };
	int r = img_resolve(s, reference, &image, err);

	assert(s->unpacker >= 0);
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
