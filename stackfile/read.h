/*
 * The stack file reader: text -> model, strictly (Compose Specification; docs/stack-file.md lists
 * the keys).
 *
 * A key that is not understood is an error with line and column, never dropped. Stack files are
 * untrusted: depth, nodes, alias expansion and sizes are bounded.
 */
#pragma once

#include "base/err.h"
#include "stackfile/report.h"
#include "stackfile/resolver.h"
#include "stackfile/stack.h"

struct stack_source {
	const char *file; /* for messages: "stack.yaml" */
	const char *text;
	size_t len;
	const char *name; /* of the stack, over the file's own `name:`; NULL: the file's, else the
			     directory's */
	const char *directory; /* absolute; relative bind mounts start there; NULL: refused */
};

/*
 * 0 and a stack, or -EINVAL with err holding the first problem ("stack.yaml:4:5: ..., and 2 more")
 * and the report all of them; -ENOMEM and the like otherwise. report may hold warnings and notes
 * after success; it is the caller's to fini in any case, and must be zeroed before.
 */
int stack_read(const struct stack_source *source, const struct stack_resolver *resolver,
	       struct stack **ret, struct stack_report *report, struct sp_err *err);
