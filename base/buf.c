/* A growable byte buffer; see buf.h. */
#include "base/buf.h"

#include <assert.h>
#include <errno.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FIRST_CAPACITY 128

void sp_buf_fini(struct sp_buf *b)
{
	free(b->data);
	*b = (struct sp_buf)SP_BUF_INIT;
}

void sp_buf_clear(struct sp_buf *b)
{
	b->len = 0;
	b->error = 0;
	if (b->data)
		b->data[0] = '\0';
}

char *sp_buf_reserve(struct sp_buf *b, size_t len)
{
	size_t need, cap;
	char *grown;

	if (b->error)
		return NULL;
	if (len > SIZE_MAX / 2 - b->len - 1 || (b->limit && b->len + len > b->limit)) {
		b->error = -E2BIG;
		return NULL;
	}
	need = b->len + len + 1;
	if (need <= b->cap)
		return b->data + b->len;
	for (cap = b->cap ? b->cap : FIRST_CAPACITY; cap < need;)
		cap *= 2;
	grown = realloc(b->data, cap);
	if (!grown) {
		b->error = -ENOMEM;
		return NULL;
	}
	b->data = grown;
	b->cap = cap;
	return b->data + b->len;
}

void sp_buf_commit(struct sp_buf *b, size_t len)
{
	assert(b->len + len < b->cap);
	b->len += len;
	b->data[b->len] = '\0';
}

void sp_buf_append(struct sp_buf *b, const void *data, size_t len)
{
	char *to = sp_buf_reserve(b, len);

	if (!to)
		return;
	if (len)
		memcpy(to, data, len);
	sp_buf_commit(b, len);
}

void sp_buf_puts(struct sp_buf *b, const char *s)
{
	sp_buf_append(b, s, strlen(s));
}

void sp_buf_putc(struct sp_buf *b, char c)
{
	sp_buf_append(b, &c, 1);
}

void sp_buf_printf(struct sp_buf *b, const char *fmt, ...)
{
	va_list ap;
	char *to;
	int n;

	va_start(ap, fmt);
	n = vsnprintf(NULL, 0, fmt, ap);
	va_end(ap);
	if (n < 0) {
		b->error = b->error ? b->error : -EINVAL;
		return;
	}
	to = sp_buf_reserve(b, (size_t)n);
	if (!to)
		return;
	va_start(ap, fmt);
	vsnprintf(to, (size_t)n + 1, fmt, ap);
	va_end(ap);
	sp_buf_commit(b, (size_t)n);
}

void sp_buf_consume(struct sp_buf *b, size_t len)
{
	assert(len <= b->len);
	if (!len)
		return;
	memmove(b->data, b->data + len, b->len - len + 1);
	b->len -= len;
}

int sp_buf_check(const struct sp_buf *b, struct sp_err *err)
{
	if (!b->error)
		return 0;
	if (b->error == -E2BIG)
		return sp_fail(err, SP_E_TOO_LARGE, "more than %zu bytes", b->limit);
	return sp_fail_nomem(err);
}

char *sp_buf_take(struct sp_buf *b)
{
	char *s;

	if (!b->data)
		sp_buf_append(b, "", 0);
	if (b->error)
		return NULL;
	s = b->data;
	*b = (struct sp_buf){ .limit = b->limit };
	return s;
}
