/*
 * agentd-unpack: one layer's tar into one directory, in a cage.
 *
 * The only program of a node that reads images. agentd starts it for each layer, with three
 * descriptors (images/unpack_task.h) and nothing else: no argument, no environment, none of
 * agentd's memory. It shuts itself in before it reads the first byte, and its exit status says
 * whether the directory holds the whole layer.
 *
 *   main      the cage, then the layer     extract   the loop over the entries
 *   node      one file, link or directory
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "images/confine.h"
#include "images/confine_calls.h"
#include "images/layer_stream.h"
#include "images/unpack/extract.h"
#include "images/unpack_task.h"

enum { EXIT_DONE = 0, EXIT_REFUSED = 1, EXIT_USAGE = 2 };

static struct img_unpack_task *map_task(void)
{
	struct img_unpack_task *task;
	struct stat st;

	if (fstat(IMG_UNPACK_TASK, &st) < 0 || st.st_size != sizeof(*task))
		return NULL;
	task = mmap(NULL, sizeof(*task), PROT_READ | PROT_WRITE, MAP_SHARED, IMG_UNPACK_TASK, 0);
	return task == MAP_FAILED ? NULL : task;
}

/* The descriptor of the directory came from the old mount; the new root is where the cage is. */
static int shut_in(int *ret_root, struct sp_err *err)
{
	int keep[] = { IMG_UNPACK_BLOB }, r = img_confine(IMG_UNPACK_ROOT, keep, 1, err);

	if (r < 0)
		return r;
	*ret_root = open("/", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (*ret_root < 0)
		return sp_fail_errno(err, errno, "open the new root");
	return img_confine_calls(err);
}

/* Room for tar's own headers and padding beside the contents that the cap is on. */
static uint64_t stream_max(const struct img_limits *l)
{
	uint64_t headers = l->entries_max * 4096;

	return l->bytes_max > UINT64_MAX - headers ? UINT64_MAX : l->bytes_max + headers;
}

/* The locale is left at "C": there libarchive cannot normalise the names of pax headers, and leaves
 * every byte as it is. */
static int unpack(struct img_unpack_task *task, int root, struct sp_err *err)
{
	auto_(img_layer_stream_free) struct img_layer_stream *stream = NULL;
	struct img_extract x = { .rootfd = root,
				 .limits = task->limits,
				 .progress = &task->progress,
				 .opaque = &task->opaque };
	char digest[SP_DIGEST_MAX];
	int r = img_layer_stream_new(IMG_UNPACK_BLOB, stream_max(&x.limits), &stream, err);

	x.stream = stream;
	if (r == 0)
		r = img_extract(&x, err);
	if (r == 0)
		r = img_layer_stream_digest(stream, digest, err);
	if (r == 0 && strcmp(digest, task->diff_id) != 0)
		r = sp_fail(err, SP_E_CORRUPT,
			    "digest mismatch: its content has %s, the image's config says %s",
			    digest, task->diff_id);
	return r;
}

int main(void)
{
	struct img_unpack_task *task = map_task();
	struct sp_err err = { 0 };
	int root, r;

	if (!task) {
		fprintf(stderr, IMG_UNPACK_PROGRAM ": this is a part of agentd, which starts it\n");
		return EXIT_USAGE;
	}
	r = shut_in(&root, &err);
	if (r < 0)
		sp_err_prefix(&err, "confine the unpacking");
	else
		r = unpack(task, root, &err);
	if (r < 0)
		task->err = err;
	/* Nothing is left to flush, and exit handlers (the sanitizers') want calls that are
	 * refused.
	 */
	syscall(SYS_exit_group, r < 0 ? EXIT_REFUSED : EXIT_DONE);
	return EXIT_REFUSED;
}
