/*
 * A growable byte buffer. It remembers its first error (out of memory, or over its limit) and
 * ignores what comes after, so a builder appends freely and asks once at the end. Always
 * NUL-terminated after data[len].
 */
#pragma once

#include <stddef.h>

#include "base/err.h"

struct sp_buf {
	char *data; /* NULL while empty */
	size_t len;
	size_t cap;
	size_t limit; /* bytes it may grow to; 0 is no limit */
	int error;    /* 0, -ENOMEM, or -E2BIG past the limit */
};

#define SP_BUF_INIT \
	{           \
		0   \
	}
#define autobuf __attribute__((cleanup(sp_buf_fini)))

void sp_buf_fini(struct sp_buf *b);  /* safe on a zeroed buffer, and twice */
void sp_buf_clear(struct sp_buf *b); /* empty it and forget its error; the memory stays */
void sp_buf_append(struct sp_buf *b, const void *data, size_t len);
void sp_buf_puts(struct sp_buf *b, const char *s);
void sp_buf_putc(struct sp_buf *b, char c);
void sp_buf_printf(struct sp_buf *b, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
void sp_buf_consume(struct sp_buf *b, size_t len); /* drop len bytes at the front */

/* Room for at least len more bytes; returns where to write, or NULL. Follow with sp_buf_commit().
 */
char *sp_buf_reserve(struct sp_buf *b, size_t len);
void sp_buf_commit(struct sp_buf *b, size_t len);

int sp_buf_check(const struct sp_buf *b, struct sp_err *err); /* 0, or the remembered error */
char *sp_buf_take(struct sp_buf *b); /* the string, owned by the caller ("" when empty); NULL on a
					remembered error */
