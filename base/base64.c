/* Base64 both ways, by table, strict on the way in. */
#include "base/base64.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

char *sp_base64_encode_after(const char *prefix, const void *data, size_t len)
{
	const uint8_t *in = data;
	size_t before = strlen(prefix);
	char *text = malloc(before + (len + 2) / 3 * 4 + 1), *out;

	if (!text)
		return NULL;
	memcpy(text, prefix, before);
	out = text + before;
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

char *sp_base64_encode(const void *data, size_t len)
{
	return sp_base64_encode_after("", data, len);
}

/* The alphabet, read backwards, for the 96 characters from ' ' on; XX is no digit. */
#define XX  0x80
#define LOW 0x20
static const uint8_t digits[0x60] = {
	XX, XX, XX, XX, XX, XX, XX, XX, XX, XX, XX, 62, XX, XX, XX, 63, 52, 53, 54, 55,
	56, 57, 58, 59, 60, 61, XX, XX, XX, XX, XX, XX, XX, 0,  1,  2,  3,  4,  5,  6,
	7,  8,  9,  10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, XX,
	XX, XX, XX, XX, XX, 26, 27, 28, 29, 30, 31, 32, 33, 34, 35, 36, 37, 38, 39, 40,
	41, 42, 43, 44, 45, 46, 47, 48, 49, 50, 51, XX, XX, XX, XX, XX,
};

static uint8_t digit_of(char c)
{
	uint8_t at = (uint8_t)((uint8_t)c - LOW);

	return at < sizeof(digits) ? digits[at] : XX;
}

/* Four digits into 24 bits; false when one is none. */
static bool read_quad(const char *q, uint32_t *ret)
{
	uint8_t a = digit_of(q[0]), b = digit_of(q[1]), c = digit_of(q[2]), d = digit_of(q[3]);

	*ret = (uint32_t)a << 18 | (uint32_t)b << 12 | (uint32_t)c << 6 | d;
	return !((a | b | c | d) & XX);
}

/* The last four, of which pad (1 or 2) are '=', into 3 - pad bytes. The bits that padding leaves
 * over must be zero, so that each byte string has one text. */
static bool read_last(const char *q, size_t pad, uint8_t *out)
{
	char whole[4] = { q[0], q[1], pad == 2 ? 'A' : q[2], 'A' }; /* A is 0 */
	uint32_t v;

	if (!read_quad(whole, &v) || v & ((UINT32_C(1) << (8 * pad)) - 1))
		return false;
	out[0] = (uint8_t)(v >> 16);
	if (pad == 1)
		out[1] = (uint8_t)(v >> 8);
	return true;
}

/* Returns how many characters were read: all of them when the text is well formed. */
static size_t decode(const char *text, size_t len, size_t pad, uint8_t *out)
{
	size_t whole = len - (pad ? 4 : 0), i;
	uint32_t v;

	for (i = 0; i < whole; i += 4, out += 3) {
		if (!read_quad(text + i, &v))
			return i;
		out[0] = (uint8_t)(v >> 16);
		out[1] = (uint8_t)(v >> 8);
		out[2] = (uint8_t)v;
	}
	return !pad || read_last(text + i, pad, out) ? len : i;
}

int sp_base64_decode(const char *text, char **ret, size_t *ret_len, struct sp_err *err)
{
	size_t len = strlen(text), pad = 0, n, done;
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
	done = decode(text, len, pad, (uint8_t *)out);
	if (done < len)
		return sp_fail(err, SP_E_INVALID, "not base64 at character %zu", done);
	out[n] = '\0';
	*ret = take_ptr(out);
	*ret_len = n;
	return 0;
}
