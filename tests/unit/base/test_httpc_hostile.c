/* The HTTP client and servers whose replies are none, or not to be believed. */
#include "tests/unit/base/httpc_script.h"

Test(httpc_hostile, replies_of_every_framing_arrive_byte_by_byte)
{
	static const struct {
		const char *reply, *want;
	} rows[] = {
		{ HEAD "Content-Length: 5\r\n\r\nhello", "hello" },
		{ HEAD "Transfer-Encoding: chunked\r\n\r\n2\r\nhe\r\n3;x\r\nllo\r\n0\r\n\r\n",
		  "hello" },
		{ HEAD "\r\nhello", "hello" },
		{ "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nA: b\r\n\r\n" HEAD
		  "Content-Length: 2\r\n\r\nhi",
		  "hi" },
	};

	for (size_t i = 0; i < SP_COUNT(rows); i++) {
		struct act act = { .replies = { rows[i].reply }, .slowly = true };

		begin(&act, 1);
		cr_expect_eq(get(), 200, "%zu: %s", i, err.message);
		cr_expect_str_eq(body, rows[i].want);
		end();
	}
}

Test(httpc_hostile, what_is_no_reply_is_an_error_that_says_why)
{
	static const struct {
		const char *reply, *said;
	} rows[] = {
		{ "", "closed before the reply's end" },
		{ "HTTP/1.1 200 OK\r\nContent-", "closed before the reply's end" },
		{ HEAD "Content-Length: 6\r\n\r\nhello", "closed before the reply's end" },
		{ HEAD "Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n",
		  "closed before the reply's end" },
		{ HEAD "Transfer-Encoding: chunked\r\n\r\nzz\r\n", "its chunks are no chunks" },
		{ "SSH-2.0-OpenSSH_9.2\r\n", "does not begin as a reply" },
		{ HEAD "Content-Length: 1\r\nContent-Length: 2\r\n\r\na", "two lengths" },
		{ "HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\n\r\n", "unasked" },
	};

	for (size_t i = 0; i < SP_COUNT(rows); i++) {
		struct act act = { .replies = { rows[i].reply } };

		begin(&act, 1);
		cr_expect_eq(get(), -EHOSTUNREACH, "%zu", i);
		cr_expect(strstr(err.message, rows[i].said), "%zu: %s", i, err.message);
		cr_expect(strstr(err.message, script.path), "%zu: %s", i, err.message);
		end();
	}
}

Test(httpc_hostile, a_head_without_end_is_not_kept)
{
	static char reply[100000];
	struct act act = { .replies = { reply } };

	memset(reply, 'a', sizeof(reply) - 1);
	memcpy(reply, HEAD "A: ", strlen(HEAD "A: "));
	begin(&act, 1);
	cr_expect_eq(get(), -E2BIG, "%s", err.message);
	end();
}

Test(httpc_hostile, a_kept_connection_that_was_closed_is_made_anew)
{
	static const char reply[] = HEAD "Content-Length: 2\r\n\r\nhi";
	const struct act acts[] = { { .replies = { reply, reply } }, { .replies = { reply } } };

	begin(acts, SP_COUNT(acts));
	for (int i = 0; i < 3; i++)
		cr_expect_eq(get(), 200, "%d: %s", i, err.message);
	cr_expect_eq(script.connections, 2);
	cr_expect_eq(script.requests, 3);
	end();
}

/* The server had begun to answer: asking once more could do the same thing twice. */
Test(httpc_hostile, a_reply_that_broke_off_is_not_asked_for_again)
{
	const struct act acts[] = { { .replies = { HEAD "Content-Length: 2\r\n\r\nhi", "HTTP/" } },
				    { .replies = { HEAD "Content-Length: 2\r\n\r\nno" } } };

	begin(acts, SP_COUNT(acts));
	cr_expect_eq(get(), 200);
	cr_expect_eq(get(), -EHOSTUNREACH, "%s", err.message);
	cr_expect_eq(script.requests, 2);
	end();
}

