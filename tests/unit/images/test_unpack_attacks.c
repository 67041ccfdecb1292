/* What a hostile layer tries, and what it is told. Nothing may stay of a layer that was refused. */
#include <errno.h>
#include <sched.h>
#include <sys/mount.h>

#include "images/put.h"

#include "fixture.h"

TestSuite(attack, .init = fixture_up, .fini = fixture_down, .timeout = 60);

static void expect_refused(const struct row *rows, const struct img_limits *limits, int code,
			   const char *entry)
{
	char digest[SP_DIGEST_MAX];
	struct sp_err err = { 0 };
	struct img_image *i;

	cr_assert_lt(unpack_rows(rows, limits, NULL, &err), 0, "'%s' was let through", entry);
	cr_expect_eq(err.code, code, "%s", err.message);
	cr_assert_eq(img_resolve(store, "t", &i, NULL), 0);
	memcpy(digest, i->manifest.layers[0].digest, sizeof(digest));
	img_image_free(i);
	cr_expect(strstr(err.message, digest), "the layer is not named: %s", err.message);
	cr_expect(strstr(err.message, entry), "the entry is not named: %s", err.message);
	cr_expect_eq(count_in("layers"), 0);
	cr_expect_eq(count_in("tmp"), 0);
}

Test(attack, names_that_climb_out)
{
	static const char *const names[] = { "../evil", "a/../../evil", "./..", "a/b/../../../evil",
					     "a/../b" };

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		struct row rows[] = {
			{ .name = names[i], .type = AE_IFREG, .mode = 0644, .text = "x" }, ROWS_END
		};

		expect_refused(rows, NULL, SP_E_ESCAPE, names[i]);
	}
}

Test(attack, absolute_names)
{
	static const struct row rows[] = {
		{ .name = "/tmp/sp-evil", .type = AE_IFREG, .mode = 0644, .text = "x" }, ROWS_END
	};

	expect_refused(rows, NULL, SP_E_ESCAPE, "/tmp/sp-evil");
}

Test(attack, writing_through_a_link_out_of_the_root)
{
	static const char *const targets[] = { "/tmp", "/", "../../..", "..", "/proc/self/root" };

	for (size_t i = 0; i < sizeof(targets) / sizeof(targets[0]); i++) {
		struct row rows[] = {
			{ .name = "out", .type = AE_IFLNK, .mode = 0777, .text = targets[i] },
			{ .name = "out/sp-evil", .type = AE_IFREG, .mode = 0644, .text = "x" },
			ROWS_END
		};

		expect_refused(rows, NULL, SP_E_ESCAPE, "out/sp-evil");
	}
	cr_expect_lt(access("/tmp/sp-evil", F_OK), 0);
	cr_expect_lt(access("/sp-evil", F_OK), 0);
}

Test(attack, writing_through_a_chain_of_links)
{
	static const struct row rows[] = {
		{ .name = "a/", .type = AE_IFDIR, .mode = 0755 },
		{ .name = "a/up", .type = AE_IFLNK, .mode = 0777, .text = ".." },
		{ .name = "b", .type = AE_IFLNK, .mode = 0777, .text = "a/up/.." },
		{ .name = "b/sp-evil", .type = AE_IFREG, .mode = 0644, .text = "x" },
		ROWS_END,
	};

	expect_refused(rows, NULL, SP_E_ESCAPE, "b/sp-evil");
}

Test(attack, a_directory_swapped_for_a_link_under_an_open_parent)
{
	static const struct row rows[] = {
		{ .name = "d/a", .type = AE_IFREG, .mode = 0644, .text = "x" },
		{ .name = "d", .type = AE_IFLNK, .mode = 0777, .text = "/tmp" },
		{ .name = "d/sp-evil", .type = AE_IFREG, .mode = 0644, .text = "x" },
		ROWS_END,
	};

	expect_refused(rows, NULL, SP_E_ESCAPE, "d/sp-evil");
}

