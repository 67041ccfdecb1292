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

Test(failure, what_the_message_tells_itself_is_not_told_twice)
{
	static const struct {
		struct wire_failure f;
		const char *text;
	} rows[] = {
		{ { .err = { .stage = SP_STAGE_STORE, .message = "store: gone" } },
		  "error: store: gone\n" },
		{ { .err = { .stage = SP_STAGE_STORE, .message = "stored it" } },
		  "error: store: stored it\n" },
		{ { .err = { .stage = SP_STAGE_LOCK, .message = "'shop' is locked" },
		    .resource = "shop" },
		  "error: lock: 'shop' is locked\n" },
		{ { .err = { .message = "there is no node 'w1'" }, .node = "w1" },
		  "error: there is no node 'w1'\n" },
		{ { .err = { .message = "no" }, .node = "w1" }, "error: on w1: no\n" },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		char *text = print(&rows[i].f);

		cr_expect_str_eq(text, rows[i].text);
		free(text);
	}
}

Test(failure, tries_that_only_a_time_bounds_have_a_number_and_no_last)
{
	struct wire_failure f = { .err = { .stage = SP_STAGE_PULL, .message = "no" },
				  .attempt = 7 };
	char *text = print(&f);

	cr_expect_str_eq(text, "error: pull, attempt 7: no\n");
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
