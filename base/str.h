/* Strings: comparison, checked number parsing and the identifier grammar. Nothing here allocates
 * unless it says so. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

static inline bool sp_str_empty(const char *s)
{
	return !s || !*s;
}

bool sp_str_eq(const char *a, const char *b); /* NULL equals only NULL */
bool sp_str_starts(const char *s, const char *prefix);
bool sp_str_ends(const char *s, const char *suffix);
char *sp_str_trim(char *s); /* cuts white space at both ends in place, returns the new start */

/* A formatted string on the heap, owned by the caller; NULL when out of memory. */
char *sp_str_format(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

/* Parsed to the last character; an empty string, a sign on an unsigned number, or an overflow is
 * SP_E_INVALID. */
int sp_parse_u64(const char *s, uint64_t *ret, struct sp_err *err);
int sp_parse_i64(const char *s, int64_t *ret, struct sp_err *err);
int sp_parse_u32(const char *s, uint32_t *ret, struct sp_err *err);

/* Compose byte value: 1024, 64k, 300kb, 1.5g ... (b k m g t, with an optional b, powers of 1024).
 */
int sp_parse_bytes(const char *s, uint64_t *ret_bytes, struct sp_err *err);

/*
 * Identifier of a workload, stack, node or volume: 1 to SP_ID_MAX of [a-z0-9] and, not at the ends,
 * [-_.]; never "..". Such a name is safe as one path component, cgroup name and host name part.
 */
#define SP_ID_MAX 63
bool sp_id_valid(const char *s);

/* The candidate nearest to word for "did you mean", or NULL when none is near. candidates end with
 * NULL. */
const char *sp_str_nearest(const char *word, const char *const *candidates);

/* A NULL-terminated list of strings on the heap. */
size_t sp_strv_count(char *const *v);
void sp_strv_free(char **v);                /* takes NULL */
char **sp_strv_copy(char *const *v);        /* NULL when out of memory or v is NULL */
int sp_strv_push(char ***v, const char *s); /* copies s; -ENOMEM */
