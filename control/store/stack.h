/*
 * Stacks, their revisions, and the workloads that are placed, as the store keeps them.
 *
 * A deploy writes the workloads of its own revision beside those of the current one; committing the
 * revision drops all others. So at any moment the rows tell everything that may exist on a node,
 * also when the one who deployed was killed half way.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "base/digest.h"
#include "control/store/store.h"

/* symbol, name */
#define STORE_STACK_STATES(X)     \
	X(DEPLOYING, "deploying") \
	X(RUNNING, "running")     \
	X(FAILED, "failed")       \
	X(DESTROYING, "destroying")

enum store_stack_state {
#define X(sym, name) STORE_STACK_##sym,
	STORE_STACK_STATES(X)
#undef X
};

struct store_stack {
	char name[STORE_NAME_MAX];
	int64_t revision; /* the one that runs; 0 before the first success */
	char digest[SP_DIGEST_MAX];
	char operation[STORE_NAME_MAX]; /* the last one */
	char state[16];
	int64_t updated_at_ns;
	int64_t expires_at_ns; /* by the database's clock (expiry.h); 0: never */
};

struct store_stacks {
	struct store_stack *list; /* by name */
	size_t n;
};

void store_stacks_fini(struct store_stacks *st);
#define autostacks __attribute__((cleanup(store_stacks_fini)))

/* What must hold for a workload before its operation may succeed. */
enum store_gate {
	STORE_GATE_READY,
	STORE_GATE_COMPLETED,
	STORE_GATE_TASK, /* a task: of its deploy only */
};

struct store_workload {
	char id[STORE_NAME_MAX];
	int64_t revision;
	char stack[STORE_NAME_MAX], service[STORE_NAME_MAX];
	uint32_t replica;
	char node[STORE_NAME_MAX];
	int64_t position;             /* in start order */
	char template[SP_DIGEST_MAX]; /* of the spec before it was placed */
	enum store_gate gate;
	const char *spec; /* JSON text of the spec as the agent gets it; NULL in a brief list */
};

struct store_workloads {
	struct store_workload *list; /* by revision, position, id */
	size_t n, room;
};

void store_workloads_fini(struct store_workloads *w);
#define autoworkloads __attribute__((cleanup(store_workloads_fini)))
/* Append a copy. */
int store_workloads_add(struct store_workloads *w, const struct store_workload *one);

const char *store_stack_state_name(enum store_stack_state state);

int store_stack_get(struct store *s, const char *name, struct store_stack *ret, struct sp_err *err);
int store_stack_list(struct store *s, struct store_stacks *ret, struct sp_err *err);

/* The one writer of a stack's state; makes the row when it is new. The change is an event. */
int store_stack_set_state(struct store *s, const char *name, enum store_stack_state state,
			  const char *operation, struct sp_err *err);
/* The same at the end of an operation that did not come to what it was asked for: the stack may
 * well run as it did before, but stack.execution.failed is what is told. */
int store_stack_fail(struct store *s, const char *name, enum store_stack_state state,
		     const char *operation, struct sp_err *err);
/* An operation failed before it touched the stack: told, with the state it is in ("" of a stack
 * that is not there). */
int store_stack_untouched(struct store *s, const char *name, const char *operation,
			  struct sp_err *err);

/* A new revision of a stack that has a row: its bundle is kept sealed, its number is returned. */
int store_revision_add(struct store *s, const char *stack, const char *digest, const char *bundle,
		       int64_t *ret_revision, struct sp_err *err);

/* The bundle that revision was made from, on the heap. */
int store_revision_bundle(struct store *s, const char *stack, int64_t revision, char **ret,
			  struct sp_err *err);

/* Workloads of a stack (NULL: of all), of one revision (0: of all). */
int store_workload_list(struct store *s, const char *stack, int64_t revision,
			struct store_workloads *ret, struct sp_err *err);
/* The same with the spec of the first replica of each service and revision only: to open the others
 * costs more than all the rest. */
int store_workload_list_brief(struct store *s, const char *stack, int64_t revision,
			      struct store_workloads *ret, struct sp_err *err);
/* Workloads of all stacks but one. */
int store_workload_list_others(struct store *s, const char *stack, struct store_workloads *ret,
			       struct sp_err *err);
/* Where the workload of that id runs: of the highest revision. NOT_FOUND. */
int store_workload_node(struct store *s, const char *id, char ret_node[STORE_NAME_MAX],
			struct sp_err *err);
/* Whose stack it belongs to. NOT_FOUND. */
int store_workload_stack(struct store *s, const char *id, char ret_stack[STORE_NAME_MAX],
			 struct sp_err *err);
int store_workload_put(struct store *s, const struct store_workload *w, struct sp_err *err);

/* Make revision the current one: the workloads of every other and its tasks are forgotten, and the
 * addresses that no workload has any more are free. */
int store_stack_commit(struct store *s, const char *stack, int64_t revision, struct sp_err *err);
/* Forget the workloads of a revision that never ran, and their addresses. */
int store_revision_drop(struct store *s, const char *stack, int64_t revision, struct sp_err *err);
/* Forget a stack with all its rows; the lease stays. */
int store_stack_remove(struct store *s, const char *stack, const char *operation,
		       struct sp_err *err);
