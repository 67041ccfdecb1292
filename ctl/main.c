/*
 * ctl: the client of StackPilot.
 *
 *   main        dispatch                        commands    the list of them, one cmd_<name>.c each
 *   args, flag  the command line                help, man, completion   made from the list
 *   ctl         one run: context, connection    context, netns   where controld is
 *   output, table, yaml, terminal   printing    failure, exit    errors for people and for scripts
 *   follow, progress   a running operation      logs, logline    container output
 *   exec_session       a command in a container verify*          proof from outside
 */
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "base/buf.h"
#include "base/mem.h"
#include "base/str.h"
#include "ctl/args.h"
#include "ctl/commands.h"
#include "ctl/completion.h"
#include "ctl/ctl.h"
#include "ctl/exit.h"
#include "ctl/failure.h"
#include "ctl/help.h"
#include "ctl/man.h"
#include "stackfile/reference.h"

static int complain(const struct wire_failure *fail)
{
	ctl_failure_print(fail, stderr);
	return ctl_exit_of(&fail->err);
}

/* Results that could not be written are a failure: `ctl ps >/dev/full`. */
static int flushed(int code)
{
	if (fflush(stdout) == 0 && !ferror(stdout))
		return code;
	fputs("error: writing the result failed\n", stderr);
	return code ? code : CTL_EXIT_FAILED;
}

static int run(const struct ctl_args *args, struct wire_failure *fail)
{
	struct ctl ctl = { .context_path = ctl_flag_str(args, "context") };
	int r = args->command->run(&ctl, args, fail);

	ctl_fini(&ctl);
	return flushed(r < 0 ? complain(fail) : r);
}

static int misuse(struct wire_failure *fail, const struct ctl_command *c)
{
	sp_err_at(&fail->err, SP_STAGE_CLIENT);
	ctl_fail_next(fail, "ctl %s%s--help", c ? c->name : "", c ? " " : "");
	return complain(fail);
}

static bool is_help(const char *word)
{
	return sp_str_eq(word, "--help") || sp_str_eq(word, "-h");
}

static int dispatch(struct ctl_args *args, char *const *words, size_t n, struct wire_failure *fail)
{
	size_t used = 0;
	const struct ctl_command *c;

	if (n == 2 && is_help(words[1]) && ctl_help_group(words[0], stdout))
		return flushed(CTL_EXIT_OK);
	c = ctl_command_find(words, n, &used, &fail->err);
	if (!c)
		return misuse(fail, NULL);
	if (ctl_args_parse(args, c, words + used, n - used, &fail->err) < 0)
		return misuse(fail, c);
	if (ctl_flag_on(args, "help")) {
		ctl_help_command(c, stdout);
		return flushed(CTL_EXIT_OK);
	}
	if (ctl_args_check(args, &fail->err) < 0)
		return misuse(fail, c);
	return run(args, fail);
}

static void man_stack_write(void)
{
	autobuf struct sp_buf page = SP_BUF_INIT;

	stack_reference_man(&page);
	fputs(page.data ? page.data : "", stdout);
}

/* For the build: `ctl --generate man|man-stack|completion`. */
static int generate(const char *what)
{
	if (sp_str_eq(what, "man"))
		ctl_man_write(stdout);
	else if (sp_str_eq(what, "man-stack"))
		man_stack_write();
	else if (sp_str_eq(what, "completion"))
		ctl_completion_write(stdout);
	else
		return CTL_EXIT_INVALID;
	return flushed(CTL_EXIT_OK);
}

/* `help`, `help GROUP`, `help CMD`, `--help` and nothing at all. */
static int help(char *const *words, size_t n, struct wire_failure *fail)
{
	const struct ctl_command *c;
	size_t used;

	if (n == 0) {
		ctl_help_all(stdout);
		return flushed(CTL_EXIT_OK);
	}
	if (n == 1 && ctl_help_group(words[0], stdout))
		return flushed(CTL_EXIT_OK);
	c = ctl_command_find(words, n, &used, &fail->err);
	if (!c)
		return misuse(fail, NULL);
	ctl_help_command(c, stdout);
	return flushed(CTL_EXIT_OK);
}

int main(int argc, char **argv)
{
	static const char *version[] = { "version", "--client" };
	struct wire_failure fail = { 0 };
	struct ctl_args args = { 0 };
	char **words = argv + 1;
	size_t n = argc > 0 ? (size_t)argc - 1 : 0;
	int code, leading;

	sigaction(SIGPIPE, &(struct sigaction){ .sa_handler = SIG_IGN }, NULL);
	if (n == 2 && !strcmp(words[0], "--generate"))
		return generate(words[1]);
	if (n == 1 && !strcmp(words[0], "--version")) {
		words = (char **)version;
		n = SP_COUNT(version);
	}
	leading = ctl_args_leading(&args, words, n, &fail.err);
	if (leading < 0)
		return misuse(&fail, NULL);
	words += leading;
	n -= (size_t)leading;
	if (n == 0 && !ctl_flag_on(&args, "help")) {
		ctl_help_all(stderr);
		return CTL_EXIT_INVALID;
	}
	if (n == 0 || !strcmp(words[0], "help"))
		code = help(words + (n > 0), n - (n > 0), &fail);
	else
		code = dispatch(&args, words, n, &fail);
	ctl_args_fini(&args);
	return code;
}
