/* The body of a reply out of its framing: a length, chunks, or all there is. */
#include <errno.h>
#include <string.h>

#include "base/httpc_impl.h"

void httpc_body_init(struct httpc_body *b, const struct httpc_head *head)
{
	*b = (struct httpc_body){ .part = HTTPC_BODY_TO_END };
	if (head->status < 200 || head->status == 204 || head->status == 304)
		b->part = HTTPC_BODY_END;
	else if (head->chunked)
		b->part = HTTPC_BODY_FIRST;
	else if (head->has_length)
		b->part = head->length ? HTTPC_BODY_LENGTH : HTTPC_BODY_END;
	b->left = b->part == HTTPC_BODY_LENGTH ? head->length : 0;
}

static int digit_of(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

static int take_size(struct httpc_body *b, char c)
{
	int digit = digit_of(c);

	if (digit >= 0) {
		if (b->left >> 59)
			return -EBADMSG;
		b->left = b->left << 4 | (unsigned int)digit;
		b->part = HTTPC_BODY_SIZE;
		return 0;
	}
	if (b->part == HTTPC_BODY_FIRST || !strchr("\r\n; \t", c) || !c)
		return -EBADMSG;
	b->part = HTTPC_BODY_EXTENSION;
	b->overhead = 0;
	return c == '\n';
}

/* One byte of the framing; a positive result ends the line of a size. */
static int take_frame(struct httpc_body *b, char c)
{
	switch (b->part) {
	case HTTPC_BODY_FIRST:
	case HTTPC_BODY_SIZE:
		return take_size(b, c);
	case HTTPC_BODY_EXTENSION:
		b->overhead++;
		return c == '\n';
	case HTTPC_BODY_CHUNK_CR:
		b->part = c == '\n' ? HTTPC_BODY_FIRST : HTTPC_BODY_CHUNK_LF;
		return c == '\r' || c == '\n' ? 0 : -EBADMSG;
	case HTTPC_BODY_CHUNK_LF:
		b->part = HTTPC_BODY_FIRST;
		return c == '\n' ? 0 : -EBADMSG;
	case HTTPC_BODY_TRAILER:
	case HTTPC_BODY_TRAILER_REST:
		b->overhead++;
		if (c == '\n')
			b->part =
				b->part == HTTPC_BODY_TRAILER ? HTTPC_BODY_END : HTTPC_BODY_TRAILER;
		else if (c != '\r')
			b->part = HTTPC_BODY_TRAILER_REST;
		return 0;
	case HTTPC_BODY_END:
	case HTTPC_BODY_LENGTH:
	case HTTPC_BODY_TO_END:
	case HTTPC_BODY_CHUNK:
		break;
	}
	return -EBADMSG;
}

static bool is_payload(const struct httpc_body *b)
{
	return b->part == HTTPC_BODY_LENGTH || b->part == HTTPC_BODY_CHUNK ||
	       b->part == HTTPC_BODY_TO_END;
}

static size_t take_payload(struct httpc_body *b, size_t len)
{
	if (b->part == HTTPC_BODY_TO_END)
		return len;
	len = len < b->left ? len : (size_t)b->left;
	b->left -= len;
	if (!b->left)
		b->part = b->part == HTTPC_BODY_LENGTH ? HTTPC_BODY_END : HTTPC_BODY_CHUNK_CR;
	return len;
}

ssize_t httpc_body_take(struct httpc_body *b, const char *data, size_t len, size_t *ret_len)
{
	size_t at = 0;

	*ret_len = 0;
	while (at < len && !is_payload(b) && b->part != HTTPC_BODY_END) {
		int r = take_frame(b, data[at++]);

		if (r < 0 || b->overhead > HTTPC_HEAD_MAX)
			return -EBADMSG;
		if (r > 0)
			b->part = b->left ? HTTPC_BODY_CHUNK : HTTPC_BODY_TRAILER;
	}
	if (at < len && is_payload(b)) {
		*ret_len = take_payload(b, len - at);
		at += *ret_len;
	}
	return (ssize_t)at;
}
