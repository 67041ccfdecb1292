/*
 * Operations and their steps: the journal. An intent is committed before the act (a step that
 * runs), its result after it, so that whoever reads it later knows what was done and what was not.
 */
#pragma once

#include <jansson.h>
#include <stdint.h>

#include "base/digest.h"
#include "control/store.h"
#include "control/store_lease.h"
#include "wire/failure.h"

/* symbol, name */
#define STORE_OPERATION_STATES(X)         \
	X(RUNNING, "running")             \
	X(SUCCEEDED, "succeeded")         \
	X(FAILED, "failed")               \
	X(REVERTED, "reverted")           \
	X(REVERT_FAILED, "revert_failed") \
	X(INTERRUPTED, "interrupted")

enum store_operation_state {
#define X(sym, name) STORE_OPERATION_##sym,
	STORE_OPERATION_STATES(X)
#undef X
};

/* symbol, name */
#define STORE_STEP_STATES(X)  \
	X(PENDING, "pending") \
	X(RUNNING, "running") \
	X(DONE, "done")       \
	X(FAILED, "failed")   \
	X(SKIPPED, "skipped")

enum store_step_state {
#define X(sym, name) STORE_STEP_##sym,
	STORE_STEP_STATES(X)
#undef X
};

struct store_operation_request {
	const char *kind; /* "deploy", "destroy" */
	const char *stack;
	const char *requested_by;
	const char *idempotency_key;     /* NULL: none */
	const char *request;             /* JSON text that the worker reads */
	struct store_lease_request lock; /* who, for how long, under which lock, whether to wait;
					    the rest is filled in from above */
};

struct store_operation {
	char id[STORE_NAME_MAX];
	char kind[16];
	char stack[STORE_NAME_MAX];
	int64_t token; /* fencing token for the agents */
	char *request;
	enum store_operation_state state;
};

void store_operation_fini(struct store_operation *o);
#define autooperation __attribute__((cleanup(store_operation_fini)))

const char *store_operation_state_name(enum store_operation_state state);

enum { STORE_OPERATION_BEGUN, STORE_OPERATION_KNOWN, STORE_OPERATION_WAITS };
/*
 * Begin an operation: its row, and the stack's lock with its next fencing token. KNOWN: the
 * idempotency key was seen before and this is that operation. WAITS: it was to wait for the lock
 * and is in the queue. SP_E_LOCKED says who has it; SP_E_CONFLICT that the key came with another
 * request, or that the lock to run under is not the one that is held.
 */
int store_operation_begin(struct store *s, const struct store_operation_request *q,
			  char ret_id[STORE_NAME_MAX], struct sp_err *err);
int store_operation_load(struct store *s, const char *id, struct store_operation *ret,
			 struct sp_err *err);
/* The one way out of `running`, and the end of its lock; SP_E_CONFLICT when it is not running.
 * failure may be NULL. */
int store_operation_finish(struct store *s, const char *id, enum store_operation_state state,
			   const struct wire_failure *failure, struct sp_err *err);

/* Operations found running when nothing runs them: each becomes interrupted, and says in its error
 * which step it was in and how many are done. Returns how many. */
int store_operation_recover(struct store *s, struct sp_err *err);

/* Objects as docs/api.md has them. */
int store_operation_view(struct store *s, const char *id, json_t **ret, struct sp_err *err);
int store_operation_views(struct store *s, const char *stack, int64_t limit, json_t **ret,
			  struct sp_err *err); /* newest first, without steps */

struct store_step {
	const char *operation;
	const char *name, *node, *resource; /* NULL where it does not apply */
};

/* A step that is to be done; numbered from 1 in the order they are added. */
int store_step_add(struct store *s, const struct store_step *step, int *ret_number,
		   struct sp_err *err);
/* The one writer of a step's state; an event tells. message and failure may be NULL. */
int store_step_set(struct store *s, const char *operation, int number, enum store_step_state state,
		   const char *message, const struct wire_failure *failure, struct sp_err *err);
/* What was never begun is skipped. */
int store_step_skip_pending(struct store *s, const char *operation, struct sp_err *err);
/* Its worker is cut off: the step that was running has failed, what was never begun is skipped. */
int store_step_cut(struct store *s, const char *operation, const struct wire_failure *failure,
		   struct sp_err *err);
