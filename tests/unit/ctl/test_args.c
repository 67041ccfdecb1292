/* The command line: flags in all their spellings, what is refused, what is suggested. */
#include "ctl/args.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <string.h>

#include "base/mem.h"
#include "ctl/commands.h"

static int parse(struct ctl_args *a, const struct ctl_command *c, const char *const *words,
		 size_t n, struct sp_err *err)
{
	int r;

	*a = (struct ctl_args){ 0 };
	r = ctl_args_parse(a, c, (char *const *)words, n, err);
	return r < 0 ? r : ctl_args_check(a, err);
}

#define PARSE(a, c, err, ...)                                   \
	parse(a, &ctl_cmd_##c, (const char *[]){ __VA_ARGS__ }, \
	      sizeof((const char *[]){ __VA_ARGS__ }) / sizeof(char *), err)

Test(args, a_value_may_stand_behind_an_equal_sign_a_blank_or_its_letter)
{
	static const char *const spellings[][3] = {
		{ "-o", "json" }, { "-ojson" }, { "--output", "json" }, { "--output=json" }
	};
	struct ctl_args a;

	for (size_t i = 0; i < SP_COUNT(spellings); i++) {
		size_t n = spellings[i][1] ? 2 : 1;

		cr_assert_eq(parse(&a, &ctl_cmd_ps, spellings[i], n, NULL), 0);
		cr_expect_str_eq(ctl_flag_str(&a, "output"), "json");
		ctl_args_fini(&a);
	}
}

Test(args, letters_stand_together_and_flags_behind_arguments)
{
	struct ctl_args a;

	cr_assert_eq(PARSE(&a, exec, NULL, "w", "-it", "--", "sh", "-c", "ls"), 0);
	cr_expect(ctl_flag_on(&a, "interactive"));
	cr_expect(ctl_flag_on(&a, "tty"));
	cr_expect_eq(a.n_positional, 4);
	cr_expect_str_eq(a.positional[2], "-c");
	ctl_args_fini(&a);
}

Test(args, a_command_for_a_container_keeps_its_own_flags)
{
	struct ctl_args a;

	cr_assert_eq(PARSE(&a, exec, NULL, "-i", "w", "ls", "-t"), 0);
	cr_expect_not(ctl_flag_on(&a, "tty"));
	cr_expect_str_eq(a.positional[2], "-t");
	ctl_args_fini(&a);
}

Test(args, a_flag_that_repeats_keeps_every_value)
{
	struct ctl_args a;

	cr_assert_eq(PARSE(&a, exec, NULL, "-e", "A=1", "--env=B=2", "w", "env"), 0);
	cr_expect_str_eq(ctl_flag_nth(&a, "env", 0), "A=1");
	cr_expect_str_eq(ctl_flag_nth(&a, "env", 1), "B=2");
	cr_expect_null(ctl_flag_nth(&a, "env", 2));
	ctl_args_fini(&a);
}

Test(args, numbers_and_durations_are_checked_while_parsing)
{
	struct sp_err err = { 0 };
	struct ctl_args a;

	cr_assert_eq(PARSE(&a, logs, NULL, "-n", "20", "db"), 0);
	cr_expect_eq(ctl_flag_int(&a, "tail", -1), 20);
	ctl_args_fini(&a);
	cr_assert_eq(PARSE(&a, node_token, NULL, "--ttl", "1m30s"), 0);
	cr_expect_eq(ctl_flag_int(&a, "ttl", 0), INT64_C(90000000000));
	ctl_args_fini(&a);
	cr_expect_eq(PARSE(&a, logs, &err, "-n", "x", "db"), -EINVAL);
	cr_expect_eq(err.stage, SP_STAGE_CLIENT);
	ctl_args_fini(&a);
	cr_expect_eq(PARSE(&a, node_token, NULL, "--ttl", "10"), -EINVAL);
	ctl_args_fini(&a);
}

