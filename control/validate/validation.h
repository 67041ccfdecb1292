/* What a validation found: one check or more for each area, each with its address. */
#pragma once

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"

/* symbol, name */
#define VALIDATION_VERDICTS(X) X(PASS, "PASS") X(WARN, "WARN") X(FAIL, "FAIL") X(SKIP, "SKIP")

enum validation_verdict {
#define X(sym, name) VALIDATION_##sym,
	VALIDATION_VERDICTS(X)
#undef X
		VALIDATION_VERDICT_COUNT
};

/* Where a check looked; NULL and 0 where it does not apply. */
struct validation_at {
	const char *file;
	uint32_t line, column;
	const char *node, *resource, *next;
};

struct validation {
	const char *area; /* of what is added next; borrowed */
	json_t *checks;
	size_t counts[VALIDATION_VERDICT_COUNT];
	size_t area_from; /* checks there were when the area began */
	bool no_memory;
};

void validation_fini(struct validation *v);
/* All that follows is of that area. */
void validation_begin(struct validation *v, const char *area);
void validation_add(struct validation *v, enum validation_verdict verdict,
		    const struct validation_at *at, const char *fmt, ...)
	__attribute__((format(printf, 4, 5)));
/* The area is done: unless something was added, it has passed with these words. */
void validation_end(struct validation *v, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

bool validation_ok(const struct validation *v); /* nothing failed, no check was lost */
/* The object of docs/api.md. */
int validation_view(const struct validation *v, const char *stack, int64_t took_ns, json_t **ret,
		    struct sp_err *err);
/* The first failure as an error at the validate stage, and "and 2 more"; 0 when nothing failed. */
int validation_result(const struct validation *v, struct sp_err *err);
