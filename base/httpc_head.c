/*
 * The head of a reply taken apart (RFC 9112). What frames the body is read strictly: a reply whose
 * end two readers could see in two places is refused.
 */
#include <errno.h>
#include <string.h>

#include "base/httpc_impl.h"
#include "base/str.h"

struct line {
	const char *text;
	size_t len; /* without its end */
};

/* The next line, or false when it is not whole. */
static bool next_line(const char *data, size_t len, size_t *at, struct line *ret)
{
	const char *end = memchr(data + *at, '\n', len - *at);

	if (!end)
		return false;
	*ret = (struct line){ data + *at, (size_t)(end - data) - *at };
	*at += ret->len + 1;
	if (ret->len && ret->text[ret->len - 1] == '\r')
		ret->len--;
	return true;
}

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

/* "HTTP/1.1 200 OK" */
static const char *read_status(const struct line *l, struct httpc_head *h)
{
	static const char start[] = "HTTP/1.";
	const char *s = l->text;

	if (l->len < strlen("HTTP/1.1 200") || memcmp(s, start, strlen(start)) != 0 ||
	    !is_digit(s[7]) || s[8] != ' ' || !is_digit(s[9]) || !is_digit(s[10]) ||
	    !is_digit(s[11]) || (l->len > 12 && s[12] != ' '))
		return "it does not begin as a reply of HTTP/1.1 does";
	h->status = (s[9] - '0') * 100 + (s[10] - '0') * 10 + (s[11] - '0');
	h->close = s[7] == '0';
	return h->status < 100 || h->status > 599 ? "its status is no status" : NULL;
}

static bool is_token(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || is_digit(c) ||
	       (c && strchr("!#$%&'*+-.^_`|~", c));
}

static bool equals(const struct line *l, const char *word)
{
	return l->len == strlen(word) && !strncasecmp(l->text, word, l->len);
}

static struct line trimmed(struct line l)
{
	for (; l.len && (*l.text == ' ' || *l.text == '\t'); l.text++)
		l.len--;
	while (l.len && (l.text[l.len - 1] == ' ' || l.text[l.len - 1] == '\t'))
		l.len--;
	return l;
}

/* Is word one of a list "a, b"? */
static bool lists(const struct line *value, const char *word)
{
	struct line rest = *value;

	while (rest.len) {
		const char *comma = memchr(rest.text, ',', rest.len);
		size_t n = comma ? (size_t)(comma - rest.text) : rest.len;
		struct line one = trimmed((struct line){ rest.text, n });

		if (equals(&one, word))
			return true;
		rest.text += comma ? n + 1 : n;
		rest.len -= comma ? n + 1 : n;
	}
	return false;
}

static const char *read_length(const struct line *value, struct httpc_head *h)
{
	char digits[24];
	uint64_t length;

	if (!value->len || value->len >= sizeof(digits))
		return "its Content-Length is no number";
	memcpy(digits, value->text, value->len);
	digits[value->len] = '\0';
	if (!is_digit(*digits) || sp_parse_u64(digits, &length, NULL) < 0)
		return "its Content-Length is no number";
	if (h->has_length && h->length != length)
		return "it has two lengths";
	h->has_length = true;
	h->length = length;
	return NULL;
}

static const char *read_field(const struct line *name, const struct line *value,
			      struct httpc_head *h)
{
	if (equals(name, "content-length"))
		return read_length(value, h);
	if (equals(name, "transfer-encoding")) {
		if (h->chunked || !equals(value, "chunked"))
			return "its Transfer-Encoding is not 'chunked'";
		h->chunked = true;
	} else if (equals(name, "connection")) {
		h->close |= lists(value, "close");
	} else if (equals(name, "content-type")) {
		size_t n = value->len < sizeof(h->content_type) ? value->len
								: sizeof(h->content_type) - 1;

		memcpy(h->content_type, value->text, n);
		h->content_type[n] = '\0';
	}
	return NULL;
}

static const char *read_line(const struct line *l, struct httpc_head *h)
{
	struct line name = { l->text, 0 }, value;

	if (memchr(l->text, '\0', l->len))
		return "there is a NUL in its head";
	while (name.len < l->len && is_token(name.text[name.len]))
		name.len++;
	if (!name.len || name.len == l->len || name.text[name.len] != ':')
		return "there is a line in its head that is no header";
	value = trimmed((struct line){ l->text + name.len + 1, l->len - name.len - 1 });
	return read_field(&name, &value, h);
}

ssize_t httpc_head_parse(const char *data, size_t len, struct httpc_head *ret,
			 const char **ret_reason)
{
	struct line l;
	size_t at = 0;

	*ret = (struct httpc_head){ 0 };
	*ret_reason = NULL;
	while (!*ret_reason && next_line(data, len, &at, &l)) {
		bool first = l.text == data;

		if (l.len || first) {
			*ret_reason = first ? read_status(&l, ret) : read_line(&l, ret);
			continue;
		}
		if (!ret->chunked || !ret->has_length)
			return (ssize_t)at;
		*ret_reason = "it is chunked and has a length";
	}
	if (!*ret_reason && len < HTTPC_HEAD_MAX)
		return 0;
	if (*ret_reason)
		return -EBADMSG;
	*ret_reason = "its head is too long";
	return -E2BIG;
}