Test(args, what_does_not_fit_the_row_is_refused_with_a_reason)
{
	static const struct {
		const struct ctl_command *c;
		const char *words[3];
		const char *says;
	} bad[] = {
		{ &ctl_cmd_ps, { "--outptu" }, "did you mean '--output'" },
		{ &ctl_cmd_ps, { "-q" }, "unknown flag '-q'" },
		{ &ctl_cmd_ps, { "-o", "xml" }, "'xml' is not one of" },
		{ &ctl_cmd_ps, { "-o" }, "no value for flag 'output'" },
		{ &ctl_cmd_ps, { "-ojson", "-oyaml" }, "given twice" },
		{ &ctl_cmd_ps, { "a", "b" }, "unexpected argument 'b'" },
		{ &ctl_cmd_logs, { "--follow=1" }, "takes no value" },
		{ &ctl_cmd_logs, { NULL }, "needs WORKLOAD|SERVICE..." },
	};

	for (size_t i = 0; i < SP_COUNT(bad); i++) {
		struct sp_err err = { 0 };
		struct ctl_args a;
		size_t n = 0;

		while (n < 3 && bad[i].words[n])
			n++;
		cr_expect_eq(parse(&a, bad[i].c, bad[i].words, n, &err), -EINVAL);
		cr_expect(strstr(err.message, bad[i].says), "%s", err.message);
		cr_expect_eq(err.stage, SP_STAGE_CLIENT);
		ctl_args_fini(&a);
	}
}

static const struct ctl_command *find(const char *first, const char *second, size_t *used,
				      struct sp_err *err)
{
	const char *words[] = { first, second };

	return ctl_command_find((char *const *)words, second ? 2 : 1, used, err);
}

Test(args, a_command_is_found_by_its_longest_name)
{
	struct sp_err err = { 0 };
	size_t used = 0;

	cr_expect_eq(find("node", "ls", &used, NULL), &ctl_cmd_node_ls);
	cr_expect_eq(used, 2);
	cr_expect_eq(find("ps", "demo", &used, NULL), &ctl_cmd_ps);
	cr_expect_eq(used, 1);
	cr_expect_null(find("depoly", NULL, &used, &err));
	cr_expect(strstr(err.message, "did you mean 'deploy'?"), "%s", err.message);
	cr_expect_null(find("node", NULL, &used, &err));
	cr_expect(strstr(err.message, "ls, show, token, rm"), "%s", err.message);
	cr_expect_null(find("node", "lss", &used, &err));
}

Test(args, global_flags_stand_before_the_command_too)
{
	const char *list[] = { "--context", "c.json", "ps" };
	char *const *words = (char *const *)list;
	struct ctl_args a = { 0 };

	cr_assert_eq(ctl_args_leading(&a, words, 3, NULL), 2);
	cr_assert_eq(ctl_args_parse(&a, &ctl_cmd_ps, words + 3, 0, NULL), 0);
	cr_expect_str_eq(ctl_flag_str(&a, "context"), "c.json");
	ctl_args_fini(&a);
}

Test(args, every_row_of_the_table_is_complete_and_no_two_flags_share_a_letter)
{
	for (size_t i = 0; ctl_commands[i]; i++) {
		const struct ctl_command *c = ctl_commands[i];
		char seen[256] = "h";

		cr_expect(c->name && c->args && c->summary && c->run, "%s", c->name);
		cr_expect(c->args_min <= c->args_max, "%s", c->name);
		for (const struct ctl_flag *f = c->flags; f && f->name; f++) {
			cr_expect_not_null(f->help, "%s --%s", c->name, f->name);
			cr_expect(f->type == CTL_STRING || f->type == CTL_CHOICE
					  ? !!f->value
					  : f->type != CTL_BOOL || !f->value,
				  "%s --%s", c->name, f->name);
			if (!f->letter)
				continue;
			cr_expect_null(strchr(seen, f->letter), "%s -%c", c->name, f->letter);
			seen[strlen(seen)] = f->letter;
		}
	}
}
