/*
 * The command line: flags and positional arguments, checked against a command's row.
 *
 * `--name value`, `--name=value`, `-n value`, `-nvalue`, and letters together (`-it`). Flags may
 * stand anywhere before `--`; from there on all is positional. Values are checked while parsing, so
 * the typed getters cannot fail. A name that is not in the row is a mistake of the program: it
 * asserts.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "ctl/command.h"

#define CTL_GIVEN_MAX 64 /* flags on one command line */

struct ctl_given {
	const struct ctl_flag *flag;
	const char *value; /* borrowed from argv; NULL for BOOL */
};

struct ctl_args {
	const struct ctl_command *command; /* NULL while only global flags were read */
	struct ctl_given given[CTL_GIVEN_MAX];
	size_t n_given;
	char **positional; /* the strings are borrowed from argv */
	size_t n_positional;
};

void ctl_args_fini(struct ctl_args *a);

/*
 * The command named by words, a list of n: the longest match, its number of words in *ret_words.
 * NULL and err when there is none, with the nearest name suggested.
 */
const struct ctl_command *ctl_command_find(char *const *words, size_t n, size_t *ret_words,
					   struct sp_err *err);

/* Read the global flags before the command; returns how many words they took. */
int ctl_args_leading(struct ctl_args *a, char *const *words, size_t n, struct sp_err *err);
/* Read what follows the command; SP_E_INVALID at the client stage when it does not fit its row. */
int ctl_args_parse(struct ctl_args *a, const struct ctl_command *command, char *const *words,
		   size_t n, struct sp_err *err);
/* The number of positional arguments fits the row. */
int ctl_args_check(const struct ctl_args *a, struct sp_err *err);

bool ctl_flag_on(const struct ctl_args *a, const char *name);
const char *ctl_flag_str(const struct ctl_args *a, const char *name); /* NULL when not given */
/* COUNT as it is, DURATION in nanoseconds; the fallback also for a value that was left out. */
int64_t ctl_flag_int(const struct ctl_args *a, const char *name, int64_t fallback);
/* The i-th value of a flag that repeats; NULL past the last. */
const char *ctl_flag_nth(const struct ctl_args *a, const char *name, size_t i);
