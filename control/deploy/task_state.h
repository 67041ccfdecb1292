/*
 * What a task asks of its stack's state through the socket in its container, while its step runs.
 * The agent cannot call the control plane, so the operation that waits for the task asks the agent
 * for questions, answers them from the store under its own right, and brings the answers
 * (agentd/state_socket.h has the other end).
 *
 * A question that a controld took and did not live to answer is asked again of the one that goes
 * on, marked "again": what is as it was asked to be is left so. What a task has written stays, also
 * when it fails afterwards.
 */
#pragma once

#include "control/deploy/tasks.h"

#define TASK_STATE_CHANGES_MAX 1000 /* by one try of a task: each is a row that stays */

struct task_state {
	const struct deploy_task *task;
	json_t *answer; /* of the last question, not brought yet */
	int changes;
};

/* The gate_look_fn of a task's gate; state is a struct task_state. */
int task_state_look(struct operation *o, void *state, int64_t slice_ns, json_t **ret_status,
		    struct sp_err *err);
void task_state_fini(struct task_state *s);
