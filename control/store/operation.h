/*
 * Operations and their steps: the journal. An intent is committed before the act (a step that
 * runs), its result after it, so that whoever reads it later knows what was done and what was not.
 *
 * An operation whose controld died is taken over by the next one: the same id, attempt n + 1, a
 * higher fencing token. Which way it goes, forward or back, is journalled too, and so is the
 * revision it made; so any attempt can go on from the rows alone.
 */
#pragma once

#include <jansson.h>
#include <stdint.h>

#include "base/digest.h"
#include "control/store/lease.h"
#include "control/store/store.h"
#include "wire/failure.h"

/* symbol, name */
#define STORE_OPERATION_STATES(X) \
	X(RUNNING, "running")     \
	X(SUCCEEDED, "succeeded") \
	X(FAILED, "failed")       \
	X(REVERTED, "reverted")   \
	X(REVERT_FAILED, "revert_failed")

enum store_operation_state {
#define X(sym, name) STORE_OPERATION_##sym,
	STORE_OPERATION_STATES(X)
#undef X
};

/* symbol, name; REVERT: what was done is being undone */
#define STORE_DIRECTIONS(X)   \
	X(FORWARD, "forward") \
	X(REVERT, "revert")

enum store_direction {
#define X(sym, name) STORE_DIRECTION_##sym,
	STORE_DIRECTIONS(X)
#undef X
};

/* symbol, name; INTERRUPTED: it ran when its controld ended, nobody knows how far it came */
#define STORE_STEP_STATES(X)  \
	X(PENDING, "pending") \
	X(RUNNING, "running") \
	X(DONE, "done")       \
	X(FAILED, "failed")   \
	X(SKIPPED, "skipped") \
	X(INTERRUPTED, "interrupted")

enum store_step_state {
#define X(sym, name) STORE_STEP_##sym,
	STORE_STEP_STATES(X)
#undef X
};

struct store_operation_request {
	const char *kind; /* "deploy", "destroy" */
	const char *stack;
	const char *requested_by;
	const char *idempotency_key; /* NULL: none */
	const char *request;         /* JSON text that the worker reads */
	store_fn allow; /* asked in the transaction that begins it, once it has the lock: its
			   refusal is the operation's; NULL: nothing is asked */
	void *allow_state;
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
	int64_t created_at_ns; /* by the database's clock, as are all its times */
	int64_t attempt;       /* from 1 */
	enum store_direction direction;
	int64_t revision;      /* that it made; 0: none yet */
	char stack_before[16]; /* state of the stack when revision was made */
	char *error;           /* JSON of a failure: why it reverts; NULL */
};

void store_operation_fini(struct store_operation *o);
#define autooperation __attribute__((cleanup(store_operation_fini)))

const char *store_operation_state_name(enum store_operation_state state);
const char *store_direction_name(enum store_direction direction);

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

/* What it ended with besides: a JSON object, topic to text ({"drift": "2 differences..."}). Told by
 * the event of its end, so it comes before. */
int store_operation_warn(struct store *s, const char *id, const json_t *warnings,
			 struct sp_err *err);

/*
 * store_lease_take_over(), and what follows from it: attempt + 1; the step it was in becomes
 * interrupted, what was not begun is skipped.
 */
int store_operation_take_over(struct store *s, const struct store_lease_takeover *t,
			      struct sp_err *err);

/* The revision it made, beside the state the stack had. */
int store_operation_set_revision(struct store *s, const char *id, int64_t revision,
				 const char *stack_before, struct sp_err *err);
/* From forward to revert, because of failure; what was not begun is skipped. */
int store_operation_turn(struct store *s, const char *id, const struct wire_failure *failure,
			 struct sp_err *err);
/* Ask it to revert; who asked stays on record. SP_E_CONFLICT when it has ended, or reverts. */
int store_operation_cancel(struct store *s, const char *id, const char *who, struct sp_err *err);
/* 1: it was asked to; ret_who. */
int store_operation_cancelled(struct store *s, const char *id, char *ret_who, size_t room,
			      struct sp_err *err);

/* Objects as docs/api.md has them. */
int store_operation_view(struct store *s, const char *id, json_t **ret, struct sp_err *err);
int store_operation_views(struct store *s, const char *stack, int64_t limit, json_t **ret,
			  struct sp_err *err); /* newest first, without steps */
/* {"running": N, "succeeded": N, ...}: how many operations of a stack are in each state. */
int store_operation_counts(struct store *s, const char *stack, json_t **ret, struct sp_err *err);

struct store_step {
	const char *operation;
	const char *name, *node, *resource; /* NULL where it does not apply */
	const char *subject;                /* JSON of what it is about, for who goes on; NULL */
};

struct store_step_row {
	int number;
	char name[STORE_NAME_MAX], node[STORE_NAME_MAX], resource[128];
	enum store_step_state state;
	int64_t attempt;
};

struct store_steps {
	struct store_step_row *list; /* by number */
	size_t n;
};

void store_steps_fini(struct store_steps *st);
#define autosteps __attribute__((cleanup(store_steps_fini)))

int store_step_list(struct store *s, const char *operation, struct store_steps *ret,
		    struct sp_err *err);

/* The subjects of the steps of that name, of all attempts, in their order: a JSON list. */
int store_step_subjects(struct store *s, const char *operation, const char *name, json_t **ret,
			struct sp_err *err);

/* 1: the node where the last step that named the resource was done. */
int store_step_node(struct store *s, const char *resource, char ret_node[STORE_NAME_MAX],
		    struct sp_err *err);

/* A step that is to be done, of the operation's present attempt; numbered from 1 in the order they
 * are added. */
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
