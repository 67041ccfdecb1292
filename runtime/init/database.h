/* /etc/passwd and /etc/group of a container: colon-separated lines of a stranger, read with care.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

#define DATABASE_BYTES_MAX  (1024 * 1024)
#define DATABASE_FIELDS_MAX 7

struct database {
	char *text; /* a private copy, taken apart while reading; NULL where there is no file */
	size_t len;
	char *next;
};

struct database_line {
	char *field[DATABASE_FIELDS_MAX];
	unsigned int n;
};

/* An absent file is an empty database; one that is not a regular file, or too large, an error. */
int database_open(int root, const char *path, struct database *ret, struct sp_err *err);
void database_close(struct database *d);
/* The next line's fields; false at the end. */
bool database_next(struct database *d, struct database_line *ret);

/* A whole decimal number, parsed to its last character. */
bool database_number(const char *s, uint32_t *ret);
