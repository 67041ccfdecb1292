/* Layers on disk: attributes kept, whiteouts in overlayfs form, several layers, jobs. */
#include "images/unpack.h"

#include <errno.h>
#include <poll.h>
#include <sys/sysmacros.h>
#include <sys/xattr.h>

#include "fixture.h"

TestSuite(unpack, .init = fixture_up, .fini = fixture_down, .timeout = 60);

static struct stat stat_of(const char *path)
{
	struct stat st;

	cr_assert_eq(lstat(in_layer(0, path), &st), 0, "%s: %s", path, strerror(errno));
	return st;
}

Test(unpack, files_keep_content_owner_mode_and_time)
{
	static const struct row rows[] = {
		{ .name = "./", .type = AE_IFDIR, .mode = 0755 },
		{ .name = "./bin/", .type = AE_IFDIR, .mode = 0711 },
		{ .name = "./bin/su",
		  .type = AE_IFREG,
		  .mode = 04755,
		  .text = "setuid",
		  .uid = 65535 },
		{ .name = "./bin/lnk",
		  .type = AE_IFLNK,
		  .mode = 0777,
		  .text = "/etc/shadow",
		  .uid = 7 },
		{ .name = "./bin/pipe", .type = AE_IFIFO, .mode = 0620 },
		ROWS_END,
	};
	struct img_progress p;
	struct sp_err err = { 0 };
	char target[32] = "";
	struct stat st;

	cr_assert_eq(unpack_rows(rows, NULL, &p, &err), 0, "%s", err.message);
	cr_expect_eq(p.layers, 1);
	cr_expect_eq(p.layers_done, 1);
	cr_expect_eq(p.entries, 5);
	cr_expect_eq(p.bytes, 6);
	st = stat_of("bin/su");
	cr_expect_eq(st.st_mode, S_IFREG | 04755);
	cr_expect_eq(st.st_uid, 65535);
	cr_expect_eq(st.st_mtim.tv_sec, 1700000000);
	cr_expect_eq(st.st_mtim.tv_nsec, 5);
	st = stat_of("bin");
	cr_expect_eq(st.st_mode, S_IFDIR | 0711);
	cr_expect_eq(st.st_mtim.tv_sec, 1700000000, "a directory's time is set after its content");
	st = stat_of("bin/lnk");
	cr_expect_eq(st.st_uid, 7);
	cr_assert_eq(readlink(in_layer(0, "bin/lnk"), target, sizeof(target) - 1), 11);
	cr_expect_str_eq(target, "/etc/shadow");
	cr_expect_eq(stat_of("bin/pipe").st_mode, S_IFIFO | 0620);
}

Test(unpack, hard_links_are_one_file)
{
	static const struct row rows[] = {
		{ .name = "d/a", .type = AE_IFREG, .mode = 0644, .text = "x" },
		{ .name = "b", .type = AE_IFREG, .mode = 0644, .text = "d/a", .hard = 1 },
		ROWS_END,
	};
	struct sp_err err = { 0 };

	cr_assert_eq(unpack_rows(rows, NULL, NULL, &err), 0, "%s", err.message);
	cr_expect_eq(stat_of("d/a").st_ino, stat_of("b").st_ino);
	cr_expect_eq(stat_of("b").st_nlink, 2);
	cr_expect_eq(stat_of("d").st_mode, S_IFDIR | 0755, "a parent without an entry is made");
}

Test(unpack, user_attributes_stay_and_others_are_counted)
{
	static const struct row rows[] = {
		{ .name = "a", .type = AE_IFREG, .mode = 0644, .text = "x", .xattr = "user.note" },
		{ .name = "b",
		  .type = AE_IFREG,
		  .mode = 0644,
		  .text = "x",
		  .xattr = "trusted.overlay.opaque" },
		{ .name = "c",
		  .type = AE_IFREG,
		  .mode = 0644,
		  .text = "x",
		  .xattr = "user.overlay.opaque" },
		{ .name = "d",
		  .type = AE_IFREG,
		  .mode = 0644,
		  .text = "x",
		  .xattr = "security.selinux" },
		ROWS_END,
	};
	struct img_progress p;
	struct sp_err err = { 0 };
	char value[8];

	cr_assert_eq(unpack_rows(rows, NULL, &p, &err), 0, "%s", err.message);
	cr_expect_eq(p.skipped_xattrs, 3);
	cr_expect_eq(getxattr(in_layer(0, "a"), "user.note", value, sizeof(value)), 1);
	cr_expect_lt(getxattr(in_layer(0, "b"), "trusted.overlay.opaque", value, 8), 0);
	cr_expect_lt(getxattr(in_layer(0, "c"), "user.overlay.opaque", value, 8), 0);
	cr_expect_lt(getxattr(in_layer(0, "d"), "security.selinux", value, 8), 0);
}

