/*
 * Fuzz what servers send to the HTTP client (libFuzzer): a head, and the body that it frames. The
 * first two bytes say where the reply is cut in two: the body that comes out is the same as of the
 * whole.
 */
#include <assert.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/httpc_impl.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* More of the body; false when it is refused. */
static bool feed(struct httpc_body *b, const char *text, size_t len, char *out, size_t *n_out)
{
	for (size_t at = 0; at < len && b->part != HTTPC_BODY_END;) {
		size_t body;
		ssize_t used = httpc_body_take(b, text + at, len - at, &body);

		if (used < 0)
			return false;
		assert(used > 0 && (size_t)used <= len - at && body <= (size_t)used);
		at += (size_t)used;
		memcpy(out + *n_out, text + at - body, body);
		*n_out += body;
	}
	return true;
}

static void fuzz_body(const struct httpc_head *head, const char *text, size_t len, size_t cut)
{
	char *whole = malloc(len + 1), *pieces = malloc(len + 1);
	size_t n_whole = 0, n_pieces = 0;
	struct httpc_body a, b;
	bool good;

	httpc_body_init(&a, head);
	httpc_body_init(&b, head);
	cut = cut < len ? cut : len;
	good = feed(&a, text, len, whole, &n_whole);
	assert(good == (feed(&b, text, cut, pieces, &n_pieces) &&
			feed(&b, text + cut, len - cut, pieces, &n_pieces)));
	assert(!good || (a.part == b.part && a.left == b.left && n_whole == n_pieces));
	assert(!good || !memcmp(whole, pieces, n_whole));
	free(whole);
	free(pieces);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct httpc_head head;
	const char *reason, *text = (const char *)data + 2;
	size_t cut;
	ssize_t n;

	if (size < 2)
		return 0;
	cut = (size_t)data[0] << 8 | data[1];
	size -= 2;
	n = httpc_head_parse(text, size, &head, &reason);
	assert(n <= (ssize_t)size && (n >= 0) == !reason);
	if (n <= 0)
		return 0;
	assert(head.status >= 100 && head.status <= 599 && !(head.chunked && head.has_length));
	assert(memchr(head.content_type, '\0', sizeof(head.content_type)));
	fuzz_body(&head, text + n, size - (size_t)n, cut);
	return 0;
}
