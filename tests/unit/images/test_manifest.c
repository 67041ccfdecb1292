/* Manifests, indexes and configs: what is taken, what is refused and by which words. */
#include "images/manifest.h"

#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/mem.h"
#include "images/config.h"
#include "images/index.h"

#define D "sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"

#define DESCRIPTOR(type) "{\"mediaType\":\"" type "\",\"digest\":\"" D "\",\"size\":7}"
#define CONFIG           DESCRIPTOR("application/vnd.oci.image.config.v1+json")
#define LAYER            DESCRIPTOR("application/vnd.oci.image.layer.v1.tar+gzip")
#define MANIFEST(config, layers) \
	"{\"schemaVersion\":2,\"config\":" config ",\"layers\":[" layers "]}"

Test(manifest, oci_and_docker_say_the_same)
{
	static const char *const texts[] = {
		MANIFEST(CONFIG, LAYER),
		"{\"schemaVersion\":2,\"mediaType\":\"application/vnd.docker.distribution.manifest.v2+json\","
		"\"config\":" DESCRIPTOR(
			"application/vnd.docker.container.image.v1+json") ","
									  "\"layers\":[" DESCRIPTOR(
										  "application/vnd.docker.image.rootfs.diff.tar.gzip") "],"
																       "\"annotations\":{\"unknown\":\"members are the image's own business\"}}",
	};
	static struct img_manifest m;

	for (size_t i = 0; i < SP_COUNT(texts); i++) {
		struct sp_err err = { 0 };

		cr_assert_eq(img_manifest_parse(texts[i], strlen(texts[i]), &m, &err), 0, "%s",
			     err.message);
		cr_expect_eq(m.n_layers, 1);
		cr_expect_str_eq(m.config.digest, D);
		cr_expect_eq(m.layers[0].size, 7);
		cr_expect_eq(img_media_kind(m.layers[0].media), IMG_KIND_LAYER);
	}
}

Test(manifest, what_it_writes_it_reads_and_writes_the_same)
{
	static struct img_manifest m, again;
	autobuf struct sp_buf one = SP_BUF_INIT, two = SP_BUF_INIT;

	cr_assert_eq(img_manifest_parse(MANIFEST(CONFIG, LAYER "," LAYER),
					strlen(MANIFEST(CONFIG, LAYER "," LAYER)), &m, NULL),
		     0);
	cr_assert_eq(img_manifest_format(&m, &one, NULL), 0);
	cr_assert_eq(img_manifest_parse(one.data, one.len, &again, NULL), 0);
	cr_assert_eq(img_manifest_format(&again, &two, NULL), 0);
	cr_expect_str_eq(one.data, two.data);
}

Test(manifest, anything_else_is_refused_with_its_address)
{
	static const struct {
		const char *text, *says;
	} rows[] = {
		{ "", "manifest" },
		{ "[]", "not an object" },
		{ "{\"schemaVersion\":1}", "schemaVersion" },
		{ "{\"schemaVersion\":2}", "manifest.config" },
		{ MANIFEST(CONFIG, ""), "no layers" },
		{ MANIFEST(LAYER, LAYER), "manifest.config.mediaType" },
		{ MANIFEST(CONFIG, CONFIG), "manifest.layers[0].mediaType" },
		{ MANIFEST(CONFIG, LAYER ",{}"), "manifest.layers[1].mediaType" },
		{ MANIFEST(CONFIG, "{\"mediaType\":\"application/vnd.oci.image.layer.v1.tar\","
				   "\"digest\":\"sha256:../../../etc/passwd\",\"size\":1}"),
		  "not a sha256 digest" },
		{ MANIFEST(CONFIG, "{\"mediaType\":\"application/vnd.oci.image.layer.v1.tar\","
				   "\"digest\":\"" D "\",\"size\":-1}"),
		  "size" },
		{ MANIFEST(CONFIG, "{\"mediaType\":\"application/vnd.oci.image.layer.v1.tar\","
				   "\"digest\":\"" D "\",\"size\":1.5}"),
		  "size" },
		{ "{\"schemaVersion\":2,\"schemaVersion\":2}", "duplicate" },
		{ "{\"schemaVersion\":2,\"mediaType\":\"application/vnd.oci.image.index.v1+json\"}",
		  "not an image manifest" },
	};
	static struct img_manifest m;

	for (size_t i = 0; i < SP_COUNT(rows); i++) {
		struct sp_err err = { 0 };

		cr_expect_lt(img_manifest_parse(rows[i].text, strlen(rows[i].text), &m, &err), 0,
			     "%s", rows[i].text);
		cr_expect(strstr(err.message, rows[i].says), "%s: %s", rows[i].text, err.message);
	}
}

#define ENTRY(platform, name)                                                                   \
	"{\"mediaType\":\"application/vnd.oci.image.manifest.v1+json\",\"digest\":\"" D "\","   \
	"\"size\":7" platform ",\"annotations\":{\"org.opencontainers.image.ref.name\":\"" name \
	"\"}}"
#define AMD64          ",\"platform\":{\"os\":\"linux\",\"architecture\":\"amd64\"}"
#define ARM64          ",\"platform\":{\"os\":\"linux\",\"architecture\":\"arm64\"}"
#define OTHER          ",\"platform\":{\"os\":\"unknown\",\"architecture\":\"unknown\"}"
#define INDEX(entries) "{\"schemaVersion\":2,\"manifests\":[" entries "]}"