Test(attack, a_file_over_a_link_replaces_the_link)
{
	static const struct row rows[] = {
		{ .name = "passwd",
		  .type = AE_IFLNK,
		  .mode = 0777,
		  .text = "/etc/sp-no-such-file" },
		{ .name = "passwd", .type = AE_IFREG, .mode = 0644, .text = "x" },
		{ .name = "dir", .type = AE_IFLNK, .mode = 0777, .text = "/tmp" },
		{ .name = "dir/", .type = AE_IFDIR, .mode = 0755 },
		{ .name = "dir/sp-evil", .type = AE_IFREG, .mode = 0644, .text = "x" },
		ROWS_END,
	};
	struct sp_err err = { 0 };
	struct stat st;

	cr_assert_eq(unpack_rows(rows, NULL, NULL, &err), 0, "%s", err.message);
	cr_assert_eq(lstat(in_layer(0, "passwd"), &st), 0);
	cr_expect(S_ISREG(st.st_mode));
	cr_expect_lt(access("/etc/sp-no-such-file", F_OK), 0);
	cr_assert_eq(lstat(in_layer(0, "dir"), &st), 0);
	cr_expect(S_ISDIR(st.st_mode));
	cr_expect_lt(access("/tmp/sp-evil", F_OK), 0);
}

Test(attack, hard_links_out_of_the_root)
{
	static const char *const targets[] = { "/etc/passwd", "../../../etc/passwd" };

	for (size_t i = 0; i < 2; i++) {
		struct row rows[] = { { .name = "h",
					.type = AE_IFREG,
					.mode = 0644,
					.text = targets[i],
					.hard = 1 },
				      ROWS_END };

		expect_refused(rows, NULL, SP_E_ESCAPE, targets[i]);
	}
}

Test(attack, hard_links_through_a_link_out_of_the_root)
{
	static const struct row rows[] = {
		{ .name = "etc", .type = AE_IFLNK, .mode = 0777, .text = "/etc" },
		{ .name = "h", .type = AE_IFREG, .mode = 0644, .text = "etc/passwd", .hard = 1 },
		ROWS_END,
	};

	expect_refused(rows, NULL, SP_E_ESCAPE, "etc/passwd");
}

Test(attack, a_hard_link_to_a_link_is_not_followed)
{
	static const struct row rows[] = {
		{ .name = "lnk", .type = AE_IFLNK, .mode = 0777, .text = "/etc/passwd" },
		{ .name = "h", .type = AE_IFREG, .mode = 0644, .text = "lnk", .hard = 1 },
		ROWS_END,
	};
	struct sp_err err = { 0 };
	struct stat st;

	cr_assert_eq(unpack_rows(rows, NULL, NULL, &err), 0, "%s", err.message);
	cr_assert_eq(lstat(in_layer(0, "h"), &st), 0);
	cr_expect(S_ISLNK(st.st_mode));
}

Test(attack, a_hard_link_to_what_is_not_there)
{
	static const struct row rows[] = {
		{ .name = "h", .type = AE_IFREG, .mode = 0644, .text = "no", .hard = 1 }, ROWS_END
	};

	expect_refused(rows, NULL, SP_E_CORRUPT, "'h'");
}

Test(attack, whiteout_names_that_are_no_names)
{
	static const char *const names[] = { ".wh.", ".wh..", ".wh...", "d/.wh..." };

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		struct row rows[] = { { .name = names[i], .type = AE_IFREG }, ROWS_END };

		expect_refused(rows, NULL, SP_E_CORRUPT, names[i]);
	}
}

Test(attack, an_opaque_marker_through_a_link)
{
	static const struct row rows[] = {
		{ .name = "out", .type = AE_IFLNK, .mode = 0777, .text = "/tmp" },
		{ .name = "out/.wh..wh..opq", .type = AE_IFREG },
		ROWS_END,
	};

	expect_refused(rows, NULL, SP_E_ESCAPE, "out/.wh..wh..opq");
}

Test(attack, an_opaque_directory_swapped_for_a_link_later)
{
	static const struct row rows[] = {
		{ .name = "d/.wh..wh..opq", .type = AE_IFREG },
		{ .name = "d", .type = AE_IFLNK, .mode = 0777, .text = "/tmp" },
		ROWS_END,
	};
	struct sp_err err = { 0 };
	struct stat st;

	cr_assert_eq(unpack_rows(rows, NULL, NULL, &err), 0, "%s", err.message);
	cr_assert_eq(lstat(in_layer(0, "d"), &st), 0);
	cr_expect(S_ISLNK(st.st_mode));
}