Test(unpack, file_capabilities_are_kept)
{
	static const unsigned char net_raw[20] = { 1, 0, 0, 2, 0, 0x20 };
	struct archive *a = archive_write_new();
	struct archive_entry *e = archive_entry_new();
	int fd = memfd_create("layer", MFD_CLOEXEC);
	struct sp_err err = { 0 };
	unsigned char value[32];

	archive_write_set_format_pax(a);
	archive_write_open_fd(a, fd);
	archive_entry_set_pathname(e, "ping");
	archive_entry_set_filetype(e, AE_IFREG);
	archive_entry_set_perm(e, 0755);
	archive_entry_set_uid(e, 12);
	archive_entry_set_gid(e, 12);
	archive_entry_set_size(e, 0);
	archive_entry_xattr_add_entry(e, "security.capability", net_raw, sizeof(net_raw));
	cr_assert_eq(archive_write_header(a, e), ARCHIVE_OK);
	archive_entry_free(e);
	archive_write_free(a);
	make_image(&fd, 1);
	cr_assert_eq(img_unpack(store, "t", NULL, NULL, &err), 0, "%s", err.message);
	cr_assert_eq(getxattr(in_layer(0, "ping"), "security.capability", value, sizeof(value)),
		     sizeof(net_raw));
	cr_expect_arr_eq(value, net_raw, sizeof(net_raw));
}

Test(unpack, names_keep_every_byte)
{
	static const char composed[] = "caf\xc3\xa9", decomposed[] = "cafe\xcc\x81";
	static const struct row rows[] = {
		{ .name = composed, .type = AE_IFREG, .mode = 0644, .text = "1" },
		{ .name = decomposed, .type = AE_IFREG, .mode = 0644, .text = "22" },
		ROWS_END,
	};
	struct sp_err err = { 0 };

	cr_assert_eq(unpack_rows(rows, NULL, NULL, &err), 0, "%s", err.message);
	cr_expect_eq(stat_of(composed).st_size, 1);
	cr_expect_eq(stat_of(decomposed).st_size, 2);
}

Test(unpack, whiteouts_take_overlayfs_form)
{
	static const struct row rows[] = {
		{ .name = "etc/", .type = AE_IFDIR, .mode = 0755 },
		{ .name = "etc/.wh.passwd", .type = AE_IFREG },
		{ .name = "var/.wh..wh..opq", .type = AE_IFREG },
		{ .name = "var/.wh..wh.plnk", .type = AE_IFREG },
		ROWS_END,
	};
	struct sp_err err = { 0 };
	struct stat st;
	char value[8];

	cr_assert_eq(unpack_rows(rows, NULL, NULL, &err), 0, "%s", err.message);
	st = stat_of("etc/passwd");
	cr_expect(S_ISCHR(st.st_mode));
	cr_expect_eq(st.st_rdev, makedev(0, 0));
	cr_expect_eq(getxattr(in_layer(0, "var"), "trusted.overlay.opaque", value, 8), 1);
	cr_expect_eq(value[0], 'y');
	cr_expect_lt(access(in_layer(0, "var/.wh..wh.plnk"), F_OK), 0);
	cr_expect_lt(access(in_layer(0, "etc/.wh.passwd"), F_OK), 0);
}

Test(unpack, a_whiteout_spares_what_its_own_layer_holds)
{
	static const struct row rows[] = {
		{ .name = "a", .type = AE_IFREG, .mode = 0644, .text = "kept" },
		{ .name = ".wh.a", .type = AE_IFREG },
		{ .name = ".wh.b", .type = AE_IFREG },
		{ .name = "b", .type = AE_IFREG, .mode = 0644, .text = "kept" },
		{ .name = ".wh.c", .type = AE_IFREG },
		{ .name = "c/", .type = AE_IFDIR, .mode = 0755 },
		{ .name = "c/x", .type = AE_IFREG, .mode = 0644, .text = "kept" },
		{ .name = "d/", .type = AE_IFDIR, .mode = 0755 },
		{ .name = ".wh.d", .type = AE_IFREG },
		ROWS_END,
	};
	struct sp_err err = { 0 };
	char value[8];

	cr_assert_eq(unpack_rows(rows, NULL, NULL, &err), 0, "%s", err.message);
	cr_expect_eq(stat_of("a").st_size, 4);
	cr_expect_eq(stat_of("b").st_size, 4);
	cr_expect_eq(stat_of("c/x").st_size, 4);
	cr_expect_eq(getxattr(in_layer(0, "c"), "trusted.overlay.opaque", value, 8), 1);
	cr_expect_eq(getxattr(in_layer(0, "d"), "trusted.overlay.opaque", value, 8), 1);
}

