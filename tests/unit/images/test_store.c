/* The store: blobs in, names, what is missing, what is garbage. */
#include "images/store.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/str.h"
#include "images/gc.h"
#include "images/put.h"

#include "fixture.h"

TestSuite(store, .init = fixture_up, .fini = fixture_down, .timeout = 60);

#define HELLO "sha256:2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824"

static int put(const char *digest, uint64_t size, const char *text, struct sp_err *err)
{
	struct img_put *p;
	int r = img_put_begin(store, digest, size, &p, err);

	if (r < 0)
		return r;
	for (; r == 0 && *text; text++) /* a byte at a time, as from a slow client */
		r = img_put_write(p, text, 1, err);
	if (r < 0) {
		img_put_abort(p);
		return r;
	}
	return img_put_commit(p, NULL, NULL, err);
}

Test(store, a_blob_is_found_under_its_digest)
{
	autobuf struct sp_buf got = SP_BUF_INIT;
	struct img_descriptor d = { .digest = HELLO, .size = 5 };
	uint64_t size = 0;
	struct sp_err err = { 0 };

	cr_expect_eq(img_blob_has(store, HELLO, NULL, &err), 0);
	cr_expect_eq(put(HELLO, 5, "hello", &err), 1, "%s", err.message);
	cr_expect_eq(put(HELLO, IMG_SIZE_UNKNOWN, "hello", &err), 0, "it was there");
	cr_expect_eq(img_blob_has(store, HELLO, &size, &err), 1);
	cr_expect_eq(size, 5);
	cr_assert_eq(img_blob_read(store, &d, &got, &err), 0, "%s", err.message);
	cr_expect_str_eq(got.data, "hello");
	cr_expect_eq(count_in("tmp"), 0);
}

Test(store, only_what_was_promised_gets_a_name)
{
	static const struct {
		const char *digest, *text, *says;
		uint64_t size;
		int code;
	} rows[] = {
		{ HELLO, "jello", "digest mismatch", 5, SP_E_CORRUPT },
		{ HELLO, "hell", "truncated: 4 of 5 bytes", 5, SP_E_CORRUPT },
		{ HELLO, "hello!", "more than 5 bytes", 5, SP_E_CORRUPT },
		{ HELLO, "", "truncated", 5, SP_E_CORRUPT },
		{ HELLO, "", "digest mismatch", IMG_SIZE_UNKNOWN, SP_E_CORRUPT },
		{ "sha256:../x", "", "not a sha256 digest", 0, SP_E_INVALID },
		{ HELLO, "", "at most", IMG_BLOB_BYTES_MAX + 1, SP_E_TOO_LARGE },
	};

	for (size_t i = 0; i < SP_COUNT(rows); i++) {
		struct sp_err err = { 0 };

		cr_expect_lt(put(rows[i].digest, rows[i].size, rows[i].text, &err), 0);
		cr_expect_eq(err.code, rows[i].code, "%s", err.message);
		cr_expect(strstr(err.message, rows[i].says), "%s", err.message);
		cr_expect_eq(count_in("blobs/sha256"), 0);
		cr_expect_eq(count_in("tmp"), 0);
	}
}

Test(store, a_put_in_two_halves_is_the_same)
{
	struct img_put *p;
	char digest[SP_DIGEST_MAX];
	uint64_t size;
	int fd;

	cr_assert_eq(img_put_begin(store, NULL, IMG_SIZE_UNKNOWN, &p, NULL), 0);
	cr_assert_eq(img_put_write(p, "hello", 5, NULL), 0);
	fd = img_put_seal(p, NULL);
	cr_assert_geq(fd, 0);
	cr_expect_eq(fsync(fd), 0);
	cr_expect_eq(img_put_publish(p, digest, &size, NULL), 1);
	cr_expect_str_eq(digest, HELLO);
	cr_expect_eq(size, 5);
}

Test(store, damage_on_disk_is_noticed_when_a_blob_is_read)
{
	autobuf struct sp_buf got = SP_BUF_INIT;
	struct img_descriptor d = { .digest = HELLO };
	struct sp_err err = { 0 };
	char path[256];
	int fd;

	cr_assert_eq(put(HELLO, 5, "hello", NULL), 1);
	snprintf(path, sizeof(path), "%s/blobs/sha256/%s", fixture_dir, sp_digest_hex(HELLO));
	fd = open(path, O_WRONLY | O_CLOEXEC);
	cr_assert_eq(pwrite(fd, "J", 1, 0), 1);
	close(fd);
	cr_expect_lt(img_blob_read(store, &d, &got, &err), 0);
	cr_expect_eq(err.code, SP_E_CORRUPT);
	d.size = 6;
	cr_expect_lt(img_blob_read(store, &d, &got, &err), 0);
	cr_expect(strstr(err.message, "truncated: 5 of 6"), "%s", err.message);
}

