/*
 * Env files, as `env_file` and `.env` have them:
 *
 *   # comment
 *   NAME=bare value        # a comment after a blank
 *   export NAME="double quotes: \n \t \" \\ and ${VARIABLES}, over several lines"
 *   NAME='single quotes: everything as it stands'
 *   NAME                   taken from the client's environment, if it is there
 *
 * Variables in a value are looked up in the client's environment, then in the lines above.
 */
#pragma once

#include "stackfile/report.h"
#include "stackfile/resolver.h"

struct stack_arena;

#define ENV_FILE_LINES_MAX 4096 /* assignments in one file */

struct env_file {
	struct stack_arena *arena;
	struct stack_report *report;
	const struct stack_resolver *resolver;
	const char *file; /* for diagnostics */
	const char *key;  /* for diagnostics: "services.web.env_file" */
};

/* Add the file's variables to *list (env_list.h), over what is there. What is wrong goes to the
 * report, with the line of the env file. */
void env_file_read(const struct env_file *f, const char *text, char ***list);
