/* A stack file read on the client: the reader's verdict before any server is asked. */
#pragma once

#include "base/mem.h"
#include "ctl/args.h"
#include "stackfile/bundle.h"
#include "stackfile/report.h"
#include "stackfile/stack.h"
#include "wire/failure.h"

#define CTL_SOURCE_MAX (4 * 1024 * 1024) /* bytes of a stack file */

struct ctl_source {
	struct stack_bundle *bundle;
	struct stack *stack;
	struct stack_report report;
};

/*
 * Read path ("-": standard input) with the variables of this process' environment, of `.env`, or of
 * the files that --env-file names, and --name over the file's own. -EINVAL with the report filled
 * when the file is refused; nothing is printed.
 */
int ctl_source_read(const struct ctl_args *args, const char *path, struct ctl_source *ret,
		    struct wire_failure *fail);
/* A word of the command line can be a file: a name without '/' and '.' that is no file here is a
 * stack's. */
bool ctl_source_is_file(const char *name);
void ctl_source_fini(struct ctl_source *s); /* safe on a zeroed one, and after a failure */

/* The same as a bundle for controld (JSON); the file's problems are told on stderr. */
int ctl_source_bundle(const struct ctl_args *args, const char *path, json_t **ret,
		      struct wire_failure *fail);

/* Every diagnostic on its own line of stderr. */
void ctl_source_talk(const struct ctl_source *s);

/* The two flags ctl_source_read() looks at, for commands' tables. */
#define CTL_FLAGS_SOURCE                                                                 \
	{ .name = "name",                                                                \
	  .type = CTL_STRING,                                                            \
	  .value = "STACK",                                                              \
	  .help = "the stack's name, over the one in the file" },                        \
	{                                                                                \
		.name = "env-file", .type = CTL_STRING, .value = "FILE", .repeat = true, \
		.help = "variables for interpolation, instead of .env"                   \
	}