Test(store, is_open_in_one_process_at_a_time)
{
	struct img_store *second;
	struct sp_err err = { 0 };

	cr_expect_lt(img_store_open(fixture_dir, &second, &err), 0);
	cr_expect_eq(err.code, SP_E_CONFLICT, "%s", err.message);
	img_store_free(store);
	open_store();
}

static void write_half_and_die(void)
{
	struct img_put *p;

	if (img_put_begin(store, NULL, IMG_SIZE_UNKNOWN, &p, NULL) == 0)
		img_put_write(p, "half", 4, NULL);
	raise(SIGKILL);
}

Test(store, opening_it_removes_what_a_killed_writer_left)
{
	char path[256];
	pid_t writer = fork();

	if (writer == 0)
		write_half_and_die();
	cr_assert_eq(waitpid(writer, NULL, 0), writer);
	snprintf(path, sizeof(path), "%s/tmp/layer-x/deep", fixture_dir);
	cr_assert_eq(sp_mkdirs(path, 0700, NULL), 0);
	cr_expect_eq(count_in("tmp"), 2);
	img_store_free(store);
	open_store();
	cr_expect_eq(count_in("tmp"), 0);
}

static const struct row one_file[] = { { .name = "a", .type = AE_IFREG, .text = "x" }, ROWS_END };

static void make_one(void)
{
	int tar = make_tar(one_file, NULL);

	make_image(&tar, 1);
}

Test(store, names_are_listed_moved_and_taken_away)
{
	struct img_entry *list;
	struct sp_err err = { 0 };
	char digest[SP_DIGEST_MAX];
	size_t n;

	make_one();
	cr_assert_eq(img_digest_of(store, "t:latest", digest, &err), 0, "%s", err.message);
	cr_assert_eq(img_tag(store, "b/c:2", digest, &err), 0, "%s", err.message);
	cr_assert_eq(img_tag(store, "b/c:2", digest, &err), 0, "again is fine");
	cr_assert_eq(img_list(store, &list, &n, &err), 0);
	cr_assert_eq(n, 2);
	cr_expect_str_eq(list[0].reference, "b/c:2");
	cr_expect_str_eq(list[1].reference, "t:latest");
	cr_expect_str_eq(list[0].digest, digest);
	cr_expect_eq(list[0].layers, 1);
	cr_expect_gt(list[0].size_bytes, 1024);
	cr_expect_not(list[0].unpacked);
	free(list);
	cr_expect_eq(img_untag(store, "t", &err), 0);
	cr_expect_eq(img_untag(store, "t", &err), -ENOENT);
	cr_expect_lt(img_digest_of(store, "t", digest, &err), 0);
	cr_expect_eq(err.code, SP_E_NOT_FOUND, "%s", err.message);
}

Test(store, a_digest_in_a_reference_must_be_the_right_one)
{
	char digest[SP_DIGEST_MAX], ref[IMG_REFERENCE_MAX], got[SP_DIGEST_MAX];
	struct sp_err err = { 0 };

	make_one();
	cr_assert_eq(img_digest_of(store, "t", digest, &err), 0);
	snprintf(ref, sizeof(ref), "t@%s", digest);
	cr_expect_eq(img_digest_of(store, ref, got, &err), 0, "%s", err.message);
	cr_expect_eq(img_digest_of(store, digest, got, &err), 0, "a digest alone will do");
	cr_expect_lt(img_digest_of(store, "t:latest@" HELLO, got, &err), 0);
	cr_expect_eq(err.code, SP_E_CONFLICT, "%s", err.message);
	cr_expect_lt(img_digest_of(store, "other@" HELLO, got, &err), 0);
	cr_expect_eq(err.code, SP_E_NOT_FOUND, "%s", err.message);
}

