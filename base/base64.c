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

/* The alphabet, read backwards: each digit plus one, so that 0 is none. */
static const uint8_t digits[256] = {
	['A'] = 1,  ['B'] = 2,  ['C'] = 3,  ['D'] = 4,  ['E'] = 5,  ['F'] = 6,  ['G'] = 7,
	['H'] = 8,  ['I'] = 9,  ['J'] = 10, ['K'] = 11, ['L'] = 12, ['M'] = 13, ['N'] = 14,
	['O'] = 15, ['P'] = 16, ['Q'] = 17, ['R'] = 18, ['S'] = 19, ['T'] = 20, ['U'] = 21,
	['V'] = 22, ['W'] = 23, ['X'] = 24, ['Y'] = 25, ['Z'] = 26, ['a'] = 27, ['b'] = 28,
	['c'] = 29, ['d'] = 30, ['e'] = 31, ['f'] = 32, ['g'] = 33, ['h'] = 34, ['i'] = 35,
	['j'] = 36, ['k'] = 37, ['l'] = 38, ['m'] = 39, ['n'] = 40, ['o'] = 41, ['p'] = 42,
	['q'] = 43, ['r'] = 44, ['s'] = 45, ['t'] = 46, ['u'] = 47, ['v'] = 48, ['w'] = 49,
	['x'] = 50, ['y'] = 51, ['z'] = 52, ['0'] = 53, ['1'] = 54, ['2'] = 55, ['3'] = 56,
	['4'] = 57, ['5'] = 58, ['6'] = 59, ['7'] = 60, ['8'] = 61, ['9'] = 62, ['+'] = 63,
	['/'] = 64,
};

/* The value of four digits; -1 when one is none. */
static int32_t value_of(const uint8_t q[4])
{
	uint32_t a = digits[q[0]], b = digits[q[1]], c = digits[q[2]], d = digits[q[3]];

	if (!a || !b || !c || !d)
		return -1;
	return (int32_t)((a - 1) << 18 | (b - 1) << 12 | (c - 1) << 6 | (d - 1));
}

/* Four digits, of which the last pad (0 to 2) are '=', into 3 - pad bytes. The bits that padding
 * leaves over must be zero, so that each byte string has one text. */
static int decode_quad(const char *text, size_t pad, uint8_t *out)
{
	uint8_t q[4];
	int32_t v;

	memcpy(q, text, 4);
	if (pad)
		memset(q + 4 - pad, 'A', pad); /* digit 0 */
	v = value_of(q);
	if (v < 0 || (uint32_t)v & ((UINT32_C(1) << (8 * pad)) - 1))
		return -1;
	for (size_t i = 0; i < 3 - pad; i++)
		out[i] = (uint8_t)((uint32_t)v >> (16 - 8 * i));
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
