/* Base64 both ways, by table, strict on the way in. */
#include "base/base64.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

char *sp_base64_encode(const void *data, size_t len)
{
	const uint8_t *in = data;
	char *text = malloc((len + 2) / 3 * 4 + 1), *out = text;

	if (!text)
		return NULL;
	for (size_t i = 0; i < len; i += 3) {
		size_t n = len - i < 3 ? len - i : 3;
		uint32_t v = (uint32_t)in[i] << 16;

		v |= n > 1 ? (uint32_t)in[i + 1] << 8 : 0;
		v |= n > 2 ? in[i + 2] : 0;
		*out++ = alphabet[v >> 18];
		*out++ = alphabet[v >> 12 & 63];
		*out++ = n > 1 ? alphabet[v >> 6 & 63] : '=';
		*out++ = n > 2 ? alphabet[v & 63] : '=';
	}
	*out = '\0';
	return text;
}

/* The alphabet, read backwards, from '+' to 'z'. */
static const int8_t digits[] = {
	62, -1, -1, -1, 63, 52, 53, 54, 55, 56, 57, 58, 59, 60, 61, -1, -1, -1, -1, -1,
	-1, -1, 0,  1,  2,  3,  4,  5,  6,  7,  8,  9,  10, 11, 12, 13, 14, 15, 16, 17,
	18, 19, 20, 21, 22, 23, 24, 25, -1, -1, -1, -1, -1, -1, 26, 27, 28, 29, 30, 31,
	32, 33, 34, 35, 36, 37, 38, 39, 40, 41, 42, 43, 44, 45, 46, 47, 48, 49, 50, 51,
};

static int digit_of(char c)
{
	return c < '+' || c > 'z' ? -1 : digits[c - '+'];
}

/* Four digits, of which the last pad (0 to 2) are '=', into 3 - pad bytes. The bits that padding
 * leaves over must be zero, so that each byte string has one text. */
static int decode_quad(const char *q, size_t pad, uint8_t *out)
{
	uint32_t v = 0;

	for (size_t i = 0; i < 4; i++) {
		int d = i >= 4 - pad ? 0 : digit_of(q[i]);

		if (d < 0)
			return -1;
		v = v << 6 | (uint32_t)d;
	}
	if (v & ((UINT32_C(1) << (8 * pad)) - 1))
		return -1;
	for (size_t i = 0; i < 3 - pad; i++)
		out[i] = (uint8_t)(v >> (16 - 8 * i));
	return 0;
}

int sp_base64_decode(const char *text, char **ret, size_t *ret_len, struct sp_err *err)
{
	size_t len = strlen(text), pad = 0, n;
	autofree char *out = NULL;

	if (len % 4)
		return sp_fail(err, SP_E_INVALID, "base64 text of %zu characters", len);
	if (len)
		pad = (size_t)(text[len - 1] == '=') +
		      (text[len - 1] == '=' && text[len - 2] == '=');
	n = len / 4 * 3 - pad;
	out = malloc(n + 1);
	if (!out)
		return sp_fail_nomem(err);
	for (size_t i = 0; i < len; i += 4) {
		size_t here = i + 4 == len ? pad : 0;

		if (decode_quad(text + i, here, (uint8_t *)out + i / 4 * 3) < 0)
			return sp_fail(err, SP_E_INVALID, "not base64 at character %zu", i);
	}
	out[n] = '\0';
	*ret = take_ptr(out);
	*ret_len = n;
	return 0;
}
