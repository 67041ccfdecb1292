/* Bundles: all a stack file refers to goes along, nothing else, and both ends read the same. */
#include "stackfile/bundle.h"

#include "reading.h"

static const struct given variables[] = {
	{ "TAG", "1.2" }, { "SECRET", "s3cret" }, { "UNUSED", "x" }, { NULL, NULL }
};
static const struct given files[] = { { "a.env", "A=${SECRET}\n" },
				      { "unused", "x" },
				      { NULL, NULL } };

static const char text[] = "services:\n"
			   "  web:\n"
			   "    image: nginx:$TAG\n"
			   "    user: u${MISSING:-0}\n"
			   "    env_file: [a.env, {path: gone.env, required: false}]\n";

static struct stack_bundle *collected(struct reading *r)
{
	struct stack_source source = {
		.file = "s.yaml", .text = text, .len = strlen(text), .name = "demo"
	};
	struct stack_resolver inner = given_resolver(r);
	struct stack_bundle *b = NULL;

	cr_assert_eq(stack_bundle_collect(&source, &inner, &b, &r->stack, &r->report, &r->err), 0,
		     "%s", r->err.message);
	return b;
}

Test(bundle, holds_what_the_file_refers_to_and_nothing_else)
{
	autoreading struct reading r = { .variables = variables, .files = files };
	auto_(stack_bundle_free) struct stack_bundle *b = collected(&r);

	cr_assert_eq(b->n_variables, 2);
	cr_expect_str_eq(b->variables[0].key, "TAG");
	cr_expect_str_eq(b->variables[1].key, "SECRET");
	cr_assert_eq(b->n_files, 1);
	cr_expect_str_eq(b->files[0].path, "a.env");
	cr_expect_str_eq(r.stack->services[0].image, "nginx:1.2");
}

Test(bundle, is_read_alike_at_the_other_end)
{
	autoreading struct reading here = { .variables = variables, .files = files };
	autoreading struct reading there = { 0 };
	auto_(stack_bundle_free) struct stack_bundle *sent = collected(&here), *got = NULL;
	struct stack_resolver resolver;
	struct stack_source source;
	json_t *json = NULL;

	cr_assert_eq(stack_bundle_encode(sent, &json, &there.err), 0);
	cr_assert_eq(stack_bundle_decode(json, &got, &there.err), 0, "%s", there.err.message);
	json_decref(json);
	source = stack_bundle_source(got);
	resolver = stack_bundle_resolver(got);
	cr_assert_eq(stack_read(&source, &resolver, &there.stack, &there.report, &there.err), 0,
		     "%s", there.err.message);
	cr_expect_str_eq(there.stack->name, "demo");
	cr_expect_str_eq(there.stack->services[0].image, "nginx:1.2");
	cr_expect_str_eq(there.stack->services[0].user, "u0");
	cr_expect_str_eq(there.stack->services[0].environment[0], "A=s3cret");
}

Test(bundle, of_a_refused_file_is_not_made)
{
	struct stack_source source = {
		.file = "s.yaml", .text = "services: {}", .len = 12, .name = "demo"
	};
	autoreading struct reading r = { 0 };
	struct stack_resolver inner = given_resolver(&r);
	struct stack_bundle *b = NULL;

	cr_expect_eq(stack_bundle_collect(&source, &inner, &b, NULL, &r.report, &r.err), -EINVAL);
	cr_expect_null(b);
	cr_expect_eq(r.report.errors, 1);
}

Test(bundle, garbage_is_refused_with_its_address)
{
	static const char *const cases[][2] = {
		{ "[]", "bundle" },
		{ "{}", "bundle.file" },
		{ "{\"file\": \"f\"}", "bundle.text" },
		{ "{\"file\": \"f\", \"text\": 5}", "bundle.text" },
		{ "{\"file\": \"f\", \"text\": \"\", \"extra\": 1}", "extra" },
		{ "{\"file\": \"f\", \"text\": \"\", \"variables\": {\"A\": 1}}", "'A'" },
		{ "{\"file\": \"f\", \"text\": \"\", \"files\": {\"p\": \"%%\"}}", "'p'" },
		{ "{\"file\": \"f\", \"text\": \"\", \"files\": {\"p\": []}}", "'p'" },
		{ "{\"file\": \"f\", \"text\": \"\", \"on_failure\": \"x\"}", "'x'" },
	};

	for (size_t i = 0; i < SP_COUNT(cases); i++) {
		auto_(stack_bundle_free) struct stack_bundle *b = NULL;
		struct sp_err err = { 0 };
		json_t *json = json_loads(cases[i][0], 0, NULL);

		cr_expect_lt(stack_bundle_decode(json, &b, &err), 0, "%s", cases[i][0]);
		cr_expect_not_null(strstr(err.message, cases[i][1]), "%s: %s", cases[i][0],
				   err.message);
		json_decref(json);
	}
}

Test(bundle, files_of_more_than_the_bound_are_refused)
{
	char *big = calloc(1, STACK_FILE_MAX);
	struct given many[12] = { 0 };
	autobuf struct sp_buf yaml = { 0 };
	autoreading struct reading r = { .files = many };
	struct stack_resolver inner = given_resolver(&r);
	struct stack_source source = { .file = "s.yaml", .name = "demo" };
	struct stack_bundle *b = NULL;
	char names[12][8];

	memset(big, 'x', STACK_FILE_MAX - 1);
	sp_buf_puts(&yaml, "services: {web: {image: x}}\nconfigs:\n");
	for (int i = 0; i < 11; i++) {
		snprintf(names[i], sizeof(names[i]), "f%d", i);
		many[i] = (struct given){ names[i], big };
		sp_buf_printf(&yaml, "  c%d: {file: f%d}\n", i, i);
	}
	source.text = yaml.data;
	source.len = yaml.len;
	cr_expect_eq(stack_bundle_collect(&source, &inner, &b, NULL, &r.report, &r.err), -EINVAL);
	cr_expect_not_null(strstr(r.err.message, "configs.c8 cannot be read"), "%s", r.err.message);
	free(big);
}
