/*
 * What must not be shown: values of secrets, and what looks like one. A plan, a diff or a snapshot
 * tells that such a value is there or has changed, never what it is.
 */
#pragma once

#include <jansson.h>
#include <stdbool.h>

#include "base/err.h"
#include "stackfile/stack.h"

#define SENSITIVE_SHOWN "(sensitive)"

/* The values of known secrets. */
struct sensitive {
	char **values;
	size_t n;
};

void sensitive_fini(struct sensitive *s); /* wipes */
#define autosensitive __attribute__((cleanup(sensitive_fini)))

/* Every secret of the stack, and every secret file of a spec (JSON, as agents get it). */
int sensitive_add_stack(struct sensitive *s, const struct stack *stack, struct sp_err *err);
int sensitive_add_spec(struct sensitive *s, const json_t *spec, struct sp_err *err);

/* The name says so: DB_PASSWORD, apiKey, --auth-token. */
bool sensitive_name(const char *name, size_t len);
/* A string, or a list of strings (a command line), that holds a known secret, the password of a
 * URL, or an option whose name says that its value is secret. */
bool sensitive_value(const struct sensitive *s, const json_t *value);
