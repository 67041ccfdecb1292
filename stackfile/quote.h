/*
 * What a refusal says of a value that came through a variable. The text a value has in the end may
 * come from outside of the file; where the file itself has `${NAME}`, that is what is quoted.
 */
#pragma once

#include <stdarg.h>

#include "base/buf.h"
#include "stackfile/node.h"

/* As vprintf, but text between single quotes ('%s', '%.*s') is told as the file has it. fmt has
 * no other conversions than these, %d, %u, %zu, %ld, %lu, %lld and %%. */
void quote_format(struct sp_buf *out, const struct node *n, const char *fmt, va_list ap);