Test(attack, device_nodes_are_never_made)
{
	static const struct row rows[] = {
		{ .name = "null", .type = AE_IFCHR, .mode = 0666 },
		{ .name = "disk", .type = AE_IFBLK, .mode = 0666 },
		{ .name = "a", .type = AE_IFREG, .mode = 0644, .text = "x" },
		ROWS_END,
	};
	struct img_progress p;
	struct sp_err err = { 0 };

	cr_assert_eq(unpack_rows(rows, NULL, &p, &err), 0, "%s", err.message);
	cr_expect_eq(p.skipped_devices, 2);
	cr_expect_lt(access(in_layer(0, "null"), F_OK), 0);
	cr_expect_lt(access(in_layer(0, "disk"), F_OK), 0);
	cr_expect_eq(access(in_layer(0, "a"), F_OK), 0);
}

Test(attack, owners_outside_the_range_of_a_container)
{
	static const struct row rows[] = {
		{ .name = "a", .type = AE_IFREG, .mode = 0644, .text = "x", .uid = 65536 }, ROWS_END
	};

	expect_refused(rows, NULL, SP_E_UNSUPPORTED, "'a'");
}

Test(attack, more_entries_than_allowed)
{
	static const struct row rows[] = {
		{ .name = "a", .type = AE_IFREG, .mode = 0644, .text = "x" },
		{ .name = "b", .type = AE_IFREG, .mode = 0644, .text = "x" },
		{ .name = "c", .type = AE_IFREG, .mode = 0644, .text = "x" },
		ROWS_END
	};

	expect_refused(rows, &(struct img_limits){ .entries_max = 2 }, SP_E_TOO_LARGE, "2 entries");
}

Test(attack, more_bytes_than_allowed)
{
	static const struct row rows[] = {
		{ .name = "a", .type = AE_IFREG, .mode = 0644, .text = "12345" },
		{ .name = "b", .type = AE_IFREG, .mode = 0644, .text = "67890" },
		ROWS_END
	};

	expect_refused(rows, &(struct img_limits){ .bytes_max = 9 }, SP_E_TOO_LARGE, "'b'");
}

Test(attack, longer_names_than_allowed)
{
	static const struct row rows[] = {
		{ .name = "a/b/c/d/e", .type = AE_IFREG, .mode = 0644, .text = "x" }, ROWS_END
	};

	expect_refused(rows, &(struct img_limits){ .path_max = 8 }, SP_E_TOO_LARGE, "a/b/c/d/e");
}

Test(attack, a_bomb_stops_at_the_cap)
{
	static char zeros[1 << 20];
	static const struct row rows[] = {
		{ .name = "bomb", .type = AE_IFREG, .mode = 0644, .text = zeros }, ROWS_END
	};
	struct img_limits limits = { .bytes_max = 4096, .entries_max = 4 };
	struct sp_err err = { 0 };

	memset(zeros, '0', sizeof(zeros) - 1);
	cr_assert_lt(unpack_rows(rows, &limits, NULL, &err), 0);
	cr_expect_eq(err.code, SP_E_TOO_LARGE, "%s", err.message);
}

