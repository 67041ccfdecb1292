/*
 * What must not be shown. One rule: of free text (environment, labels, command lines, what probes
 * ask, outputs) only what stands openly in the stack file is shown, and of that nothing that looks
 * like a secret (telling.h); what came in through a variable, an env file or another stack's
 * output, or nobody knows how, is not. A plan, a diff or a snapshot tells that such a value is
 * there or has changed, never what it is.
 */
#pragma once

#include <jansson.h>
#include <stdbool.h>

#include "base/err.h"
#include "stackfile/stack.h"

#define SENSITIVE_SHOWN "(sensitive)"

/* Two states of a stack are compared; UNKNOWN is of neither file, so that nothing of it is open. */
enum sensitive_side { SENSITIVE_BEFORE, SENSITIVE_AFTER, SENSITIVE_UNKNOWN };

/* What the file of one side says openly, by service and task. */
struct sensitive_file {
	struct sensitive_service {
		const char *name;
		char *const *open; /* stack_service.h */
	} * list;
	size_t n;
};

struct sensitive {
	char **values; /* of known secrets */
	size_t n;
	struct sensitive_file files[SENSITIVE_UNKNOWN];
};

void sensitive_fini(struct sensitive *s); /* wipes */
#define autosensitive __attribute__((cleanup(sensitive_fini)))

/* The file of a side, once for each: every secret of it, and what it says openly. The stack is
 * borrowed. */
int sensitive_add_stack(struct sensitive *s, enum sensitive_side side, const struct stack *stack,
			struct sp_err *err);
/* Every secret file of a spec (JSON, as agents get it). */
int sensitive_add_spec(struct sensitive *s, const json_t *spec, struct sp_err *err);

/* The paths of free text that the service or task says openly; empty when it is not known. */
char *const *sensitive_open(const struct sensitive *s, enum sensitive_side side,
			    const char *service);
/* A string, or a list of strings (a command line), that holds a known secret or looks like one. */
bool sensitive_value(const struct sensitive *s, const json_t *value);

/* A member of a spec that is compared, but not shown; steals value. */
json_t *sensitive_wrap(json_t *value);
json_t *sensitive_unwrap(json_t *value); /* borrowed; NULL when it is not wrapped */
