/*
 * An operation at work: it walks its steps, each with its intent in the store before the act and
 * its result after it. Belongs to one worker thread; only operation_stop() comes from another.
 *
 * It works under its stack's lock (lease.h). When controld stops, or the lock is lost, or
 * the store refuses a write, it just returns and leaves its rows as they are: the journal tells the
 * truth, and whoever takes it over goes on (recovery.h). An agent that does not answer is tried
 * again for a while (agent_patience) before that is a failure.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "control/control.h"
#include "control/node/agent.h"
#include "control/store/operation.h"
#include "wire/failure.h"

#define OPERATION_MESSAGE_MAX 512

struct operation;

/* The act of a step. It may set o->message (told when done) and o->at (the address when not). */
typedef int (*operation_fn)(struct operation *o, void *state, struct sp_err *err);

struct operation_step {
	const char *name, *node, *resource; /* NULL where it does not apply */
	const char *subject;                /* JSON, kept with its intent; NULL */
	enum sp_stage stage;                /* of an error that names none */
	uint32_t attempt, attempts;         /* n of m, of a step that is tried so often */
	operation_fn fn;
	void *state;
};

struct operation_agents;

struct operation {
	struct control *control;
	struct store *store;
	struct store_operation row;
	int step; /* number of the running one */
	char message[OPERATION_MESSAGE_MAX];
	struct wire_failure at;      /* address in the making, of the running step */
	struct wire_failure failure; /* of the first step that failed */
	json_t *warnings;            /* topic to text, told with its end; NULL: none */
	bool failed;
	bool lost;           /* no more ours to write for */
	bool past_return;    /* too late to cancel: what is gone cannot be put back */
	int64_t began_ns;    /* its first attempt (CLOCK_MONOTONIC, from the database's clock) */
	int64_t deadline_ns; /* CLOCK_MONOTONIC, of the way forward; 0: none */
	struct operation_agents *agents;
};

int operation_open(struct control *c, const char *id, struct operation **ret, struct sp_err *err);
void operation_run(struct operation *o); /* to its end, whatever that is */
void operation_close(struct operation *o);
void operation_stop(struct operation *o); /* from another thread: end soon */
/* From another thread: its lock is its own until then (CLOCK_MONOTONIC). */
void operation_extend(struct operation *o, int64_t until_ns);
bool operation_stopping(const struct operation *o); /* or lost */

/* Journal a step as still to be done; its number. */
int operation_plan(struct operation *o, const struct operation_step *step, int *ret_number,
		   struct sp_err *err);
/* Run it: number from operation_plan(), or 0 to add it now. */
int operation_step(struct operation *o, int number, const struct operation_step *step,
		   struct sp_err *err);

/* 0: go on. An error when it is cancelled, stopping, or out of time; reverting only ever stops. */
int operation_check(struct operation *o, struct sp_err *err);
/* Give the way forward, over all its attempts, that long from the operation's begin; 0: no bound.
 */
void operation_limit(struct operation *o, int64_t timeout_ns);
/* Of a time-out, what is left of the operation's own. */
int64_t operation_bound(const struct operation *o, int64_t timeout_ns);
bool operation_is_cancelled(struct operation *o);
/* From here on it reverts; err says why, unless a step has failed already. */
int operation_turn(struct operation *o, struct sp_err *err);
/* Its end, in one transaction with fn (NULL: nothing). err says why, unless a step has failed. */
int operation_end(struct operation *o, enum store_operation_state end, store_fn fn, void *state,
		  struct sp_err *err);
void operation_keep_failure(struct operation *o, const struct sp_err *err);

/* Something that its success does not change, kept with its end; once for each topic. */
void operation_warn(struct operation *o, const char *topic, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));
void operation_say(struct operation *o, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* The agent of a node, opened once an operation; borrowed. */
int operation_agent(struct operation *o, const char *node, struct agent **ret, struct sp_err *err);
struct agent_right operation_right(const struct operation *o);
/* Keep what an agent said of a failure in o->at; returns r. */
int operation_agent_failed(struct operation *o, const struct agent *a, int r,
			   const struct sp_err *err);

/* The kinds, by the name in the store. */
#define OPERATION_DRIFT_FIX "drift-fix"
void deploy_run(struct operation *o);
void destroy_run(struct operation *o);
void drift_fix_run(struct operation *o);
