/* Images of other tools come in and are unpacked as those tools would; damaged ones are refused. */
#include "images/import.h"

#include "base/json.h"
#include "base/str.h"
#include "images/gc.h"

#include "fixture.h"

TestSuite(import, .init = fixture_up, .fini = fixture_down, .timeout = 120);

static char path[8][160];

/* A path in the test's own directory; static memory per slot. */
static const char *in_tmp(size_t slot, const char *prefix, const char *name)
{
	snprintf(path[slot], sizeof(path[slot]), "%s%s/%s", prefix, fixture_dir, name);
	return path[slot];
}

/* An image of three layers by umoci: files, then changes with a whiteout, then one more. */
static void make_layout(void)
{
	const char *image = in_tmp(0, "", "layout:base"), *bundle = in_tmp(1, "", "bundle");
	const char *root = in_tmp(2, "", "bundle/rootfs");
	static const char *const steps[] = {
		"cd \"$0\" && mkdir -p etc bin && echo one >etc/a && echo two >etc/b && ln etc/a bin/a && "
		"ln -s /etc/a bin/l && chmod 4711 bin/a && mkfifo bin/p && chown 33:34 etc/b",
		"cd \"$0\" && rm etc/b && echo three >etc/c && rm -r bin && mkdir bin && echo x >bin/y",
		"cd \"$0\" && setfattr -n user.note -v hello etc/c 2>/dev/null; touch -d @1600000000 etc/c",
	};

	RUN("umoci", "init", "--layout", in_tmp(3, "", "layout"));
	RUN("umoci", "new", "--image", image);
	for (size_t i = 0; i < SP_COUNT(steps); i++) {
		RUN("rm", "-rf", bundle);
		RUN("umoci", "unpack", "--image", image, bundle);
		RUN("sh", "-c", steps[i], root);
		RUN("umoci", "repack", "--image", image, bundle);
	}
	RUN("umoci", "config", "--image", image, "--config.entrypoint", "/bin/y", "--config.env",
	    "A=b c", "--config.user", "33:34", "--config.workingdir", "/etc",
	    "--config.exposedports", "80/tcp", "--config.volume", "/data", "--config.stopsignal",
	    "SIGINT");
	RUN("rm", "-rf", bundle);
	RUN("umoci", "unpack", "--image", image, bundle);
}

static int open_path(const char *name, int flags)
{
	int fd = open(in_tmp(4, "", name), flags | O_CLOEXEC);

	cr_assert_geq(fd, 0, "%s", name);
	return fd;
}

static void import_ok(const char *archive, const char *reference, struct img_imported *ret)
{
	struct sp_err err = { 0 };
	int fd = open_path(archive, O_RDONLY);

	cr_assert_eq(img_import_archive(store, fd, reference, ret, &err), 0, "%s", err.message);
	close(fd);
}

/* Our layers under overlayfs are the tree that umoci unpacked. */
static void compare_with_bundle(void)
{
	static const char script[] =
		"set -e; cd \"$0\"; mkdir -p merged; mount -t overlay overlay -o lowerdir=\"$1\" merged;"
		"list() { (cd \"$1\"; find . -printf '%P %y %m %U:%G %s %T@ %l %n\\n' | sort;"
		"find . -type f -exec sha256sum {} + | sort -k2); };"
		"list merged | grep -v '^ d' >ours; list bundle/rootfs | grep -v '^ d' >theirs; umount merged;"
		"sed -i 's/\\.0000000000//; s/ \\([0-9]*\\)\\.[0-9]*/ \\1/' ours theirs; grep -E ' d ' -v ours >o;"
		"grep -E ' d ' -v theirs >t; diff o t";
	autobuf struct sp_buf lower = SP_BUF_INIT;
	struct img_image *i;
	struct sp_err err = { 0 };

	cr_assert_eq(img_unpack(store, "t", NULL, NULL, &err), 0, "%s", err.message);
	cr_assert_eq(img_resolve(store, "t", &i, &err), 0);
	for (char **d = i->layer_dirs; *d; d++)
		sp_buf_printf(&lower, "%s%s", lower.len ? ":" : "", *d);
	img_image_free(i);
	RUN("unshare", "-m", "--propagation", "private", "bash", "-c", script, fixture_dir,
	    lower.data);
}

