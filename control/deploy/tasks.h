/*
 * The tasks of a deploy: containers that run to their end, before the first service is touched or
 * after all are ready. While the deploy lasts each is a workload of its revision,
 * "<stack>-<task>-1", so that whoever finishes or reverts the deploy finds it; at the end it is
 * removed and its log stays. A task that has succeeded, by the journal, is not run again by a later
 * attempt.
 */
#pragma once

#include "control/deploy/deploy.h"

struct deploy_task {
	const struct stack_task *task; /* borrowed from the stack */
	struct wire_workload *spec;
	json_t *json; /* spec as the agent gets it, once it is placed */
	char node[STORE_NAME_MAX];
	char template[SP_DIGEST_MAX];
	size_t own_hosts;
};

/* One for each task of the stack, in task_order, its image pinned (or as it was placed). */
int deploy_tasks_read(struct deploy *d, struct sp_err *err);
void deploy_tasks_fini(struct deploy *d);

/* A node for each; or as a former attempt placed them. The cluster is read. */
int deploy_tasks_place(struct deploy *d, struct sp_err *err);
int deploy_tasks_adopt_places(struct deploy *d, struct sp_err *err);
/* Their addresses and rows, in the transaction that places the services. */
int deploy_tasks_write(struct store *s, struct deploy *d, struct sp_err *err);

/* Run those, each after the tasks it depends on. */
int deploy_tasks_run(struct deploy *d, enum stack_task_when when, struct sp_err *err);
/* Remove their containers. */
int deploy_tasks_remove(struct deploy *d, struct sp_err *err);
