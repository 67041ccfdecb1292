/* Env files: comments, quotes, export, variables, and the place of what is wrong. */
#include "reading.h"

static const struct given variables[] = { { "CLIENT", "from client" }, { NULL, NULL } };

/* The service's environment after reading text as its env_file, joined by '|'. */
static void expect(const char *text, const char *joined)
{
	const struct given files[] = { { "a.env", text }, { NULL, NULL } };
	autoreading struct reading r = { .variables = variables, .files = files };
	autobuf struct sp_buf out = { 0 };
	char **e;

	cr_accepted_service(&r, "    env_file: a.env\n");
	e = r.stack->services[0].environment;
	for (size_t i = 0; e && e[i]; i++)
		sp_buf_printf(&out, "%s%s", i ? "|" : "", e[i]);
	cr_expect_str_eq(out.data ? out.data : "", joined, "%s", text);
}

Test(env_file, reads_every_kind_of_line)
{
	expect("", "");
	expect("\n# comment\n  # another\n", "");
	expect("A=1", "A=1");
	expect("A=1\nB=2\n", "A=1|B=2");
	expect("A=1\r\nB=2\r\n", "A=1|B=2");
	expect("export A=1\nexport\tB=2", "A=1|B=2");
	expect("A = 1", "A=1");
	expect("A=", "A=");
	expect("A=a b  # comment", "A=a b");
	expect("A=a#b", "A=a#b");
	expect("A=#nothing", "A=");
	expect("A=x=y", "A=x=y");
	expect("A=1\nA=2", "A=2");
	expect("\xEF\xBB\xBF"
	       "A=1",
	       "A=1");
}

Test(env_file, reads_quotes)
{
	expect("A='$CLIENT \\n #x'", "A=$CLIENT \\n #x");
	expect("A=\"a\\tb\\\"c\\\\d\"", "A=a\tb\"c\\d");
	expect("A=\"two\nlines\"\nB=1", "A=two\nlines|B=1");
	expect("A='two\nlines' # comment", "A=two\nlines");
	expect("A=\"\\$CLIENT\"", "A=$CLIENT");
	expect("A=it's", "A=it's");
}

Test(env_file, looks_variables_up_in_the_client_and_in_the_lines_above)
{
	expect("A=$CLIENT", "A=from client");
	expect("A=1\nB=${A}2", "A=1|B=12");
	expect("CLIENT=mine\nB=\"$CLIENT\"", "B=from client|CLIENT=mine");
	expect("B=${NONE:-default}", "B=default");
	expect("CLIENT\nNONE", "CLIENT=from client");
}

Test(env_file, tells_the_line_of_what_is_wrong)
{
	static const struct {
		const char *text, *line;
	} cases[] = {
		{ "A=1\nB C=2", "a.env:2:1: error: has a line that is not NAME=value" },
		{ "A=1\n\n  =2", "a.env:3:3: error: has a line that is not NAME=value" },
		{ "A=1\nB=\"open\n\n", "a.env:2:3: error: has a quote that is not closed" },
		{ "A=\"x\" y", "a.env:1:7: error: has text after the closing quote" },
		{ "A=\"x\ny\" z\nB", "a.env:2:4: error: has text after the closing quote" },
		{ "A=1\nB=${A",
		  "a.env:2:1: error: has a '$' that starts no variable, or a required one that is "
		  "not set" },
		{ "A=${B:?}",
		  "a.env:1:1: error: has a '$' that starts no variable, or a required one that is "
		  "not set" },
	};

	for (size_t i = 0; i < SP_COUNT(cases); i++) {
		const struct given files[] = { { "a.env", cases[i].text }, { NULL, NULL } };
		autoreading struct reading r = { .files = files };

		read_text_of(&r, "services: {web: {image: x, env_file: a.env}}");
		cr_expect_eq(r.result, -EINVAL);
		cr_said(&r.report, cases[i].line, cases[i].text);
	}
}

Test(env_file, may_be_a_list_and_a_later_one_wins)
{
	static const struct given files[] = { { "a.env", "A=1\nB=1" },
					      { "b.env", "B=2\nC=2" },
					      { NULL, NULL } };
	autoreading struct reading r = { .files = files };
	char **e;

	cr_accepted_service(&r, "    env_file:\n"
				"      - a.env\n"
				"      - {path: b.env}\n"
				"      - {path: c.env, required: false}\n"
				"    environment: {C: 3}\n");
	e = r.stack->services[0].environment;
	cr_assert_eq(sp_strv_count(e), 3);
	cr_expect_str_eq(e[0], "A=1");
	cr_expect_str_eq(e[1], "B=2");
	cr_expect_str_eq(e[2], "C=3");
}