Test(import, an_oci_archive_of_umoci_and_skopeo)
{
	struct img_imported got;
	struct img_image *i;
	struct sp_err err = { 0 };

	make_layout();
	RUN("skopeo", "copy", "-q", in_tmp(5, "oci:", "layout:base"),
	    in_tmp(6, "oci-archive:", "a.tar:demo/base:1"));
	import_ok("a.tar", NULL, &got);
	cr_expect_str_eq(got.reference, "demo/base:1");
	import_ok("a.tar", "t", &got);
	cr_expect_str_eq(got.reference, "t:latest");
	cr_assert_eq(img_resolve(store, "t", &i, &err), 0);
	cr_expect_eq(i->manifest.n_layers, 3);
	cr_expect_str_eq(i->config.entrypoint[0], "/bin/y");
	cr_expect_str_eq(i->config.env[sp_strv_count(i->config.env) - 1], "A=b c");
	cr_expect_str_eq(i->config.user, "33:34");
	cr_expect_str_eq(i->config.working_dir, "/etc");
	cr_expect_str_eq(i->config.stop_signal, "SIGINT");
	cr_expect_str_eq(i->config.exposed_ports[0], "80/tcp");
	cr_expect_str_eq(i->config.volumes[0], "/data");
	img_image_free(i);
	compare_with_bundle();
}

Test(import, an_oci_layout_in_a_directory)
{
	struct img_imported got;
	struct sp_err err = { 0 };
	int fd;

	make_layout();
	fd = open_path("layout", O_RDONLY | O_DIRECTORY);
	cr_assert_eq(img_import_directory(store, fd, "t", &got, &err), 0, "%s", err.message);
	close(fd);
	compare_with_bundle();
}

Test(import, the_store_is_a_layout_that_skopeo_reads)
{
	struct img_imported got;
	struct sp_err err = { 0 };
	int fd;

	make_layout();
	fd = open_path("layout", O_RDONLY | O_DIRECTORY);
	cr_assert_eq(img_import_directory(store, fd, "demo/x:2", &got, &err), 0, "%s", err.message);
	close(fd);
	snprintf(path[0], sizeof(path[0]), "oci:%s:demo/x:2", fixture_dir);
	RUN("skopeo", "copy", "-q", path[0], in_tmp(1, "oci-archive:", "out.tar"));
	import_ok("out.tar", "again", &got);
}

Test(import, an_archive_of_docker_save)
{
	struct img_imported got;

	make_layout();
	RUN("skopeo", "copy", "-q", in_tmp(5, "oci:", "layout:base"),
	    in_tmp(6, "docker-archive:", "d.tar:demo/base:1"));
	import_ok("d.tar", NULL, &got);
	import_ok("d.tar", "t", &got);
	compare_with_bundle();
}

static int rootfs(const char *reference, const char *base, const char *options,
		  struct img_imported *ret, struct sp_err *err)
{
	static const struct row rows[] = { { .name = "a", .type = AE_IFREG, .text = "x" },
					   ROWS_END };
	int fd = make_tar(rows, archive_write_add_filter_zstd), r;
	autojson json_t *json = options ? json_loads(options, 0, NULL) : NULL;

	r = img_import_rootfs(store, fd, reference, base, json, ret, err);
	close(fd);
	return r;
}

