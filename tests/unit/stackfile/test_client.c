/* The client's resolver: the environment over `.env`, files relative to the stack file. */
#include "stackfile/client.h"

#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/path.h"
#include "reading.h"

static char directory[] = "/tmp/stackfile-client-XXXXXX";

static void put(const char *name, const char *text)
{
	autoclose int fd = open(directory, O_PATH | O_DIRECTORY | O_CLOEXEC);

	cr_assert_eq(sp_file_replace_at(fd, name, text, strlen(text), 0600, NULL), 0);
}

static void set_up(void)
{
	cr_assert_not_null(mkdtemp(directory));
}

static void tear_down(void)
{
	sp_remove_tree_at(AT_FDCWD, directory, NULL);
}

TestSuite(client, .init = set_up, .fini = tear_down);

static char shell_wins[] = "SHELL_WINS=shell", both[] = "BOTH=shell";
static char *const environ_of_test[] = { shell_wins, both, NULL };

static const struct stack_client_conf plain = { .directory = directory,
						.environ = environ_of_test };

Test(client, the_environment_wins_over_the_env_file)
{
	auto_(stack_client_free) struct stack_client *c = NULL;
	struct stack_report report = { 0 };
	struct stack_resolver r;
	struct sp_err err;

	put(".env", "BOTH=file\nFILE=file\nUSES=${SHELL_WINS}-${FILE}\n");
	cr_assert_eq(stack_client_new(&plain, &c, &report, &err), 0);
	r = stack_client_resolver(c);
	cr_expect_str_eq(r.variable(r.state, "BOTH"), "shell");
	cr_expect_str_eq(r.variable(r.state, "FILE"), "file");
	cr_expect_str_eq(r.variable(r.state, "USES"), "shell-file");
	cr_expect_null(r.variable(r.state, "NONE"));
}

Test(client, no_env_file_is_fine_but_a_named_one_must_be_there)
{
	static char prod[] = "prod.env";
	static char *const named[] = { prod, NULL };
	struct stack_client_conf conf = plain;
	struct stack_client *c = NULL;
	struct stack_report report = { 0 };
	struct sp_err err;

	cr_assert_eq(stack_client_new(&plain, &c, &report, &err), 0);
	stack_client_free(c);
	c = NULL;
	conf.env_files = named;
	cr_expect_eq(stack_client_new(&conf, &c, &report, &err), -ENOENT);
	cr_expect_null(c);
	cr_expect_not_null(strstr(err.message, "prod.env"), "%s", err.message);
}

Test(client, a_broken_env_file_is_refused_with_its_line)
{
	struct stack_client *c = NULL;
	struct stack_report report = { 0 };
	struct sp_err err;

	put(".env", "A=1\nnot a line\n");
	cr_expect_eq(stack_client_new(&plain, &c, &report, &err), -EINVAL);
	cr_expect_null(c);
	cr_expect_str_eq(err.message, ".env:2:1: error: has a line that is not NAME=value");
	stack_report_fini(&report);
}

Test(client, files_are_relative_to_the_stack_file_and_of_bounded_size)
{
	auto_(stack_client_free) struct stack_client *c = NULL;
	struct stack_report report = { 0 };
	autobuf struct sp_buf text = { 0 };
	char *big = calloc(1, STACK_FILE_MAX + 2);
	struct stack_resolver r;
	struct sp_err err;

	put("a.txt", "hello");
	memset(big, 'x', STACK_FILE_MAX + 1);
	put("big", big);
	cr_assert_eq(stack_client_new(&plain, &c, &report, &err), 0);
	r = stack_client_resolver(c);
	cr_assert_eq(r.file(r.state, "./a.txt", &text, &err), 0);
	cr_expect_str_eq(text.data, "hello");
	cr_expect_eq(r.file(r.state, "none", &text, &err), -ENOENT);
	cr_expect_eq(err.code, SP_E_NOT_FOUND);
	cr_expect_eq(r.file(r.state, "big", &text, &err), -E2BIG);
	free(big);
}