/* Bytes that nobody asked for would be taken for the next reply. */
Test(httpc_hostile, what_follows_a_reply_is_not_the_next_one)
{
	static const char reply[] = HEAD "Content-Length: 2\r\n\r\nhi";
	const struct act acts[] = {
		{ .replies = { HEAD "Content-Length: 2\r\n\r\nhi" HEAD
				    "Content-Length: 4\r\n\r\nevil" },
		  .stays = true },
		{ .replies = { reply } },
	};

	begin(acts, SP_COUNT(acts));
	cr_expect_eq(get(), 200);
	cr_expect_eq(get(), 200, "%s", err.message);
	cr_expect_str_eq(body, "hi");
	end();
}

static int upload(uint64_t len)
{
	FILE *f = tmpfile();
	int r;

	cr_assert_eq(ftruncate(fileno(f), 32 << 20), 0);
	r = sp_httpc_upload(http, "PUT", "/", fileno(f), len, NULL, &err);
	fclose(f);
	return r;
}

/* It reads the head and nothing of the body; with 5 bytes there is nothing left to refuse. */
Test(httpc_hostile, a_refusal_before_the_body_is_heard)
{
	static const uint64_t sizes[] = { 5, 900000, 32 << 20 };

	for (size_t i = 0; i < SP_COUNT(sizes); i++) {
		const struct act act = {
			.replies = { "HTTP/1.1 413 No\r\nContent-Length: 54\r\n\r\n"
				     "{\"error\":{\"code\":\"too_large\",\"message\":\"not so much\"}}" },
			.stays = true
		};

		begin(&act, 1);
		cr_expect_eq(upload(sizes[i]), -E2BIG, "%s", err.message);
		cr_expect_str_eq(err.message, "not so much");
		end();
	}
}

Test(httpc_hostile, a_file_that_ends_early_is_not_sent_as_whole)
{
	const struct act act = { .replies = { "HTTP/1.1 100 Continue\r\n\r\n" }, .stays = true };

	begin(&act, 1);
	cr_expect_eq(upload(33 << 20), -EBADMSG, "%s", err.message);
	end();
}

Test(httpc_hostile, nothing_can_be_smuggled_into_a_request)
{
	const struct act act = { .replies = { HEAD "\r\n" } };

	begin(&act, 1);
	cr_expect_eq(sp_httpc_header(http, "A", "b\r\nC: d", &err), -EINVAL);
	cr_expect_eq(sp_httpc_json(http, "GET", "/ HTTP/1.1\r\nA: b", NULL, NULL, &err), -EINVAL);
	cr_expect_eq(sp_httpc_json(http, "GET /", "/", NULL, NULL, &err), -EINVAL);
	cr_expect_eq(script.requests, 0);
	end();
}

/* The server hears the second request, and closes instead of a reply. */
Test(httpc_hostile, a_request_that_was_sent_again_with_success_leaves_no_error)
{
	static const char reply[] = HEAD "Content-Length: 2\r\n\r\nhi";
	const struct act acts[] = { { .replies = { reply, "" } }, { .replies = { reply } } };

	begin(acts, SP_COUNT(acts));
	cr_expect_eq(get(), 200, "%s", err.message);
	cr_expect_eq(get(), 200, "%s", err.message);
	cr_expect_eq(script.requests, 3);
	cr_expect_eq(err.code, SP_E_OK);
	cr_expect_str_empty(err.message);
	end();
}

Test(httpc_hostile, interim_replies_without_end_are_no_http)
{
	const struct act act = { .replies = { "HTTP/1.1 103 Early\r\n\r\n" },
				 .flood = "HTTP/1.1 103 Early\r\n\r\n" };

	for (int i = 0; i < 2; i++) {

		begin(&act, 1);
		cr_expect_eq(i ? upload(32 << 20) : get(), -EHOSTUNREACH);
		cr_expect(strstr(err.message, "no end of interim replies"), "%s", err.message);
		cr_expect_eq(script.connections, 1);
		end();
	}
}
