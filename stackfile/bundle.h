/*
 * A bundle: a stack file together with all it refers to, as ctl sends it to controld (docs/api.md).
 *
 * stack_bundle_collect() runs the reader on the client and records every variable and file it asked
 * for; controld decodes the bundle and runs the same reader on it. A variable that was not set, or
 * a file that was not there, is absent in the bundle, so both readers see the same.
 */
#pragma once

#include <jansson.h>

#include "stackfile/read.h"

#define STACK_BUNDLE_FILES_MAX  256
#define STACK_BUNDLE_FILES_SIZE (8 * 1024 * 1024) /* of all files together */

struct stack_bundle_file {
	char *path; /* as written in the stack file */
	char *data;
	size_t len;
};

struct stack_bundle {
	char *name; /* of the stack; NULL: the file says */
	char *file;
	char *directory; /* absolute, on the client; NULL when not told */
	char *text;
	size_t len;
	struct wire_pair *variables;
	size_t n_variables;
	struct stack_bundle_file *files;
	size_t n_files;
	char *on_failure; /* "rollback" or "stop"; NULL: as the stack's policy says */
};

void stack_bundle_free(struct stack_bundle *b); /* takes NULL; wipes */
SP_AUTO(struct stack_bundle *, stack_bundle_free)

/* Read source with inner, as stack_read() does, and keep what it asked for. ret_stack may be NULL.
 */
int stack_bundle_collect(const struct stack_source *source, const struct stack_resolver *inner,
			 struct stack_bundle **ret, struct stack **ret_stack,
			 struct stack_report *report, struct sp_err *err);

int stack_bundle_decode(json_t *json, struct stack_bundle **ret, struct sp_err *err);
int stack_bundle_encode(const struct stack_bundle *b, json_t **ret, struct sp_err *err);

/* Borrowed views of a bundle, for stack_read(). */
struct stack_source stack_bundle_source(const struct stack_bundle *b);
struct stack_resolver stack_bundle_resolver(const struct stack_bundle *b);
