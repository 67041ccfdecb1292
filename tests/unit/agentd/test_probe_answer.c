/* Probes: what an answer means. */
#include "agentd/probe.h"

#include "tests/unit/agentd/probe_test.h"

/* Ask a server that answers with reply once. */
static void ask_once(struct sp_loop *loop, struct wire_probe spec, struct server *s, struct told *t)
{
	server_open(s);
	spec.port = s->port;
	start(t, loop, &spec, PROBE_READINESS);
	run_until(loop, &t->any);
	probe_free(t->p);
	server_close(s);
}

struct answer_case {
	const char *reply;
	size_t len;
	bool stays, ok;
	const char *message;
};

#define REPLY(text) .reply = text, .len = sizeof(text) - 1

PROBE_TEST(an_http_answer_is_judged_by_its_status)
{
	static const struct answer_case table[] = {
		{ REPLY("HTTP/1.1 200 OK\r\n\r\n"), .ok = true, .message = "GET /ready: 200" },
		{ REPLY("HTTP/1.1 200 OK\r\n"), .stays = true, .ok = true, .message = "200" },
		{ REPLY("HTTP/1.0 302 Found\r\n\r\n"), .ok = true, .message = "302" },
		{ REPLY("HTTP/1.1 404 Not Found\r\n\r\n"), .message = "GET /ready: 404" },
		{ REPLY("HTTP/1.1 503 No\r\n\r\ndatabase\nis \x1b[1mdown\n"),
		  .message = "GET /ready: 503: database is  [1mdown" },
		{ REPLY("HTTP/1.1 503 No\r\nContent-Length: 4\r\n\r\ndown"), .stays = true,
		  .message = "503: down" },
		{ REPLY("HTTP/1.1 500 No\r\n\r\nand never closed"), .stays = true,
		  .message = "500: and never closed" },
		{ REPLY("SSH-2.0-OpenSSH_9.2\r\n"), .message = "not an HTTP reply: SSH-2.0" },
		{ REPLY(""), .message = "not an HTTP reply: closed at once" },
		{ REPLY(""), .stays = true, .message = "no answer within 300ms" },
		{ REPLY("HTTP/1.1 2"), .message = "not an HTTP reply" },
		{ REPLY("HTTP/1.1 9x9 what\r\n"), .message = "not an HTTP reply" },
	};

	for (size_t i = 0; i < SP_COUNT(table); i++) {
		struct server s = { .reply = table[i].reply,
				    .len = table[i].len,
				    .stays = table[i].stays,
				    .speaks = true };
		struct wire_probe spec = spec_of(WIRE_PROBE_HTTP, 0);
		struct told t = { 0 };

		spec.path = (char *)"/ready";
		ask_once(loop, spec, &s, &t);
		cr_expect_eq(t.last.ok, table[i].ok, "case %zu: %s", i, t.last.message);
		cr_expect(strstr(t.last.message, table[i].message) != NULL, "case %zu: '%s'", i,
			  t.last.message);
		cr_expect(sp_str_starts(s.request, "GET /ready HTTP/1.1\r\nHost: 127.0.0.1:"));
	}
}

PROBE_TEST(an_endless_answer_is_cut_at_its_cap)
{
	static char endless[3 * PROBE_REPLY_MAX] = "HTTP/1.1 500 No\r\n\r\n";
	struct server s = {
		.reply = endless, .len = sizeof(endless), .stays = true, .speaks = true
	};
	struct told t = { 0 };

	memset(endless + 19, 'x', sizeof(endless) - 19);
	ask_once(loop, spec_of(WIRE_PROBE_HTTP, 0), &s, &t);
	cr_expect_not(t.last.ok);
	cr_expect_lt(strlen(t.last.message), PROBE_MESSAGE_MAX);
	cr_expect(sp_str_starts(t.last.message, "GET /: 500: xxxx"), "%s", t.last.message);
}

PROBE_TEST(a_tcp_probe_wants_a_connection_and_no_more)
{
	struct server s = { .len = 0, .stays = true };
	struct wire_probe spec = spec_of(WIRE_PROBE_TCP, 0);
	struct told t = { 0 };
	uint16_t port;

	ask_once(loop, spec, &s, &t);
	cr_expect(t.last.ok, "%s", t.last.message);
	close(listen_local(&port));
	spec.port = port;
	t = (struct told){ 0 };
	start(&t, loop, &spec, PROBE_LIVENESS);
	run_until(loop, &t.any);
	cr_expect_not(t.last.ok);
	cr_expect(strstr(t.last.message, "connect: Connection refused") != NULL, "%s",
		  t.last.message);
	probe_free(t.p);
}

PROBE_TEST(a_postgres_probe_tells_starting_from_ready)
{
	static const struct answer_case table[] = {
		{ REPLY("R\0\0\0\x17\0\0\0\x0aSCRAM-SHA-256\0\0"), .stays = true, .ok = true,
		  .message = "accepts connections" },
		{ REPLY("R\0\0\0\x08\0\0\0\0S\0\0\0\x08"
			"a\0b\0K\0\0\0\x0c\0\0\0\1\0\0\0\2Z\0\0\0\x05I"),
		  .stays = true, .ok = true, .message = "ready for queries" },
		{ REPLY("E\0\0\0\x2cSFATAL\0C57P03\0Mdatabase is starting up\0\0"),
		  .message = "database is starting up (57P03)" },
		{ REPLY("R\0\0\0\x08\0\0\0\0E\0\0\0\x22SFATAL\0C3D000\0Mno such thing\0\0"),
		  .message = "no such thing (3D000)" },
		{ REPLY("R\0\0\0\x08\0\0\0\0"), .message = "closed the connection" },
		{ REPLY("E\0\0\0\x08SFAT"), .message = "()" },
		{ REPLY("E\0\0\0\x08"), .message = "closed the connection" },
		{ REPLY("E\xff\xff\xff\xff"), .message = "not a PostgreSQL reply" },
		{ REPLY("HTTP/1.1 400 Bad Request\r\n"), .message = "not a PostgreSQL reply" },
	};

	for (size_t i = 0; i < SP_COUNT(table); i++) {
		struct server s = { .reply = table[i].reply,
				    .len = table[i].len,
				    .stays = table[i].stays,
				    .speaks = true };
		struct wire_probe spec = spec_of(WIRE_PROBE_POSTGRES, 0);
		struct told t = { 0 };

		spec.user = (char *)"app";
		ask_once(loop, spec, &s, &t);
		cr_expect_eq(t.last.ok, table[i].ok, "case %zu: %s", i, t.last.message);
		cr_expect(strstr(t.last.message, table[i].message) != NULL, "case %zu: '%s'", i,
			  t.last.message);
		cr_expect_arr_eq(s.request + 4, "\0\3\0\0user\0app\0database\0app\0", 26);
	}
}