Test(store, an_image_gets_no_name_while_a_blob_is_missing)
{
	struct img_image *i;
	struct sp_err err = { 0 };
	char **missing;

	make_one();
	cr_assert_eq(img_resolve(store, "t", &i, NULL), 0);
	cr_assert_eq(img_blobs(store, i->digest, false, &missing, &err), 0);
	cr_expect_eq(sp_strv_count(missing), 3, "layer, config, manifest");
	cr_expect_str_eq(missing[2], i->digest, "the manifest comes last");
	sp_strv_free(missing);
	cr_assert_eq(img_blob_remove(store, i->manifest.layers[0].digest, NULL), 0);
	cr_assert_eq(img_blobs(store, i->digest, true, &missing, &err), 0);
	cr_expect_eq(sp_strv_count(missing), 1);
	cr_expect_str_eq(missing[0], i->manifest.layers[0].digest);
	sp_strv_free(missing);
	cr_expect_lt(img_tag(store, "u", i->digest, &err), 0);
	cr_expect_eq(err.code, SP_E_NOT_FOUND);
	cr_expect(strstr(err.message, i->manifest.layers[0].digest), "%s", err.message);
	cr_assert_eq(img_blobs(store, HELLO, true, &missing, &err), 0);
	cr_expect_str_eq(missing[0], HELLO, "a manifest that is not here is all that is known");
	sp_strv_free(missing);
	img_image_free(i);
}

Test(store, what_nothing_refers_to_is_collected)
{
	const char *in_use[2] = { NULL };
	char digest[SP_DIGEST_MAX];
	struct img_progress p;
	struct sp_err err = { 0 };

	make_one();
	cr_assert_eq(img_unpack(store, "t", NULL, NULL, &err), 0, "%s", err.message);
	cr_assert_eq(put(HELLO, 5, "hello", NULL), 1);
	cr_assert_eq(img_digest_of(store, "t", digest, NULL), 0);
	cr_assert_eq(img_gc(store, NULL, 0, &p, &err), 0, "%s", err.message);
	cr_expect_eq(p.blobs_removed, 1, "the blob of no image");
	cr_expect_eq(p.layers_removed, 0);
	cr_assert_eq(img_untag(store, "t", NULL), 0);
	in_use[0] = digest;
	cr_assert_eq(img_gc(store, in_use, 0, &p, &err), 0);
	cr_expect_eq(p.blobs_removed + p.layers_removed, 0, "a running image without a name");
	cr_assert_eq(img_gc(store, NULL, IMG_GC_MIN_AGE_NS, &p, &err), 0);
	cr_expect_eq(p.blobs_removed + p.layers_removed, 0, "too young");
	cr_assert_eq(img_gc(store, NULL, 0, &p, &err), 0);
	cr_expect_eq(p.blobs_removed, 3);
	cr_expect_eq(p.layers_removed, 1);
	cr_expect_eq(count_in("layers") + count_in("blobs/sha256") + count_in("tmp"), 0);
}

Test(store, collecting_and_unpacking_exclude_each_other)
{
	struct img_job *j, *k;
	struct sp_err err = { 0 };

	make_one();
	cr_assert_eq(img_unpack_start(store, "t", NULL, &j, &err), 0, "%s", err.message);
	cr_expect_lt(img_gc_start(store, NULL, 0, &k, &err), 0);
	cr_expect_eq(err.code, SP_E_CONFLICT);
	cr_assert_eq(img_job_finish(j, NULL, &err), 0, "%s", err.message);
	cr_assert_eq(img_gc_start(store, NULL, 0, &k, &err), 0);
	cr_expect_lt(img_unpack_start(store, "t", NULL, &j, &err), 0);
	cr_expect_eq(err.code, SP_E_CONFLICT);
	cr_assert_eq(img_job_finish(k, NULL, &err), 0);
}

static void *tag_many(void *arg)
{
	char digest[SP_DIGEST_MAX], name[32];
	int *failures = arg;

	if (img_digest_of(store, "t", digest, NULL) < 0)
		++*failures;
	for (int i = 0; i < 20; i++) {
		snprintf(name, sizeof(name), "n%zx-%d", (size_t)arg, i);
		*failures += img_tag(store, name, digest, NULL) < 0;
	}
	return NULL;
}

Test(store, threads_lose_no_name)
{
	pthread_t threads[4];
	int failures[4] = { 0 };
	struct img_entry *list;
	size_t n;

	make_one();
	for (size_t i = 0; i < 4; i++)
		cr_assert_eq(pthread_create(&threads[i], NULL, tag_many, &failures[i]), 0);
	for (size_t i = 0; i < 4; i++)
		pthread_join(threads[i], NULL);
	for (size_t i = 0; i < 4; i++)
		cr_expect_eq(failures[i], 0);
	cr_assert_eq(img_list(store, &list, &n, NULL), 0);
	cr_expect_eq(n, 81);
	free(list);
}
