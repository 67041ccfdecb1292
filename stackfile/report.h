/*
 * What the reader has to say about a stack file: every problem it found in one pass, each with its
 * address.
 */
#pragma once

#include <jansson.h>
#include <stdarg.h>
#include <stddef.h>

#include "base/buf.h"
#include "stackfile/stack.h"

#define STACK_DIAGNOSTICS_MAX 200 /* kept; further ones are only counted */

enum stack_severity { STACK_NOTE, STACK_WARNING, STACK_ERROR };

/* symbol, name on the wire */
#define STACK_CODES(X)                \
	X(SYNTAX, "syntax")           \
	X(LIMIT, "limit")             \
	X(UNKNOWN_KEY, "unknown_key") \
	X(UNSUPPORTED, "unsupported") \
	X(TYPE, "type")               \
	X(VALUE, "value")             \
	X(MISSING, "missing")         \
	X(DUPLICATE, "duplicate")     \
	X(REFERENCE, "reference")     \
	X(CYCLE, "cycle")             \
	X(CONFLICT, "conflict")       \
	X(VARIABLE, "variable")       \
	X(FILE, "file")               \
	X(IGNORED, "ignored")

enum stack_code {
#define X(sym, name) STACK_CODE_##sym,
	STACK_CODES(X)
#undef X
};

struct stack_diagnostic {
	enum stack_severity severity;
	enum stack_code code;
	char *file; /* the stack file, or an env_file it names */
	struct stack_position at;
	char *key; /* "services.web.ports[0]"; "" for the file as a whole */
	char *message;
	char *suggestion; /* what to write instead; NULL when there is none */
};

struct stack_report {
	struct stack_diagnostic *list; /* in the order of their positions */
	size_t n;
	size_t errors, warnings; /* counted past STACK_DIAGNOSTICS_MAX too */
	int no_memory;           /* a diagnostic was lost because memory ran out */
};

void stack_report_fini(struct stack_report *r); /* safe on a zeroed report, and twice */

/* "stack.yaml:4:5: error: services.web.build is not supported yet", no newline. */
void stack_diagnostic_format(const struct stack_diagnostic *d, struct sp_buf *out);
/* [{"severity", "code", "file", "line", "column", "key", "message", "suggestion"}]; NULL when out
 * of memory. */
json_t *stack_report_encode(const struct stack_report *r);

const char *stack_code_name(enum stack_code code);
const char *stack_severity_name(enum stack_severity severity);

/* Used by the reader. */
struct stack_finding {
	enum stack_severity severity;
	enum stack_code code;
	const char *file;
	struct stack_position at;
	const char *key;
	const char *suggestion; /* NULL */
};

void stack_report_add(struct stack_report *r, const struct stack_finding *f, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));
void stack_report_vadd(struct stack_report *r, const struct stack_finding *f, const char *fmt,
		       va_list ap) __attribute__((format(printf, 3, 0)));
/* Sort, and tell the outcome: 0, or -EINVAL with the first error ("FILE:4:5: ..., and 2 more"). */
int stack_report_result(struct stack_report *r, struct sp_err *err);
