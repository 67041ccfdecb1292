/* YAML out of JSON: the text is what it should be, and libyaml reads it. */
#include "ctl/yaml.h"

#include <criterion/criterion.h>
#include <yaml.h>

#include "base/json.h"
#include "base/mem.h"

static void expect_yaml(const char *json, const char *want)
{
	autobuf struct sp_buf out = SP_BUF_INIT;
	autojson json_t *j = json_loads(json, JSON_DECODE_ANY, NULL);

	cr_assert_not_null(j, "%s", json);
	ctl_yaml_write(j, &out);
	cr_expect_str_eq(out.data, want, "%s gave\n%s", json, out.data);
}

Test(yaml_out, objects_and_lists_nest_in_block_style)
{
	expect_yaml(
		"{\"a\": 1, \"b\": {\"c\": true}, \"d\": [1, {\"e\": 2, \"f\": [3]}, []], \"g\": {}}",
		"a: 1\nb:\n  c: true\nd:\n- 1\n- e: 2\n  f:\n  - 3\n- []\ng: {}\n");
	expect_yaml("[[1, 2], [3]]", "- - 1\n  - 2\n- - 3\n");
	expect_yaml("null", "null\n");
}

Test(yaml_out, a_string_that_could_be_something_else_is_quoted)
{
	static const char *const rows[][2] = {
		{ "\"plain words\"", "plain words\n" },
		{ "\"yes\"", "\"yes\"\n" },
		{ "\"12\"", "\"12\"\n" },
		{ "\"\"", "\"\"\n" },
		{ "\"a: b\"", "\"a: b\"\n" },
		{ "\"- x\"", "\"- x\"\n" },
		{ "\"a\\nb\"", "\"a\\nb\"\n" },
		{ "\"#x\"", "\"#x\"\n" },
		{ "\"tail \"", "\"tail \"\n" },
		{ "\"/etc/x-1.0\"", "/etc/x-1.0\n" },
	};

	for (size_t i = 0; i < SP_COUNT(rows); i++)
		expect_yaml(rows[i][0], rows[i][1]);
}

Test(yaml_out, a_yaml_reader_gives_the_strings_back)
{
	static const char *const strings[] = { "true", "a #b", "x: y", "'", "\"", "\t",
					       "*a",   "&b",   "%d",   "@", "`",  "{",
					       "|",    "é",    "null", "~" };

	for (size_t i = 0; i < SP_COUNT(strings); i++) {
		autobuf struct sp_buf out = SP_BUF_INIT;
		autojson json_t *j = json_pack("{s:s}", "k", strings[i]);
		yaml_parser_t parser;
		yaml_document_t doc;
		yaml_node_t *value;

		ctl_yaml_write(j, &out);
		yaml_parser_initialize(&parser);
		yaml_parser_set_input_string(&parser, (const unsigned char *)out.data, out.len);
		cr_assert(yaml_parser_load(&parser, &doc), "%s", out.data);
		value = yaml_document_get_node(
			&doc, yaml_document_get_root_node(&doc)->data.mapping.pairs.start->value);
		cr_expect_str_eq((const char *)value->data.scalar.value, strings[i]);
		yaml_document_delete(&doc);
		yaml_parser_delete(&parser);
	}
}
