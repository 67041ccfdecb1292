/*
 * The plan: what has to happen to each workload so that what is desired becomes what is. A pure
 * comparison; a workload's identity is its id, its content the digest of its template.
 */
#pragma once

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

/* symbol, name, sign */
#define PLAN_ACTIONS(X)          \
	X(CREATE, "create", '+') \
	X(UPDATE, "update", '~') \
	X(KEEP, "keep", '=')     \
	X(REMOVE, "remove", '-')

enum plan_action {
#define X(sym, name, sign) PLAN_##sym,
	PLAN_ACTIONS(X)
#undef X
};

#define PLAN_NONE       SIZE_MAX
#define PLAN_REASON_MAX 160

/* One side of the comparison. */
struct plan_workload {
	const char *id;
	const char *template; /* digest */
	const char *node;     /* of a current one */
	const json_t *spec;   /* to tell which fields differ; may be NULL */
};

struct plan_item {
	enum plan_action action;
	size_t desired; /* index, or PLAN_NONE for what is removed */
	size_t current; /* index, or PLAN_NONE for what is created */
	bool revive;    /* it is there, but down for good: told to start anew */
	char reason[PLAN_REASON_MAX];
};

struct plan {
	struct plan_item *items; /* desired ones in their order (start order), then removals */
	size_t n;
	size_t counts[PLAN_REMOVE + 1];
};

/*
 * current may hold an id more than once (leftovers of an operation that was interrupted): the last
 * one is compared, the others are removed unless they are on the same node. With distrust, what
 * looks the same is updated anyway: nobody knows what of it was done.
 */
struct plan_input {
	const struct plan_workload *desired, *current;
	size_t n_desired, n_current;
	bool distrust;
};

int plan_make(const struct plan_input *in, struct plan *ret, struct sp_err *err);
void plan_fini(struct plan *p);

/* What looked the same has to be told again all the same. */
void plan_turn_to_update(struct plan *p, size_t item, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

bool plan_is_empty(const struct plan *p); /* nothing to do */
const char *plan_action_name(enum plan_action action);
/* "1 to create, 2 to update, 3 unchanged, 0 to remove" */
void plan_summary(const struct plan *p, char *ret, size_t room);