Test(import, a_root_file_system_with_a_config)
{
	static const char options[] =
		"{\"Entrypoint\":[\"/a\"],\"Cmd\":[\"b\"],\"Env\":[\"K=v\"],\"User\":\"5\",\"WorkingDir\":\"/w\","
		"\"ExposedPorts\":{\"1/tcp\":{}},\"Volumes\":{\"/v\":{}},\"StopSignal\":\"SIGINT\",\"Labels\":{\"l\":\"m\"}}";
	struct img_imported one, two;
	struct img_image *i;
	struct sp_err err = { 0 };

	cr_assert_eq(rootfs("t", NULL, options, &one, &err), 0, "%s", err.message);
	cr_assert_eq(rootfs("t2", NULL, options, &two, &err), 0, "%s", err.message);
	cr_expect_str_eq(one.digest, two.digest, "the same input gives the same image");
	cr_assert_eq(img_unpack(store, "t", NULL, NULL, &err), 0, "%s", err.message);
	cr_assert_eq(rootfs("t3", "t", NULL, &two, &err), 0, "%s", err.message);
	cr_assert_eq(img_resolve(store, "t3", &i, &err), 0);
	cr_expect_eq(i->manifest.n_layers, 2, "one layer on top of the base's");
	img_image_free(i);
	cr_assert_eq(img_resolve(store, "t", &i, &err), 0);
	cr_expect_eq(i->manifest.layers[0].media, IMG_MEDIA_OCI_LAYER_ZSTD);
	cr_expect_str_eq(i->config.cmd[0], "b");
	cr_expect_str_eq(i->config.stop_signal, "SIGINT");
	img_image_free(i);
}

Test(import, options_of_a_root_file_system_are_read_strictly)
{
	static const char *const refused[] = {
		"{\"entrypoint\":[\"/a\"]}", "{\"Entrypoint\":\"/a\"}", "{\"WorkingDir\":\"w\"}",
		"{\"Env\":[\"K\"]}",         "{\"Volumes\":[\"/v\"]}",  "[]",
	};
	struct img_imported got;

	for (size_t i = 0; i < SP_COUNT(refused); i++) {
		struct sp_err err = { 0 };

		cr_expect_lt(rootfs("t", NULL, refused[i], &got, &err), 0, "%s", refused[i]);
		cr_expect_eq(err.code, SP_E_INVALID, "%s", err.message);
	}
	cr_expect_eq(count_in("blobs/sha256"), 0, "refused before the long work");
}

static void expect_archive_refused(const char *archive, int code, const char *says)
{
	struct img_imported got;
	struct img_entry *list;
	struct sp_err err = { 0 };
	int fd = open_path(archive, O_RDONLY);
	size_t n;

	cr_assert_lt(img_import_archive(store, fd, "t", &got, &err), 0, "%s", archive);
	close(fd);
	cr_expect_eq(err.code, code, "%s: %s", archive, err.message);
	cr_expect(strstr(err.message, says), "%s: %s", archive, err.message);
	cr_assert_eq(img_list(store, &list, &n, NULL), 0);
	cr_expect_eq(n, 0, "no image stays of a refused archive");
	free(list);
	cr_expect_eq(count_in("tmp"), 0);
}

/* Change the layout with a shell line (its directory is $0), pack it, and expect it refused. */
static void expect_layout_refused(const char *change, int code, const char *says)
{
	RUN("rm", "-rf", in_tmp(5, "", "copy"));
	RUN("cp", "-a", in_tmp(6, "", "layout"), in_tmp(5, "", "copy"));
	RUN("bash", "-c", change, in_tmp(5, "", "copy"));
	RUN("tar", "-C", in_tmp(5, "", "copy"), "-cf", in_tmp(6, "", "bad.tar"), ".");
	expect_archive_refused("bad.tar", code, says);
}

#define LAYER "cd \"$0\"/blobs/sha256; f=$(ls -S | head -1); "
#define MANIFEST                                                                                        \
	"cd \"$0\"; m=$(jq -r '.manifests[0].digest' index.json | cut -d: -f2); edit() { jq -c \"$1\" " \
	"blobs/sha256/$m >new; d=$(sha256sum new | cut -d' ' -f1); mv new blobs/sha256/$d; "            \
	"jq -c --arg d sha256:$d --argjson s $(stat -c %s blobs/sha256/$d) "                            \
	"'.manifests[0].digest=$d|.manifests[0].size=$s' index.json >i; mv i index.json; }; "

