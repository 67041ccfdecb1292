/* Failures for people, and request paths from people. */
#include "ctl/failure.h"

#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

#include "ctl/url.h"

static char *print(const struct wire_failure *f)
{
	char *text = NULL;
	size_t len;
	FILE *out = tmpfile();

	cr_assert_not_null(out);
	ctl_failure_print(f, out);
	len = (size_t)ftell(out);
	rewind(out);
	text = calloc(1, len + 1);
	cr_assert_eq(fread(text, 1, len, out), len);
	fclose(out);
	return text;
}

Test(failure, it_prints_where_why_the_evidence_and_what_to_do_next)
{
	struct wire_failure f = {
		.err = { .code = SP_E_UNHEALTHY,
			 .stage = SP_STAGE_START,
			 .message = "exited with status 1" },
		.node = "worker1",
		.resource = "demo-db-1",
		.attempt = 3,
		.attempts = 3,
		.evidence = "FATAL: no\nbye\033[2J\n",
		.next = "ctl logs demo-db-1",
	};
	char *text = print(&f);

	cr_expect_str_eq(
		text, "error: start of demo-db-1 on worker1, attempt 3 of 3: exited with status 1\n"
		      "    FATAL: no\n    bye?[2J\nnext: ctl logs demo-db-1\n");
	free(text);
}

Test(failure, the_clients_own_is_the_message_alone)
{
	struct wire_failure f = {
		.err = { .code = SP_E_INVALID, .stage = SP_STAGE_CLIENT, .message = "no" }
	};
	char *text = print(&f);

	cr_expect_str_eq(text, "error: no\n");
	free(text);
}

Test(url, what_people_type_cannot_change_the_path)
{
	autobuf struct sp_buf url = SP_BUF_INIT;

	sp_buf_puts(&url, "/v1/x/");
	ctl_url_put(&url, "../a?b#c d%\xc3\xa9");
	ctl_url_query(&url, "none", NULL);
	ctl_url_query(&url, "q", "a&b=c");
	ctl_url_query_int(&url, "n", -1);
	cr_expect_str_eq(url.data, "/v1/x/..%2Fa%3Fb%23c%20d%25%C3%A9?q=a%26b%3Dc&n=-1");
	sp_buf_clear(&url);
	ctl_url_put_rest(&url, "localhost:5000/a b@sha256:0");
	cr_expect_str_eq(url.data, "localhost:5000/a%20b@sha256:0");
}
