/*
 * A command of ctl: one row, beside its code in cmd_<name>.c. The list of rows (commands.h) is the
 * only list of commands; dispatch, help, did-you-mean, the man page and bash completion are made
 * from it.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "wire/failure.h"

struct ctl;
struct ctl_args;

enum ctl_flag_type {
	CTL_BOOL,
	CTL_STRING,
	CTL_COUNT,    /* a whole number from 0 */
	CTL_DURATION, /* "10m", "1m30s" */
	CTL_CHOICE,   /* one of the words in value */
};

struct ctl_flag {
	const char *name; /* without "--" */
	char letter;      /* 0: none */
	enum ctl_flag_type type;
	const char
		*value; /* what help calls the value, "FILE"; for CHOICE the words: "table|json" */
	const char *help;
	bool repeat;   /* may be given more than once */
	bool optional; /* the value may be left out: `--wait`, `--wait=10m` */
};

#define CTL_FLAGS_END        \
	{                    \
		.name = NULL \
	}

#define CTL_FLAG_OUTPUT(choices)                                                       \
	{                                                                              \
		.name = "output", .letter = 'o', .type = CTL_CHOICE, .value = choices, \
		.help = "how to print the result"                                      \
	}
#define CTL_FLAG_YES                                                              \
	{                                                                         \
		.name = "yes", .letter = 'y', .type = CTL_BOOL,                   \
		.help = "do not ask; needed where there is no terminal to ask on" \
	}

/* Returns an exit code, or -errno with fail set. */
typedef int (*ctl_run_fn)(struct ctl *ctl, const struct ctl_args *args, struct wire_failure *fail);

struct ctl_command {
	const char *name;             /* "deploy", "node ls" */
	const char *args;             /* "[STACK]"; "" for none */
	const char *summary;          /* one line, lower case, no full stop */
	const char *details;          /* further sentences of help and man page; NULL: none */
	const struct ctl_flag *flags; /* NULL: none */
	size_t args_min, args_max;    /* positional arguments */
	bool rest; /* from the second positional on, all is positional: exec's COMMAND */
	ctl_run_fn run;
};

#define CTL_ARGS_MANY ((size_t)-1)
