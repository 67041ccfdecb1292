/* Replies as a client takes them apart: heads, framings of bodies, and the URLs that lead there. */
#include "base/httpc_impl.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <string.h>

#include "base/mem.h"

static ssize_t parse(const char *text, struct httpc_head *ret)
{
	const char *reason;

	return httpc_head_parse(text, strlen(text), ret, &reason);
}

Test(httpc_head, says_what_frames_the_body)
{
	static const struct {
		const char *text;
		struct httpc_head want;
	} rows[] = {
		{ "HTTP/1.1 200 OK\r\n\r\n", { .status = 200 } },
		{ "HTTP/1.1 204\r\n\r\n", { .status = 204 } },
		{ "HTTP/1.1 200 OK\n\n", { .status = 200 } },
		{ "HTTP/1.0 200 OK\r\n\r\n", { .status = 200, .close = true } },
		{ "HTTP/1.1 404 Not Found\r\nContent-Length: 12\r\n\r\n",
		  { .status = 404, .has_length = true, .length = 12 } },
		{ "HTTP/1.1 200 OK\r\ncontent-length:7 \r\nContent-Length: 7\r\n\r\n",
		  { .status = 200, .has_length = true, .length = 7 } },
		{ "HTTP/1.1 200 OK\r\nTransfer-Encoding: Chunked\r\n\r\n",
		  { .status = 200, .chunked = true } },
		{ "HTTP/1.1 200 OK\r\nConnection: Keep-Alive, CLOSE\r\n\r\n",
		  { .status = 200, .close = true } },
		{ "HTTP/1.1 200 OK\r\nContent-Type: text/plain; a=b\r\nX:\r\n\r\n",
		  { .status = 200, .content_type = "text/plain; a=b" } },
	};

	for (size_t i = 0; i < SP_COUNT(rows); i++) {
		struct httpc_head h;

		cr_expect_eq(parse(rows[i].text, &h), (ssize_t)strlen(rows[i].text), "%zu", i);
		cr_expect_eq(h.status, rows[i].want.status, "%zu", i);
		cr_expect_eq(h.has_length, rows[i].want.has_length, "%zu", i);
		cr_expect_eq(h.length, rows[i].want.length, "%zu", i);
		cr_expect_eq(h.chunked, rows[i].want.chunked, "%zu", i);
		cr_expect_eq(h.close, rows[i].want.close, "%zu", i);
		cr_expect_str_eq(h.content_type, rows[i].want.content_type);
	}
}

Test(httpc_head, is_not_there_before_its_empty_line)
{
	static const char text[] = "HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\n";
	struct httpc_head h;
	const char *reason;

	for (size_t n = 0; n < strlen(text); n++)
		cr_expect_eq(httpc_head_parse(text, n, &h, &reason), 0, "%zu", n);
	cr_expect_eq(parse(text, &h), (ssize_t)strlen(text));
}

Test(httpc_head, that_is_no_head_is_refused)
{
	static const char *const rows[] = {
		"\r\n\r\n",
		"hello\r\n",
		"HTTP/2 200 OK\r\n",
		"HTTP/1.1 2x0 OK\r\n",
		"HTTP/1.1 099 OK\r\n",
		"HTTP/1.1 600 OK\r\n",
		"HTTP/1.1 2000 OK\r\n",
		"HTTP/1.1  200 OK\r\n",
		"HTTP/1.1 200 OK\r\nno colon\r\n",
		"HTTP/1.1 200 OK\r\n: empty\r\n",
		"HTTP/1.1 200 OK\r\nA : b\r\n",
		"HTTP/1.1 200 OK\r\nA: b\r\n folded\r\n",
		"HTTP/1.1 200 OK\r\nContent-Length: -1\r\n",
		"HTTP/1.1 200 OK\r\nContent-Length: +1\r\n",
		"HTTP/1.1 200 OK\r\nContent-Length:\r\n",
		"HTTP/1.1 200 OK\r\nContent-Length: 0x10\r\n",
		"HTTP/1.1 200 OK\r\nContent-Length: 5, 5\r\n",
		"HTTP/1.1 200 OK\r\nContent-Length: 99999999999999999999\r\n",
		"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 6\r\n",
		"HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n",
		"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n",
		"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n",
	};
	struct httpc_head h;
	const char *reason;

	for (size_t i = 0; i < SP_COUNT(rows); i++) {
		cr_expect_eq(httpc_head_parse(rows[i], strlen(rows[i]), &h, &reason), -EBADMSG,
			     "%zu", i);
		cr_expect_not_null(reason, "%zu", i);
	}
	cr_expect_eq(httpc_head_parse("HTTP/1.1 200 OK\r\nA: \0\r\n", 23, &h, &reason), -EBADMSG);
}