Test(index, the_manifest_for_this_platform_is_chosen)
{
	static const struct {
		const char *text, *want, *name;
	} rows[] = {
		{ INDEX(ENTRY("", "one")), NULL, "one" },
		{ INDEX(ENTRY("", "one")), "other:tag", "one" },
		{ INDEX(ENTRY(ARM64, "arm") "," ENTRY(AMD64, "amd") "," ENTRY(OTHER, "att")), NULL,
		  "amd" },
		{ INDEX(ENTRY("", "1") "," ENTRY("", "2")), "demo/x:2", "2" },
		{ INDEX(ENTRY("", "demo/x:1") "," ENTRY("", "demo/x:2")), "demo/x:2", "demo/x:2" },
		{ INDEX("{\"mediaType\":\"text/plain\"}," ENTRY("", "one")), NULL, "one" },
	};

	for (size_t i = 0; i < SP_COUNT(rows); i++) {
		struct img_descriptor d;
		autofree char *name = NULL;
		struct sp_err err = { 0 };

		cr_assert_eq(img_index_choose(rows[i].text, strlen(rows[i].text), rows[i].want, &d,
					      &name, &err),
			     0, "%s", err.message);
		cr_expect_str_eq(name, rows[i].name);
	}
}

Test(index, no_choice_or_too_many_is_told)
{
	static const struct {
		const char *text, *says;
	} rows[] = {
		{ INDEX(""), "no image for linux/amd64" },
		{ INDEX(ENTRY(ARM64, "arm")), "no image for linux/amd64" },
		{ INDEX(ENTRY("", "one") "," ENTRY("", "two")), "'one', 'two'" },
		{ "{}", "schemaVersion" },
		{ "{\"schemaVersion\":2,\"manifests\":{}}", "not a list" },
	};

	for (size_t i = 0; i < SP_COUNT(rows); i++) {
		struct img_descriptor d;
		char *name = NULL;
		struct sp_err err = { 0 };

		cr_expect_lt(
			img_index_choose(rows[i].text, strlen(rows[i].text), NULL, &d, &name, &err),
			0);
		cr_expect(strstr(err.message, rows[i].says), "%s", err.message);
	}
}

#define ROOTFS "\"rootfs\":{\"type\":\"layers\",\"diff_ids\":[\"" D "\"]}"
#define IMAGE_CONFIG(run) \
	"{\"os\":\"linux\",\"architecture\":\"amd64\",\"config\":" run "," ROOTFS ",\"history\":[]}"

Test(config, null_and_absent_members_are_the_defaults)
{
	static const char *const texts[] = {
		IMAGE_CONFIG("{}"), IMAGE_CONFIG("null"),
		IMAGE_CONFIG(
			"{\"Entrypoint\":null,\"User\":\"\",\"WorkingDir\":\"\",\"Volumes\":null}")
	};

	for (size_t i = 0; i < SP_COUNT(texts); i++) {
		struct img_config c;
		struct sp_err err = { 0 };

		cr_assert_eq(img_config_parse(texts[i], strlen(texts[i]), &c, &err), 0, "%s",
			     err.message);
		cr_expect(!c.entrypoint && !c.user && !c.working_dir && !c.volumes);
		cr_expect_eq(c.n_diff_ids, 1);
		img_config_fini(&c);
		img_config_fini(&c);
	}
}

Test(config, anything_malformed_is_refused_with_its_address)
{
	static const struct {
		const char *text, *says;
	} rows[] = {
		{ "{}", "config.os" },
		{ "{\"os\":\"windows\",\"architecture\":\"amd64\"}", "'windows' is not linux" },
		{ "{\"os\":\"linux\",\"architecture\":\"arm64\"}", "'arm64' is not amd64" },
		{ "{\"os\":\"linux\",\"architecture\":\"amd64\"}", "config.rootfs" },
		{ "{\"os\":\"linux\",\"architecture\":\"amd64\",\"rootfs\":{\"diff_ids\":[]}}",
		  "0 layers" },
		{ "{\"os\":\"linux\",\"architecture\":\"amd64\",\"rootfs\":{\"diff_ids\":[\"../x\"]}}",
		  "diff_ids[0]" },
		{ IMAGE_CONFIG("{\"Env\":[\"novalue\"]}"), "config.config.Env" },
		{ IMAGE_CONFIG("{\"WorkingDir\":\"relative\"}"), "config.config.WorkingDir" },
		{ IMAGE_CONFIG("{\"Cmd\":[1]}"), "config.config.Cmd" },
		{ IMAGE_CONFIG("{\"User\":\"a\\u0000b\"}"), "NUL" },
		{ IMAGE_CONFIG("{\"Volumes\":{\"data\":{}}}"), "config.config.Volumes" },
	};

	for (size_t i = 0; i < SP_COUNT(rows); i++) {
		struct img_config c;
		struct sp_err err = { 0 };

		cr_expect_lt(img_config_parse(rows[i].text, strlen(rows[i].text), &c, &err), 0,
			     "%s", rows[i].text);
		cr_expect(strstr(err.message, rows[i].says), "%s: %s", rows[i].text, err.message);
	}
}
