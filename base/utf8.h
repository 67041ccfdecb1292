/* UTF-8, which is all that JSON carries (RFC 3629: no surrogates, nothing longer than needed). */
#pragma once

#include <stdbool.h>

bool sp_utf8_valid(const char *s);
