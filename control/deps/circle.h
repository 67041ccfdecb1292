/* A circle of dependencies, and what ends it. */
#pragma once

#include "base/buf.h"
#include "control/deps/deps.h"

struct deps_circle {
	const struct deps *d;
	size_t *nodes; /* each depends on the next, the last on the first */
	size_t n;
	bool *cuts; /* of each node: the circling ends when it no longer depends on the next */
};

void deps_circle_fini(struct deps_circle *c); /* safe on a zeroed one */
#define autocircle __attribute__((cleanup(deps_circle_fini)))

/* Through that node, which comes first; n is 0 when there is none. */
int deps_circle_through(const struct deps *d, size_t node, struct deps_circle *ret,
			struct sp_err *err);
/* Any among the nodes that are `in`, begun at the stack that asks if it lies on it. */
int deps_circle_any(const struct deps *d, const bool *in, struct deps_circle *ret,
		    struct sp_err *err);

/* The stack file's entry that makes the i-th node depend on the next; NULL when it is no entry of
 * the stack that asks. */
const struct stack_require *deps_circle_entry(const struct deps_circle *c, size_t i);

/* "a -> b -> a" */
void deps_circle_path(const struct deps_circle *c, struct sp_buf *out);
/* A line for each way out; file: where the entries of the stack that asks stand. */
void deps_circle_ways(const struct deps_circle *c, const char *file, struct sp_buf *out);
/* The object of docs/api.md. */
json_t *deps_circle_view(const struct deps_circle *c);
