/* What `ctl verify` found: one line for each check of each subject, in the order they were made. */
#pragma once

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"

enum verify_verdict { VERIFY_PASS, VERIFY_WARN, VERIFY_FAIL, VERIFY_SKIP, VERIFY_VERDICTS };

struct verify_line {
	enum verify_verdict verdict;
	char *check, *subject, *address, *stack, *message; /* never NULL */
	char *next; /* what to type; "": nothing to suggest */
	int64_t took_ns;
};

struct verify_report {
	struct verify_line *lines;
	size_t n, room;
	size_t count[VERIFY_VERDICTS];
	bool no_memory; /* a line was lost: the report proves nothing */
};

/* What a line is about; NULL members are empty. */
struct verify_subject {
	const char *check, *name, *address;
	const char *stack; /* whose it is; none for what belongs to a node or the cluster */
	const char *next;  /* the command to type when it failed */
};

void verify_report_add(struct verify_report *r, enum verify_verdict verdict, int64_t took_ns,
		       const struct verify_subject *subject, const char *fmt, ...)
	__attribute__((format(printf, 5, 6)));
void verify_report_fini(struct verify_report *r);

/* Nothing failed or was skipped, something passed, and no line was lost. */
bool verify_report_good(const struct verify_report *r);
const char *verify_verdict_name(enum verify_verdict v);

/* The i-th different command that the failed lines suggest; NULL when there are not so many. */
const char *verify_report_next(const struct verify_report *r, size_t i);

/* How many lines about that stack there are of each verdict. */
void verify_report_count(const struct verify_report *r, const char *stack,
			 size_t ret[VERIFY_VERDICTS]);

/* {"ok", "passed", "warned", "failed", "skipped", "checks": [...]}; NULL when out of memory. */
json_t *verify_report_json(const struct verify_report *r);
/* JUnit XML: a test suite whose cases are the lines; a warning is a pass that says so in
 * system-out. */
void verify_report_junit(const struct verify_report *r, const char *suite, struct sp_buf *out);
