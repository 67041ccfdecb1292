/*
 * Fuzz what containers send to the agent: replies to probes, and the bytes they print (libFuzzer).
 * The first byte chooses; a reply arrives in two pieces, split where the second byte says.
 */
#include <assert.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "agentd/logs_impl.h"
#include "agentd/probe_impl.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void feed(struct probe_attempt *a, const uint8_t *data, size_t len)
{
	memcpy(a->reply + a->reply_len, data, len);
	a->reply_len += len;
	a->reply[a->reply_len] = '\0';
}

static void fuzz_reply(const struct probe_protocol *protocol, size_t split, const uint8_t *data,
		       size_t size)
{
	static const struct wire_probe spec = { .status_min = 200, .status_max = 399 };
	struct probe p = { .conf.spec = &spec, .what = "probe" };
	struct probe_attempt *a = calloc(1, sizeof(*a));

	a->probe = &p;
	size = size < PROBE_REPLY_MAX ? size : PROBE_REPLY_MAX;
	split = split < size ? split : size;
	feed(a, data, split);
	if (protocol->judge(a, false, a->message) == PROBE_MORE) {
		feed(a, data + split, size - split);
		assert(protocol->judge(a, true, a->message) != PROBE_MORE);
	}
	assert(a->message[0] && memchr(a->message, '\0', sizeof(a->message)));
	for (const char *c = a->message; *c; c++)
		assert((unsigned char)*c >= ' ');
	free(a);
}

/* The messages of the lines, put together again, are the input. */
static void check_lines(const char *out, size_t n, const uint8_t *in, size_t used)
{
	size_t at = 0, from = 0;

	while (at < n) {
		const char *end = memchr(out + at + LOGS_HEAD_LEN, '\n', n - at - LOGS_HEAD_LEN);
		size_t len = (size_t)(end - out) - at - LOGS_HEAD_LEN;

		assert(len <= LOGS_LINE_MAX && from + len <= used);
		assert(!memcmp(out + at + LOGS_HEAD_LEN, in + from, len));
		from += len;
		if (out[at + LOGS_TAG_AT] == 'F' && from < used) {
			assert(in[from] == '\n');
			from++;
		}
		at = (size_t)(end - out) + 1;
	}
	assert(from == used);
}

static void fuzz_lines(bool end, const uint8_t *data, size_t size)
{
	char *out = malloc(LOGS_OUT);
	size_t used, n = logs_cri_format(0, 1, (const char *)data, size, end, out, LOGS_OUT, &used);

	assert(used <= size && n <= LOGS_OUT);
	check_lines(out, n, data, used);
	free(out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (size < 2)
		return 0;
	switch (data[0] % 3) {
	case 0:
		fuzz_reply(&probe_http, data[1], data + 2, size - 2);
		break;
	case 1:
		fuzz_reply(&probe_postgres, data[1], data + 2, size - 2);
		break;
	default:
		fuzz_lines(data[1] & 1, data + 2, size - 2);
	}
	return 0;
}