Test(attack, a_sparse_file_counts_by_its_size)
{
	char holes[96], tar[96];
	struct sp_err err = { 0 };
	int fd;

	snprintf(holes, sizeof(holes), "%s/holes", fixture_dir);
	snprintf(tar, sizeof(tar), "%s/tar", fixture_dir);
	fd = open(holes, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	cr_assert_eq(ftruncate(fd, (off_t)1 << 40), 0);
	close(fd);
	RUN("tar", "-S", "-C", fixture_dir, "-cf", tar, "holes");
	fd = open(tar, O_RDONLY | O_CLOEXEC);
	make_image(&fd, 1);
	cr_assert_lt(img_unpack(store, "t", NULL, NULL, &err), 0);
	cr_expect_eq(err.code, SP_E_TOO_LARGE, "%s", err.message);
	cr_expect(strstr(err.message, "holes"), "%s", err.message);
}

/* Cut or change the blob of the only layer behind the store's back. */
static int blob_of_layer(int flags)
{
	char path[4096];
	struct img_image *i;
	int fd;

	cr_assert_eq(img_resolve(store, "t", &i, NULL), 0);
	snprintf(path, sizeof(path), "%s/blobs/sha256/%s", fixture_dir,
		 sp_digest_hex(i->manifest.layers[0].digest));
	img_image_free(i);
	fd = open(path, flags | O_CLOEXEC);
	cr_assert_geq(fd, 0);
	return fd;
}

Test(attack, a_truncated_blob_is_told)
{
	static const struct row rows[] = {
		{ .name = "a", .type = AE_IFREG, .mode = 0644, .text = "x" }, ROWS_END
	};
	int tar = make_tar(rows, NULL), fd;
	struct sp_err err = { 0 };

	make_image(&tar, 1);
	fd = blob_of_layer(O_RDWR);
	cr_assert_eq(ftruncate(fd, 700), 0);
	close(fd);
	cr_assert_lt(img_unpack(store, "t", NULL, NULL, &err), 0);
	cr_expect_eq(err.code, SP_E_CORRUPT);
	cr_expect(strstr(err.message, "truncated: 700 of"), "%s", err.message);
}

Test(attack, changed_content_is_told)
{
	static const struct row rows[] = {
		{ .name = "a", .type = AE_IFREG, .mode = 0644, .text = "good" }, ROWS_END
	};
	int tar = make_tar(rows, NULL), fd;
	struct sp_err err = { 0 };
	char block[4096];
	ssize_t n;
	char *at;

	make_image(&tar, 1);
	fd = blob_of_layer(O_RDWR);
	n = pread(fd, block, sizeof(block), 0);
	at = memmem(block, (size_t)n, "good", 4);
	cr_assert(at);
	cr_assert_eq(pwrite(fd, "evil", 4, at - block), 4);
	close(fd);
	cr_assert_lt(img_unpack(store, "t", NULL, NULL, &err), 0);
	cr_expect_eq(err.code, SP_E_CORRUPT);
	cr_expect(strstr(err.message, "digest mismatch"), "%s", err.message);
	cr_expect_eq(count_in("layers"), 0);
	cr_expect_eq(count_in("tmp"), 0);
}

Test(attack, what_is_no_tar_is_told)
{
	int fd = memfd_create("layer", MFD_CLOEXEC);
	struct sp_err err = { 0 };

	cr_assert_eq(write(fd, "\x1f\x8b\x08garbage", 10), 10);
	make_image(&fd, 1);
	cr_assert_lt(img_unpack(store, "t", NULL, NULL, &err), 0);
	cr_expect_eq(err.code, SP_E_CORRUPT, "%s", err.message);
}

/* A store on a tmpfs of 1 MiB, in a mount namespace of this test's own process. */
static void store_on_small_disk(void)
{
	img_store_free(store);
	cr_assert_eq(unshare(CLONE_NEWNS), 0);
	cr_assert_eq(mount(NULL, "/", NULL, MS_PRIVATE | MS_REC, NULL), 0);
	cr_assert_eq(mount("small", fixture_dir, "tmpfs", 0, "size=1m"), 0);
	open_store();
}

static void leave_small_disk(void)
{
	img_store_free(store);
	store = NULL;
	cr_assert_eq(umount2(fixture_dir, MNT_DETACH), 0);
}

Test(attack, a_full_disk_while_a_blob_arrives)
{
	static char piece[300000];
	struct img_put *p;
	struct sp_err err = { 0 };
	int r = 0;

	store_on_small_disk();
	cr_assert_eq(img_put_begin(store, NULL, IMG_SIZE_UNKNOWN, &p, &err), 0);
	for (int i = 0; r == 0 && i < 10; i++)
		r = img_put_write(p, piece, sizeof(piece), &err);
	cr_expect_lt(r, 0);
	cr_expect_eq(err.code, SP_E_NO_SPACE, "%s", err.message);
	img_put_abort(p);
	cr_expect_eq(count_in("tmp"), 0);
	cr_expect_eq(count_in("blobs/sha256"), 0);
	cr_expect_eq(img_put_begin(store, NULL, 1, &p, &err), 0, "there is room again");
	img_put_abort(p);
	leave_small_disk();
}

Test(attack, a_full_disk_while_unpacking)
{
	static char text[400000];
	static const struct row rows[] = {
		{ .name = "a", .type = AE_IFREG, .mode = 0644, .text = text },
		{ .name = "b", .type = AE_IFREG, .mode = 0644, .text = text },
		ROWS_END
	};
	struct sp_err err = { 0 };

	memset(text, 'x', sizeof(text) - 1);
	store_on_small_disk();
	cr_assert_lt(unpack_rows(rows, NULL, NULL, &err), 0);
	cr_expect_eq(err.code, SP_E_NO_SPACE, "%s", err.message);
	cr_expect_eq(count_in("layers"), 0);
	cr_expect_eq(count_in("tmp"), 0);
	leave_small_disk();
}