Test(unpack, a_later_entry_of_the_same_name_replaces_the_earlier)
{
	static const struct row rows[] = {
		{ .name = "a", .type = AE_IFREG, .mode = 0600, .text = "first" },
		{ .name = "a", .type = AE_IFREG, .mode = 0644, .text = "2" },
		{ .name = "d/", .type = AE_IFDIR, .mode = 0700 },
		{ .name = "d/in", .type = AE_IFREG, .mode = 0644, .text = "x" },
		{ .name = "d/", .type = AE_IFDIR, .mode = 0750 },
		{ .name = "e/x/y", .type = AE_IFREG, .mode = 0644, .text = "gone" },
		{ .name = "e", .type = AE_IFREG, .mode = 0644, .text = "file" },
		{ .name = "f", .type = AE_IFREG, .mode = 0644, .text = "file" },
		{ .name = "f/", .type = AE_IFDIR, .mode = 0755 },
		{ .name = "f/x", .type = AE_IFREG, .mode = 0644, .text = "x" },
		ROWS_END,
	};
	struct sp_err err = { 0 };

	cr_assert_eq(unpack_rows(rows, NULL, NULL, &err), 0, "%s", err.message);
	cr_expect_eq(stat_of("a").st_size, 1);
	cr_expect_eq(stat_of("a").st_mode, S_IFREG | 0644);
	cr_expect_eq(stat_of("d").st_mode, S_IFDIR | 0750);
	cr_expect_eq(stat_of("d/in").st_size, 1);
	cr_expect(S_ISREG(stat_of("e").st_mode));
	cr_expect(S_ISREG(stat_of("f/x").st_mode));
}

Test(unpack, gzip_and_zstd_layers_are_read)
{
	static const struct row rows[] = {
		{ .name = "a", .type = AE_IFREG, .mode = 0644, .text = "x" }, ROWS_END
	};
	int (*const filters[])(struct archive *) = { archive_write_add_filter_gzip,
						     archive_write_add_filter_zstd };

	for (size_t i = 0; i < 2; i++) {
		int plain = make_tar(rows, NULL), packed = make_tar(rows, filters[i]);
		autobuf struct sp_buf p = SP_BUF_INIT, z = SP_BUF_INIT, config = SP_BUF_INIT,
				      text = SP_BUF_INIT;
		static struct img_manifest m;
		char id[1][SP_DIGEST_MAX];
		struct img_descriptor self;
		struct sp_err err = { 0 };

		read_fd(plain, &p);
		read_fd(packed, &z);
		close(plain);
		close(packed);
		cr_assert_eq(sp_digest_of(p.data, p.len, id[0], NULL), 0);
		m = (struct img_manifest){ .n_layers = 1 };
		cr_assert_geq(img_blob_write(store, z.data, z.len, &m.layers[0], &err), 0);
		m.layers[0].media = i ? IMG_MEDIA_OCI_LAYER_ZSTD : IMG_MEDIA_OCI_LAYER_GZIP;
		cr_assert_eq(img_config_format(NULL, id, 1, &config, &err), 0);
		cr_assert_geq(img_blob_write(store, config.data, config.len, &m.config, &err), 0);
		m.config.media = IMG_MEDIA_OCI_CONFIG;
		cr_assert_eq(img_manifest_format(&m, &text, &err), 0);
		cr_assert_geq(img_blob_write(store, text.data, text.len, &self, &err), 0);
		cr_assert_eq(img_tag(store, "t", self.digest, &err), 0);
		cr_assert_eq(img_unpack(store, "t", NULL, NULL, &err), 0, "%s", err.message);
		cr_expect_eq(stat_of("a").st_size, 1);
		cr_assert_eq(sp_remove_tree_at(AT_FDCWD, in_layer(0, ""), NULL), 0);
	}
}

