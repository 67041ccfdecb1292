/* The HTTP probe: a GET, judged by its status; the body of a refusal is kept as the transcript. */
#include <stdio.h>
#include <string.h>

#include "agentd/probe_impl.h"
#include "base/str.h"

#define STATUS_LINE_MIN 12 /* "HTTP/1.1 200" */

static void request(const struct probe *p, struct sp_buf *out)
{
	const struct wire_probe *spec = p->conf.spec;

	sp_buf_printf(out, "GET %s HTTP/1.1\r\nHost: ", spec->path ? spec->path : "/");
	if (spec->host)
		sp_buf_puts(out, spec->host);
	else
		sp_buf_printf(out, "%s:%u", p->address, spec->port);
	sp_buf_puts(out, "\r\nUser-Agent: stackpilot-probe\r\nAccept: */*\r\n"
			 "Connection: close\r\n\r\n");
}

static int parse_status(const char *reply)
{
	char digits[4] = "";
	uint32_t status;

	if (!sp_str_starts(reply, "HTTP/1.") || reply[8] != ' ')
		return -1;
	memcpy(digits, reply + 9, 3);
	return sp_parse_u32(digits, &status, NULL) < 0 ? -1 : (int)status;
}

/* The value of Content-Length, or -1. */
static int64_t content_length(const char *head)
{
	const char *line = strcasestr(head, "\r\ncontent-length:");
	char digits[20];
	size_t n;
	int64_t len;

	if (!line)
		return -1;
	line += strlen("\r\ncontent-length:");
	line += strspn(line, " \t");
	n = strspn(line, "0123456789");
	if (n >= sizeof(digits))
		return -1;
	memcpy(digits, line, n);
	digits[n] = '\0';
	return sp_parse_i64(digits, &len, NULL) < 0 ? -1 : len;
}

static bool is_complete(const struct probe_attempt *a, const char *body)
{
	int64_t len = body ? content_length(a->reply) : -1;

	return len >= 0 && (int64_t)(a->reply_len - (size_t)(body - a->reply)) >= len;
}

/* "503: database is down", with as much of the body as there is room for. */
static void tell(const struct probe_attempt *a, int status, const char *body, char *message)
{
	char text[PROBE_MESSAGE_MAX];
	int n = snprintf(text, sizeof(text), "%d%s%s", status, body && *body ? ": " : "",
			 body ? body : "");

	if (n >= (int)sizeof(text))
		n = (int)sizeof(text) - 1;
	probe_message(message, a->probe->what, text, (size_t)n);
}

static enum probe_judgement judge(const struct probe_attempt *a, bool end, char *message)
{
	const struct wire_probe *spec = a->probe->conf.spec;
	const char *body = strstr(a->reply, "\r\n\r\n");
	int status;

	if (a->reply_len < STATUS_LINE_MIN && !end)
		return PROBE_MORE;
	status = a->reply_len < STATUS_LINE_MIN ? -1 : parse_status(a->reply);
	if (status < 0) {
		char text[64];
		int n = snprintf(text, sizeof(text), "not an HTTP reply: %.40s",
				 a->reply_len ? a->reply : "closed at once");

		probe_message(message, a->probe->what, text, (size_t)n);
		return PROBE_FAIL;
	}
	if (body)
		body += 4;
	if (status >= spec->status_min && status <= spec->status_max) {
		tell(a, status, NULL, message);
		return PROBE_PASS;
	}
	tell(a, status, body, message);
	return end || is_complete(a, body) ? PROBE_FAIL : PROBE_MORE;
}

const struct probe_protocol probe_http = { .request = request, .judge = judge };