Test(httpc_head, without_end_is_too_large)
{
	static char text[HTTPC_HEAD_MAX];
	struct httpc_head h;
	const char *reason;

	memset(text, 'a', sizeof(text));
	memcpy(text, "HTTP/1.1 200 OK\r\nA: ", 20);
	cr_expect_eq(httpc_head_parse(text, sizeof(text) - 1, &h, &reason), 0);
	cr_expect_eq(httpc_head_parse(text, sizeof(text), &h, &reason), -E2BIG);
}

/* The body within text, fed in pieces of `piece` bytes; -errno when it is refused. */
static ssize_t unframe(struct httpc_body *b, const char *text, size_t piece, char *out)
{
	size_t len = strlen(text), got = 0;

	for (size_t at = 0; at < len && b->part != HTTPC_BODY_END;) {
		size_t n = len - at < piece ? len - at : piece, body;
		ssize_t used = httpc_body_take(b, text + at, n, &body);

		if (used < 0)
			return used;
		at += (size_t)used;
		memcpy(out + got, text + at - body, body);
		got += body;
	}
	out[got] = '\0';
	return (ssize_t)got;
}

Test(httpc_body, comes_out_of_its_framing_however_it_is_cut)
{
	static const struct {
		struct httpc_head head;
		const char *text, *want;
		enum httpc_body_part end;
	} rows[] = {
		{ { .status = 200, .has_length = true, .length = 5 },
		  "hello rest",
		  "hello",
		  HTTPC_BODY_END },
		{ { .status = 200, .has_length = true, .length = 9 },
		  "hello",
		  "hello",
		  HTTPC_BODY_LENGTH },
		{ { .status = 200, .has_length = true }, "rest", "", HTTPC_BODY_END },
		{ { .status = 204 }, "rest", "", HTTPC_BODY_END },
		{ { .status = 304, .has_length = true, .length = 5 }, "rest", "", HTTPC_BODY_END },
		{ { .status = 200 }, "all of it", "all of it", HTTPC_BODY_TO_END },
		{ { .status = 200, .chunked = true },
		  "5\r\nhello\r\n6\r\n world\r\n0\r\n\r\nrest",
		  "hello world",
		  HTTPC_BODY_END },
		{ { .status = 200, .chunked = true },
		  "00A;x=\"y\"\r\n0123456789\r\n0 \r\nTrailer: x\r\n\r\n",
		  "0123456789",
		  HTTPC_BODY_END },
		{ { .status = 200, .chunked = true }, "1\na\n0\n\n", "a", HTTPC_BODY_END },
		{ { .status = 200, .chunked = true }, "5\r\nhel", "hel", HTTPC_BODY_CHUNK },
	};

	for (size_t i = 0; i < SP_COUNT(rows); i++) {
		for (size_t piece = 1; piece <= strlen(rows[i].text); piece++) {
			struct httpc_body b;
			char out[128];

			httpc_body_init(&b, &rows[i].head);
			cr_expect_geq(unframe(&b, rows[i].text, piece, out), 0, "%zu", i);
			cr_expect_str_eq(out, rows[i].want);
			cr_expect_eq(b.part, rows[i].end, "%zu by %zu", i, piece);
		}
	}
}