Test(import, damaged_archives_are_refused)
{
	make_layout();
	expect_layout_refused(LAYER "truncate -s 60 $f", SP_E_CORRUPT, "digest mismatch");
	expect_layout_refused(LAYER "printf x >>$f", SP_E_CORRUPT, "digest mismatch");
	expect_layout_refused(LAYER "rm $f", SP_E_CORRUPT, "not in the archive");
	expect_layout_refused(LAYER "mv $f ${f%?}", SP_E_INVALID, "not a sha256 digest");
	expect_layout_refused("rm \"$0\"/index.json", SP_E_INVALID, "no index.json");
	expect_layout_refused("echo '{' >\"$0\"/index.json", SP_E_INVALID, "index");
	expect_layout_refused(MANIFEST "edit '.layers[0].size=1'", SP_E_CORRUPT, "1 are right");
	expect_layout_refused(MANIFEST "edit '.layers[0].mediaType=\"text/plain\"'", SP_E_INVALID,
			      "text/plain");
	expect_layout_refused(MANIFEST "edit '.layers[0].urls=[\"http://x\"]'", SP_E_INVALID,
			      "urls");
	expect_layout_refused(MANIFEST "edit 'del(.config)'", SP_E_INVALID, "manifest.config");
	expect_layout_refused(MANIFEST "edit '.layers=[.layers[0]]'", SP_E_INVALID,
			      "the manifest 1");
	expect_layout_refused(MANIFEST "edit '.layers=[range(121) as $i|.layers[0]]'", SP_E_INVALID,
			      "at most 120");
}

Test(import, truncated_and_foreign_files_are_refused)
{
	make_layout();
	RUN("tar", "-C", in_tmp(5, "", "layout"), "-cf", in_tmp(6, "", "good.tar"), ".");
	RUN("bash", "-c",
	    "head -c 3000 \"$0/good.tar\" >\"$0/cut.tar\"; echo no >\"$0/no.tar\"; : >\"$0/0.tar\"",
	    fixture_dir);
	expect_archive_refused("cut.tar", SP_E_CORRUPT, "tar");
	expect_archive_refused("no.tar", SP_E_CORRUPT, "");
	expect_archive_refused("0.tar", SP_E_CORRUPT, "empty");
}

Test(import, names_in_archives_that_climb_out_are_refused)
{
	static const struct row rows[] = {
		{ .name = "../index.json", .type = AE_IFREG, .text = "x" }, ROWS_END
	};
	struct img_imported got;
	struct sp_err err = { 0 };
	int fd = make_tar(rows, NULL);

	cr_assert_lt(img_import_archive(store, fd, "t", &got, &err), 0);
	cr_expect_eq(err.code, SP_E_ESCAPE, "%s", err.message);
	close(fd);
}

Test(import, what_a_failed_import_left_goes_with_the_next_gc)
{
	struct img_progress p;
	struct sp_err err = { 0 };

	make_layout();
	expect_layout_refused(MANIFEST "edit '.layers[0].size=1'", SP_E_CORRUPT, "1 are right");
	cr_expect_gt(count_in("blobs/sha256"), 0);
	cr_assert_eq(img_gc(store, NULL, IMG_GC_MIN_AGE_NS, &p, &err), 0, "%s", err.message);
	cr_expect_eq(p.blobs_removed, 0, "what is young may belong to an upload in progress");
	cr_assert_eq(img_gc(store, NULL, 0, &p, &err), 0, "%s", err.message);
	cr_expect_gt(p.blobs_removed, 0);
	cr_expect_eq(count_in("blobs/sha256"), 0);
}
