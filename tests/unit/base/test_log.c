/* The structured log: lines are JSON off a terminal, hold their fields, and never block. */
#include "base/log.h"

#include <criterion/criterion.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "base/json.h"
#include "base/time.h"

static int out;

/* Standard error becomes a pipe whose reading end is `out`. */
static void redirect(void)
{
	int pipes[2];

	cr_assert_eq(pipe2(pipes, O_CLOEXEC | O_NONBLOCK), 0);
	cr_assert_geq(dup2(pipes[1], STDERR_FILENO), 0);
	close(pipes[1]);
	out = pipes[0];
	sp_log_open("test", SP_LOG_INFO);
}

static json_t *read_line(void)
{
	char text[8192];
	ssize_t n = read(out, text, sizeof(text));
	struct sp_err err = { 0 };
	json_t *j = NULL;

	cr_assert_gt(n, 0);
	cr_assert_eq(sp_json_parse(text, (size_t)n, &j, &err), 0, "%s", err.message);
	return j;
}

Test(log, a_line_holds_its_fields_by_type, .init = redirect)
{
	autojson json_t *j = NULL;

	sp_log(SP_LOG_WARN, "container.exit", SP_STR("id", "a \"quoted\"\n\x01"),
	       SP_INT("status", -9), SP_BOOL("oom", 1), SP_DURATION("ran", 12 * SP_NS_PER_S),
	       SP_SECRET("password"));
	j = read_line();
	cr_expect_str_eq(json_string_value(json_object_get(j, "event")), "container.exit");
	cr_expect_str_eq(json_string_value(json_object_get(j, "level")), "warn");
	cr_expect_str_eq(json_string_value(json_object_get(j, "id")), "a \"quoted\"\n\x01");
	cr_expect_eq(json_integer_value(json_object_get(j, "status")), -9);
	cr_expect(json_is_true(json_object_get(j, "oom")));
	cr_expect_str_eq(json_string_value(json_object_get(j, "ran")), "12s");
	cr_expect_str_eq(json_string_value(json_object_get(j, "password")), "[redacted]");
}

Test(log, lines_below_the_level_are_not_written, .init = redirect)
{
	char c;

	sp_log(SP_LOG_DEBUG, "quiet");
	cr_expect_eq(read(out, &c, 1), -1);
	cr_expect_eq(sp_log_level_parse("debug"), SP_LOG_DEBUG);
	cr_expect_eq(sp_log_level_parse("loud"), -1);
}

Test(log, a_full_pipe_drops_and_the_next_line_says_how_many, .init = redirect)
{
	static char sink[1 << 20];
	autojson json_t *j = NULL;

	for (int i = 0; i < 5000; i++)
		sp_log(SP_LOG_INFO, "flood", SP_INT("i", i));
	while (read(out, sink, sizeof(sink)) > 0)
		;
	sp_log(SP_LOG_INFO, "after");
	j = read_line();
	cr_expect_gt(json_integer_value(json_object_get(j, "dropped_lines")), 0);
}