Test(httpc_body, of_chunks_that_are_none_is_refused)
{
	static const char *const rows[] = {
		"\r\n",    "x\r\n",           "-1\r\n",
		"g\r\n",   "5x\r\nhello\r\n", ";\r\n",
		"1\r\nab", "1\r\na\rb",       "ffffffffffffffffff\r\n",
	};
	struct httpc_head head = { .status = 200, .chunked = true };

	for (size_t i = 0; i < SP_COUNT(rows); i++) {
		struct httpc_body b;
		char out[128];

		httpc_body_init(&b, &head);
		cr_expect_eq(unframe(&b, rows[i], 100, out), -EBADMSG, "%zu", i);
	}
}

Test(httpc_body, has_no_trailers_or_extensions_without_end)
{
	static char text[2 * HTTPC_HEAD_MAX], out[128];
	struct httpc_head head = { .status = 200, .chunked = true };
	struct httpc_body b;

	memset(text, 'a', sizeof(text) - 1);
	memcpy(text, "0\r\nX: ", 6);
	httpc_body_init(&b, &head);
	cr_expect_eq(unframe(&b, text, 100, out), -EBADMSG);
	memcpy(text, "1;a=b ", 6);
	httpc_body_init(&b, &head);
	cr_expect_eq(unframe(&b, text, 100, out), -EBADMSG);
}

/* What frames each chunk does not add up: a stream of them may go on for ever. */
Test(httpc_body, may_have_any_number_of_chunks)
{
	struct httpc_head head = { .status = 200, .chunked = true };
	struct httpc_body b;
	char out[16];

	httpc_body_init(&b, &head);
	for (int i = 0; i < HTTPC_HEAD_MAX; i++)
		cr_assert_eq(unframe(&b, "1;x=y\r\na\r\n", 100, out), 1);
}

Test(httpc_url, is_taken_apart)
{
	static const struct {
		const char *text, *host, *port, *authority, *prefix;
		bool tls;
	} rows[] = {
		{ "http://localhost", "localhost", "80", "localhost", "", false },
		{ "https://a.example", "a.example", "443", "a.example", "", true },
		{ "https://10.0.0.1:7700", "10.0.0.1", "7700", "10.0.0.1:7700", "", true },
		{ "http://[fd00::1]:80/x/y", "fd00::1", "80", "[fd00::1]:80", "/x/y", false },
		{ "http://[::1]", "::1", "80", "[::1]", "", false },
	};

	for (size_t i = 0; i < SP_COUNT(rows); i++) {
		struct httpc_url u;

		cr_assert_eq(httpc_url_parse(rows[i].text, &u, NULL), 0, "%zu", i);
		cr_expect_str_eq(u.host, rows[i].host);
		cr_expect_str_eq(u.port, rows[i].port);
		cr_expect_str_eq(u.authority, rows[i].authority);
		cr_expect_str_eq(u.prefix, rows[i].prefix);
		cr_expect_eq(u.tls, rows[i].tls);
	}
}

Test(httpc_url, that_cannot_be_asked_is_refused)
{
	static const char *const rows[] = {
		"",
		"localhost",
		"ftp://localhost",
		"http://",
		"http://:80",
		"http://a:",
		"http://a:x",
		"http://a:65536",
		"http://a:1:2",
		"http://[::1",
		"http://[::1]x",
		"http://a b",
		"http://a\r\nX: y",
		"http://user:secret@a",
		"http://a/?q=1",
	};

	for (size_t i = 0; i < SP_COUNT(rows); i++) {
		struct sp_err err = { 0 };
		struct httpc_url u;

		cr_expect_eq(httpc_url_parse(rows[i], &u, &err), -EINVAL, "%s", rows[i]);
		cr_expect_null(strstr(err.message, "secret"));
	}
}
