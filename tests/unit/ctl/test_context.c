/* Contexts: strictly read, relative to their file. */
#include "ctl/context.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"

static int decode(const char *text, struct ctl_context **ret, struct sp_err *err)
{
	autojson json_t *j = json_loads(text, 0, NULL);

	cr_assert_not_null(j, "%s", text);
	return ctl_context_decode(j, "/etc/sp/context.json", ret, err);
}

Test(context, a_lab_context_is_read_whole_and_paths_start_at_its_file)
{
	auto_(ctl_context_free) struct ctl_context *c = NULL;
	struct sp_err err = { 0 };
	int r = decode(
		"{\"url\": \"https://192.168.56.10:7700\", \"ca\": \"ca.pem\", \"cert\": \"/c.pem\","
		" \"key\": \"k.pem\", \"netns\": {\"path\": \"/proc/1/ns/net\", \"inode\": 7},"
		" \"lab_topology\": \"../topology\"}",
		&c, &err);

	cr_assert_eq(r, 0, "%s", err.message);
	cr_expect_str_eq(c->url, "https://192.168.56.10:7700");
	cr_expect_str_eq(c->ca, "/etc/sp/ca.pem");
	cr_expect_str_eq(c->cert, "/c.pem");
	cr_expect_str_eq(c->netns, "/proc/1/ns/net");
	cr_expect_eq(c->netns_inode, 7);
	cr_expect_str_eq(c->topology, "/etc/sp/../topology");
}

Test(context, what_is_missing_too_much_or_misspelt_is_refused_with_its_address)
{
	static const char *const rows[][2] = {
		{ "{}", "either 'url' or 'unix'" },
		{ "{\"unix\": \"/a\", \"url\": \"http://b\"}", "not both" },
		{ "{\"url\": \"ftp://b\"}", "neither https:// nor http://" },
		{ "{\"url\": \"https://b\"}", "https needs" },
		{ "{\"unix\": \"/a\", \"chiave\": 1}", "context.chiave: unknown key" },
		{ "{\"unix\": 7}", "context.unix: is not a string" },
		{ "{\"unix\": \"/a\", \"netns\": {\"path\": \"/x\"}}", "context.netns.inode" },
		{ "{\"unix\": \"/a\", \"netns\": {\"path\": \"/x\", \"inode\": 1, \"z\": 1}}",
		  "context.netns.z: unknown key" },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct ctl_context *c = NULL;
		struct sp_err err = { 0 };

		cr_expect_eq(decode(rows[i][0], &c, &err), -EINVAL, "%s", rows[i][0]);
		cr_expect(strstr(err.message, rows[i][1]), "%s", err.message);
		cr_expect(strstr(err.message, "/etc/sp/context.json: "), "%s", err.message);
		cr_expect_null(c);
	}
}

Test(context, one_that_is_named_and_not_there_is_an_error_at_the_client)
{
	struct ctl_context *c = NULL;
	struct sp_err err = { 0 };

	cr_expect_eq(ctl_context_load("/nonexistent/context.json", &c, &err), -ENOENT);
	cr_expect_eq(err.stage, SP_STAGE_CLIENT);
}
