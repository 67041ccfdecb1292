/*
 * Configuration files of the daemons: `key = value` lines, `#` comments, values bare or in double
 * quotes.
 *
 * A program describes its keys in one table; an unknown key, a repeated key or a malformed value is
 * an error with file and line. The same table prints the effective configuration.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "base/err.h"

enum sp_conf_type {
	SP_CONF_STR,      /* char * on the heap, owned by the struct */
	SP_CONF_URL,      /* the same; printed without the passwords in it */
	SP_CONF_INT,      /* int64_t within min..max */
	SP_CONF_BOOL,     /* bool: true or false */
	SP_CONF_DURATION, /* int64_t nanoseconds, within min..max */
	SP_CONF_BYTES,    /* uint64_t bytes */
};

struct sp_conf_key {
	const char *name;
	enum sp_conf_type type;
	size_t offset;        /* of the member in the program's struct */
	const char *fallback; /* as written in a file; NULL leaves the member zero */
	int64_t min, max;     /* for INT and DURATION; both 0 means no bound */
	const char *help;     /* one line for --print-config and the man page */
};

#define SP_CONF_END          \
	{                    \
		.name = NULL \
	}

/* Fill *conf with the fallbacks, then with the file; path NULL means fallbacks only. */
int sp_conf_load(const struct sp_conf_key *keys, void *conf, const char *path, struct sp_err *err);
/* Set one key, as from `--set key=value` on the command line. */
int sp_conf_set(const struct sp_conf_key *keys, void *conf, const char *name, const char *value,
		struct sp_err *err);
void sp_conf_print(const struct sp_conf_key *keys, const void *conf, FILE *out);
void sp_conf_fini(const struct sp_conf_key *keys, void *conf); /* frees the strings */
