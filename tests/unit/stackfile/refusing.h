/* What a stack file may not say: bodies, each with the line of the report that refuses it. */
#pragma once

#include "reading.h"

struct refusal {
	const char *body, *line;
};

/* Each body stands below "services:\n  web:\n    image: nginx\n", so its first line is line 4. */
static inline void refuse_all(const struct refusal *cases, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		autoreading struct reading r = { 0 };
		char text[2048];

		snprintf(text, sizeof(text), "services:\n  web:\n    image: nginx\n%s",
			 cases[i].body);
		read_text_of(&r, text);
		cr_expect_eq(r.result, -EINVAL, "%s", text);
		cr_expect_null(r.stack);
		cr_said(&r.report, cases[i].line, text);
	}
}

/* Whole files. */
static inline void refuse_files(const struct refusal *cases, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		autoreading struct reading r = { 0 };

		read_text_of(&r, cases[i].body);
		cr_expect_eq(r.result, -EINVAL, "%s", cases[i].body);
		cr_said(&r.report, cases[i].line, cases[i].body);
	}
}
