/* YAML as stack files use it: positions, anchors, merges, and the limits on hostile text. */
#include "reading.h"

/* Read one text and expect one line of the report. */
static void refused(const char *text, const char *line)
{
	autoreading struct reading r = { 0 };

	read_text_of(&r, text);
	cr_expect_eq(r.result, -EINVAL, "%s", text);
	cr_expect_null(r.stack);
	cr_said(&r.report, line, text);
}

Test(yaml, broken_text_is_refused_where_it_breaks)
{
	refused("services:\n  web: [\n", "s.yaml:3:1: error: did not find expected node content");
	refused("services:\n\tweb: 1\n",
		"s.yaml:2:1: error: found character that cannot start any token");
	refused("a: b: c\n", "s.yaml:1:5: error: mapping values are not allowed in this context");
	refused("", "s.yaml:1:1: error: the file is empty");
	refused("# nothing\n", "s.yaml:1:1: error: the file is empty");
	refused("\xff\xfe", "s.yaml:1:1: error: the file is not UTF-8 text: "
			    "'invalid leading UTF-8 octet'");
	refused("services: {}\n---\nservices: {}\n",
		"s.yaml:2:1: error: a stack file holds one document only");
	refused("- a\n", "s.yaml:1:1: error: expects a map, not a list");
}

Test(yaml, a_nul_byte_in_a_string_is_refused)
{
	refused("services: {web: {image: \"a\\0b\"}}",
		"s.yaml:1:25: error: a NUL byte in a string");
}

Test(yaml, keys_are_strings_and_stand_once)
{
	refused("services:\n  web:\n    image: a\n    image: b\n",
		"s.yaml:4:5: error: given twice: the key 'image'");
	refused("? [a]\n: b\n", "s.yaml:1:3: error: a key has to be a string");
	refused("\"\": b\n", "s.yaml:1:1: error: a key is empty");
}

Test(yaml, tags_that_change_the_meaning_are_refused)
{
	refused("services:\n  web:\n    image: !reset x\n",
		"s.yaml:3:12: error: not supported yet: the tag '!reset'");
	refused("services: !!set {web}\n",
		"s.yaml:1:11: error: not supported yet: the tag 'tag:yaml.org,2002:set'");
}

Test(yaml, anchors_and_merges_give_what_they_stand_for)
{
	autoreading struct reading r = { 0 };

	cr_accepted(&r, "x-base: &base\n"
			"  image: nginx\n"
			"  restart: always\n"
			"  environment: &env {A: 1, B: 1}\n"
			"x-more: &more {image: other, user: u}\n"
			"services:\n"
			"  web:\n"
			"    <<: *base\n"
			"    environment:\n"
			"      <<: *env\n"
			"      B: 2\n"
			"  two:\n"
			"    <<: [*base, *more]\n"
			"    restart: !!str no\n");
	cr_assert_eq(r.stack->n_services, 2);
	cr_expect_str_eq(r.stack->services[0].image, "nginx");
	cr_expect_str_eq(r.stack->services[0].environment[0], "A=1");
	cr_expect_str_eq(r.stack->services[0].environment[1], "B=2");
	cr_expect_str_eq(r.stack->services[1].image, "nginx");
	cr_expect_str_eq(r.stack->services[1].user, "u");
	cr_expect_eq(r.stack->services[1].restart, WIRE_RESTART_NO);
}

Test(yaml, aliases_that_lead_nowhere_are_refused)
{
	refused("services: *none\n", "s.yaml:1:11: error: no such anchor: 'none'");
	refused("services: &a {web: *a}\n",
		"s.yaml:1:20: error: an alias inside of its own anchor 'a'");
	refused("services: {web: {image: x, <<: 5}}\n",
		"s.yaml:1:28: error: '<<' takes a map or a list of maps");
}

Test(yaml, a_billion_laughs_are_refused_at_the_alias_that_goes_too_far)
{
	autobuf struct sp_buf text = { 0 };
	autoreading struct reading r = { 0 };

	sp_buf_puts(&text, "x-0: &a0 [l, l, l, l, l, l, l, l, l, l]\n");
	for (int i = 1; i < 10; i++) {
		sp_buf_printf(&text, "x-%d: &a%d [", i, i);
		for (int j = 0; j < 10; j++)
			sp_buf_printf(&text, "*a%d%s", i - 1, j < 9 ? ", " : "]\n");
	}
	read_bytes_of(&r, text.data, text.len);
	cr_expect_eq(r.result, -EINVAL);
	cr_said(&r.report, "s.yaml:5:31: error: too many values, with every alias written out",
		text.data);
}

Test(yaml, depth_is_bounded_through_aliases_too)
{
	char deep[256] = "x-a: ";
	autobuf struct sp_buf chain = { 0 };
	autoreading struct reading r = { 0 };

	memset(deep + 5, '[', 40);
	refused(deep, "s.yaml:1:37: error: nested too deeply");
	sp_buf_puts(&chain, "x-0: &a0 [[[[[[[[[[[[[[[[[[[[x]]]]]]]]]]]]]]]]]]]]\n"
			    "x-1: [[[[[[[[[[[[*a0]]]]]]]]]]]]\n");
	read_bytes_of(&r, chain.data, chain.len);
	cr_said(&r.report, "s.yaml:2:18: error: nested too deeply by the alias 'a0'", chain.data);
}

Test(yaml, lists_maps_and_anchors_are_bounded)
{
	autobuf struct sp_buf list = { 0 }, anchors = { 0 };
	autoreading struct reading r = { 0 }, q = { 0 };

	sp_buf_puts(&list, "x-a:\n");
	for (int i = 0; i < 5000; i++)
		sp_buf_printf(&list, "  k%d: 1\n", i);
	read_bytes_of(&r, list.data, list.len);
	cr_said(&r.report, "s.yaml:4098:3: error: too many entries in one list or map", "(keys)");
	sp_buf_puts(&anchors, "x-a:\n");
	for (int i = 0; i < 1100; i++)
		sp_buf_printf(&anchors, "- &a%d x\n", i);
	read_bytes_of(&q, anchors.data, anchors.len);
	cr_said(&q.report, "s.yaml:1026:3: error: too many anchors", "(anchors)");
}

Test(yaml, a_map_has_one_merge_key)
{
	refused("x-a: &a {b: 1}\nx-c: {<<: *a, <<: *a}\n",
		"s.yaml:2:15: error: given twice: the key '<<'");
}

Test(yaml, a_file_of_more_than_a_mebibyte_is_refused)
{
	autobuf struct sp_buf text = { 0 };
	autoreading struct reading r = { 0 };

	while (text.len <= 1024 * 1024)
		sp_buf_puts(&text, "# a long comment that has nothing to say but goes on\n");
	read_bytes_of(&r, text.data, text.len);
	cr_said(&r.report, "s.yaml:1:1: error: the file is larger than 1 MiB", "(comments)");
}

Test(yaml, a_wall_of_problems_is_counted_and_kept_to_a_bound)
{
	autobuf struct sp_buf text = { 0 };
	autoreading struct reading r = { 0 };

	sp_buf_puts(&text, "services:\n  web:\n    image: x\n");
	for (int i = 0; i < 500; i++)
		sp_buf_printf(&text, "    zzz%d: 1\n", i);
	read_bytes_of(&r, text.data, text.len);
	cr_expect_eq(r.report.n, STACK_DIAGNOSTICS_MAX);
	cr_expect_eq(r.report.errors, 500);
	cr_expect(sp_str_ends(r.err.message, ", and 499 more"), "%s", r.err.message);
}
