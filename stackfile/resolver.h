/*
 * Where the reader gets what a stack file refers to but does not hold: variables and files.
 *
 * ctl answers from its environment, `.env` and the file system (client.h); controld answers from
 * the bundle it was sent (bundle.h). The reader itself opens nothing.
 */
#pragma once

#include "base/buf.h"
#include "base/err.h"

#define STACK_FILE_MAX (1024 * 1024) /* bytes of any one file a stack file refers to */

struct stack_resolver {
	/* The value of a variable, or NULL when it is not set; borrowed until the resolver goes. */
	const char *(*variable)(void *state, const char *name);
	/* Append a file's bytes; path is as written in the stack file. SP_E_NOT_FOUND when absent.
	 */
	int (*file)(void *state, const char *path, struct sp_buf *ret, struct sp_err *err);
	void *state;
};
