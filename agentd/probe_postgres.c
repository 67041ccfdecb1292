/*
 * The PostgreSQL probe: a start-up packet for user and database, as a client would send it
 * (protocol 3.0, "Message Formats" in PostgreSQL's manual). A server that asks for a password is
 * up; one that lets us in without must also get as far as ready-for-query, which is where a missing
 * database or a server that is still starting tell themselves.
 */
#include <stdio.h>
#include <string.h>

#include "agentd/probe_impl.h"

#define PROTOCOL_3   196608u
#define AUTH_OK      0u
#define HEAD         5 /* type and length of a message */
#define TERMINATE    "X\0\0\0\4"
#define DEFAULT_USER "postgres"

static void put_u32(char *to, uint32_t v)
{
	for (int i = 0; i < 4; i++)
		to[i] = (char)(v >> (24 - 8 * i));
}

static uint32_t get_u32(const char *from)
{
	uint32_t v = 0;

	for (int i = 0; i < 4; i++)
		v = v << 8 | (unsigned char)from[i];
	return v;
}

static void put_string(struct sp_buf *out, const char *s)
{
	sp_buf_append(out, s, strlen(s) + 1);
}

static void request(const struct probe *p, struct sp_buf *out)
{
	const struct wire_probe *spec = p->conf.spec;
	const char *user = spec->user ? spec->user : DEFAULT_USER;
	char head[8];

	put_u32(head + 4, PROTOCOL_3);
	sp_buf_append(out, head, sizeof(head));
	put_string(out, "user");
	put_string(out, user);
	put_string(out, "database");
	put_string(out, spec->database ? spec->database : user);
	put_string(out, "application_name");
	put_string(out, "stackpilot-probe");
	sp_buf_putc(out, '\0');
	if (!out->error)
		put_u32(out->data, (uint32_t)out->len);
}

/* The text of one field of an error message: type bytes, each with a string, ended by a NUL. */
static const char *error_field(const char *body, size_t len, char type)
{
	for (size_t at = 0; at < len && body[at];) {
		size_t n = strnlen(body + at + 1, len - at - 1);

		if (at + 1 + n >= len)
			return "";
		if (body[at] == type)
			return body + at + 1;
		at += n + 2;
	}
	return "";
}

static enum probe_judgement tell(const struct probe_attempt *a, enum probe_judgement j,
				 const char *text, char *message)
{
	probe_message(message, a->probe->what, text, strlen(text));
	return j;
}

static enum probe_judgement judge_error(const struct probe_attempt *a, const char *body, size_t len,
					char *message)
{
	char text[PROBE_MESSAGE_MAX];

	snprintf(text, sizeof(text), "%s (%s)", error_field(body, len, 'M'),
		 error_field(body, len, 'C'));
	return tell(a, PROBE_FAIL, text, message);
}

static enum probe_judgement judge_message(const struct probe_attempt *a, char type,
					  const char *body, size_t len, char *message)
{
	switch (type) {
	case 'E':
		return judge_error(a, body, len, message);
	case 'R':
		if (len >= 4 && get_u32(body) != AUTH_OK)
			return tell(a, PROBE_PASS, "accepts connections", message);
		return PROBE_MORE;
	case 'Z':
		return tell(a, PROBE_PASS, "ready for queries", message);
	case 'S': /* parameters, the key to cancel, notices: on the way to Z */
	case 'K':
	case 'N':
	case 'v':
		return PROBE_MORE;
	default:
		return tell(a, PROBE_FAIL, "not a PostgreSQL reply", message);
	}
}

static enum probe_judgement judge(const struct probe_attempt *a, bool end, char *message)
{
	size_t at = 0;

	while (a->reply_len - at >= HEAD) {
		const char *m = a->reply + at;
		uint32_t len = get_u32(m + 1);
		enum probe_judgement j;

		if (len < 4 || len > PROBE_REPLY_MAX)
			return tell(a, PROBE_FAIL, "not a PostgreSQL reply", message);
		if (a->reply_len - at < len + 1)
			break;
		j = judge_message(a, m[0], m + HEAD, len - 4, message);
		if (j != PROBE_MORE)
			return j;
		at += len + 1;
	}
	return end ? tell(a, PROBE_FAIL, "closed the connection", message) : PROBE_MORE;
}

const struct probe_protocol probe_postgres = {
	.request = request,
	.judge = judge,
	.goodbye = TERMINATE,
	.goodbye_len = sizeof(TERMINATE) - 1,
};
