/*
 * JSON over jansson: an owning variable, and a strict reader that remembers its first error and its
 * address.
 *
 * The reader walks one object. Every member it does not ask for is an error at sp_json_done(), so a
 * misspelt or unsupported key is never silently dropped. The address in messages is a path such as
 * `workload.probes[1].port`.
 */
#pragma once

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"

static inline void sp_autojson_run(json_t **j)
{
	json_decref(*j);
}

#define autojson __attribute__((cleanup(sp_autojson_run)))

#define SP_JSON_SEEN_MAX 64 /* members one object may be asked for */
#define SP_JSON_PATH_MAX 192

struct sp_json_reader {
	json_t *object; /* borrowed */
	char path[SP_JSON_PATH_MAX];
	const char *seen[SP_JSON_SEEN_MAX];
	size_t n_seen;
	int error; /* 0, or the -errno of the first problem, whose text is in *err */
	struct sp_err *err;
};

/* Parse text of len bytes (UTF-8; duplicate keys and NUL characters refused; at most 128 levels).
 * Returns a new reference in *ret. */
int sp_json_parse(const char *text, size_t len, json_t **ret, struct sp_err *err);

/* Compact text on the heap, members in insertion order; NULL when out of memory. */
char *sp_json_text(const json_t *j);
/* Compact text with members sorted: equal values give equal bytes, fit for a digest. */
char *sp_json_canonical(const json_t *j);
/* A string as JSON has it (RFC 8259 section 7), appended; s is UTF-8. For documents that are put
 * together from texts which are JSON already. */
void sp_json_quote(struct sp_buf *out, const char *s);

/* RFC 3339 in UTC, to the nanosecond, as a string; 0 is null. NULL when out of memory. */
json_t *sp_json_stamp(int64_t at_ns);

void sp_json_open(struct sp_json_reader *r, json_t *object, const char *path, struct sp_err *err);

/*
 * Getters return the value, or the fallback when the member is absent or null, or when an earlier
 * error is remembered. sp_json_need_* make absence an error. Strings and arrays are borrowed from
 * the object.
 */
const char *sp_json_str(struct sp_json_reader *r, const char *key, const char *fallback);
const char *sp_json_need_str(struct sp_json_reader *r, const char *key);
int64_t sp_json_int(struct sp_json_reader *r, const char *key, int64_t min, int64_t max,
		    int64_t fallback);
int64_t sp_json_need_int(struct sp_json_reader *r, const char *key, int64_t min, int64_t max);
bool sp_json_bool(struct sp_json_reader *r, const char *key, bool fallback);
double sp_json_real(struct sp_json_reader *r, const char *key,
		    double fallback);                              /* accepts whole numbers too */
json_t *sp_json_array(struct sp_json_reader *r, const char *key);  /* NULL when absent */
json_t *sp_json_object(struct sp_json_reader *r, const char *key); /* NULL when absent */
/* A list of strings copied to the heap, owned by the caller; NULL when absent. */
char **sp_json_strv(struct sp_json_reader *r, const char *key);

/* Remember an error of the caller's own at `path.key`. */
void sp_json_refuse(struct sp_json_reader *r, const char *key, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

/* Members nobody asked for become an error; returns 0 or the remembered -errno. */
int sp_json_done(struct sp_json_reader *r);
