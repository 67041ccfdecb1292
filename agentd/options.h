/* The command line, which agentd and agentd-join read alike: agentd hands its own on to join. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

#define OPTIONS_SETTINGS_MAX 64

enum { EXIT_OK = 0, EXIT_FAILED = 1, EXIT_INVALID = 3 };

struct options {
	const char *config_path;
	char *settings[OPTIONS_SETTINGS_MAX]; /* "key=value" */
	size_t n_settings;
	bool print_config, help;
	const char *verb; /* NULL: none was given */
	/* of join; NULL and 0 where not given */
	const char *control, *token, *name, *address;
	int64_t port;
};

/* 0, or -errno when the command line is not one of ours; getopt(3) has said why. */
int options_parse(struct options *o, int argc, char **argv);

/* Say an error on standard error; returns the exit status for it. */
int options_complain(const struct sp_err *err);