Test(unpack, layers_are_listed_top_first_and_unpacked_once)
{
	static const struct row low[] = {
		{ .name = "low", .type = AE_IFREG, .mode = 0644, .text = "x" }, ROWS_END
	};
	static const struct row high[] = {
		{ .name = "high", .type = AE_IFREG, .mode = 0644, .text = "x" }, ROWS_END
	};
	int tars[] = { make_tar(low, NULL), make_tar(high, NULL), make_tar(low, NULL) };
	struct img_image *i;
	struct img_progress p;
	struct sp_err err = { 0 };
	struct stat before, after;

	make_image(tars, 3);
	cr_assert_eq(img_unpack(store, "t", NULL, &p, &err), 0, "%s", err.message);
	cr_expect_eq(p.layers_done, 2, "the same layer twice is unpacked once");
	cr_assert_eq(img_resolve(store, "t", &i, &err), 0);
	cr_expect(i->unpacked);
	cr_assert(i->layer_dirs[0] && i->layer_dirs[1] && !i->layer_dirs[2],
		  "overlayfs gets each directory once");
	img_image_free(i);
	cr_expect_eq(access(in_layer(0, "low"), F_OK), 0);
	cr_expect_eq(access(in_layer(1, "high"), F_OK), 0);
	cr_assert_eq(stat(in_layer(0, ""), &before), 0);
	cr_assert_eq(img_unpack(store, "t", NULL, &p, &err), 0);
	cr_expect_eq(p.layers, 0);
	cr_assert_eq(stat(in_layer(0, ""), &after), 0);
	cr_expect_eq(before.st_ino, after.st_ino);
	cr_expect_eq(count_in("tmp"), 0);
}

Test(unpack, an_opaque_root_hides_the_layers_below)
{
	static const struct row low[] = {
		{ .name = "low", .type = AE_IFREG, .mode = 0644, .text = "x" }, ROWS_END
	};
	static const struct row high[] = { { .name = ".wh..wh..opq", .type = AE_IFREG }, ROWS_END };
	int tars[] = { make_tar(low, NULL), make_tar(high, NULL) };
	struct img_image *i;
	struct sp_err err = { 0 };

	make_image(tars, 2);
	cr_assert_eq(img_unpack(store, "t", NULL, NULL, &err), 0, "%s", err.message);
	cr_assert_eq(img_resolve(store, "t", &i, &err), 0);
	cr_expect(i->layer_dirs[0] && !i->layer_dirs[1]);
	img_image_free(i);
}

Test(unpack, a_job_is_waited_for_by_its_pidfd)
{
	static const struct row rows[] = {
		{ .name = "a", .type = AE_IFREG, .mode = 0644, .text = "x" }, ROWS_END
	};
	int tar = make_tar(rows, NULL);
	struct pollfd pfd = { .events = POLLIN };
	struct img_progress p;
	struct img_job *j;
	struct sp_err err = { 0 };

	make_image(&tar, 1);
	cr_assert_eq(img_unpack_start(store, "t", NULL, &j, &err), 0, "%s", err.message);
	pfd.fd = img_job_pidfd(j);
	cr_assert_eq(poll(&pfd, 1, 30000), 1);
	img_job_progress(j, &p);
	cr_expect_eq(p.layers_done, 1);
	cr_expect_eq(img_job_finish(j, NULL, &err), 0, "%s", err.message);
}

Test(unpack, a_cancelled_job_leaves_nothing)
{
	static struct row rows[20001];
	static char names[20000][16];
	struct img_job *j;
	struct sp_err err = { 0 };
	int tar;

	for (size_t i = 0; i < 20000; i++) {
		snprintf(names[i], sizeof(names[i]), "f%zu", i);
		rows[i] = (struct row){
			.name = names[i], .type = AE_IFREG, .mode = 0644, .text = "x"
		};
	}
	tar = make_tar(rows, NULL);
	make_image(&tar, 1);
	cr_assert_eq(img_unpack_start(store, "t", NULL, &j, &err), 0, "%s", err.message);
	img_job_cancel(j);
	cr_assert_lt(img_job_finish(j, NULL, &err), 0);
	cr_expect_eq(err.code, SP_E_INTERRUPTED, "%s", err.message);
	cr_expect_eq(count_in("layers"), 0);
	cr_expect_eq(count_in("tmp"), 0);
}
