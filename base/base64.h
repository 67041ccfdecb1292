/* Base64 of RFC 4648, section 4 (padded, no line breaks), as JSON bodies carry bytes. */
#pragma once

#include <stddef.h>

#include "base/err.h"

char *sp_base64_encode(const void *data, size_t len); /* on the heap; NULL when out of memory */
/* The same behind a prefix that stays as it is: a large text is not copied once more. */
char *sp_base64_encode_after(const char *prefix, const void *data, size_t len);

/* The bytes of text on the heap, with a NUL behind them that is not counted; anything outside the
 * grammar, also white space and a wrong length, is SP_E_INVALID. */
int sp_base64_decode(const char *text, char **ret, size_t *ret_len, struct sp_err *err);
