/*
 * A deploy at work. Its steps, in order, each in a file of its own:
 *
 *   validate, plan      compare.c  read the bundle, pin the images, compare
 *                       observe.c  what looks the same but is not there, or is down
 *   snapshot            snapshot/step.c   what ran, to come back to
 *   place               place.c    nodes, addresses, final specs; rows of the new revision
 *   pull                pull.c     missing blobs to the nodes concerned
 *   task                tasks.h    containers that run to their end, before and after
 *   start, ready        start.c    in dependency order, gated on health
 *   remove              remove.c   what is no longer desired
 *   finish              deploy.c          the new revision is the current one
 *   drift-check         success.c         what the hosts have, compared with it
 *   revert              revert.c          after a failure: the previous revision, whole
 *
 * A deploy that was cut off is walked again from its first step (resume.c). Before it was
 * placed, nothing but the journal tells of it. After that, its revision's rows are taken as they
 * are, and the plan is the same as before; every act is repeated, and an agent that has done it
 * already does nothing.
 */
#pragma once

#include "control/deploy/plan.h"
#include "control/deploy/request.h"
#include "control/operation/operation.h"
#include "control/place/cluster.h"
#include "control/stack/desired.h"
#include "control/store/stack.h"

/* A desired workload once it is placed. */
struct deploy_target {
	char node[STORE_NAME_MAX];
	json_t *spec;     /* final, as the agent gets it */
	bool put;         /* the agent has to be told: new, changed, moved, or its hosts changed */
	bool gated;       /* and it has to become good before the operation goes on */
	size_t own_hosts; /* entries of its /etc/hosts that the stack file gives */
	int start, ready; /* numbers of its steps; 0: none */
	bool started, good; /* as of now */
};

enum deploy_removal_time {
	DEPLOY_REMOVE_TASKS, /* first of all: left by a deploy that was to stop where it failed */
	DEPLOY_REMOVE_EARLY, /* before the others start: it has a port that one of them needs */
	DEPLOY_REMOVE_LATE,
};

/* A workload that has to go from a node: no longer desired, or moved away. */
struct deploy_removal {
	const struct store_workload *old; /* into known */
	enum deploy_removal_time when;
	int step;
};

struct deploy {
	struct operation *o;
	struct deploy_request request;
	struct desired desired;
	struct store_stack stack;      /* as it was before */
	struct store_workloads known;  /* rows of the stack as they were before, of all revisions */
	struct store_workloads placed; /* rows of its own revision, from a former attempt */
	struct plan plan;
	json_t **was, **is; /* specs of known, and of desired before placement, as compared */
	struct cluster cluster;
	struct deploy_target *targets;      /* one for each desired workload */
	const struct stack_service *misfit; /* it has a workload that no node has room for */
	struct deploy_task *tasks;          /* in the order they run */
	size_t n_tasks;
	int *pulls; /* numbers of the pull steps, by node of the cluster; 0: none */
	struct deploy_removal *removals;
	size_t n_removals;
	int64_t revision; /* the new one; 0 before it is placed */
	bool committed;
	bool explain;                      /* placement says why */
	char (*reasons)[PLACE_REASON_MAX]; /* of each target, one for each node of the cluster */
};

void deploy_fini(struct deploy *d);

/* The stack and its rows as they were before. */
int deploy_read_before(struct deploy *d, struct sp_err *err);
/* Ask the store whether its revision is the current one. */
int deploy_read_committed(struct deploy *d, struct sp_err *err);
bool deploy_is_committed(const struct deploy *d); /* as last read */
/* From the rows of a former attempt: what is desired, and where. */
int deploy_adopt(struct deploy *d, struct sp_err *err);
int deploy_adopt_spec(struct deploy *d, struct wire_workload **spec,
		      char ret_template[SP_DIGEST_MAX], struct sp_err *err);
const struct store_workload *deploy_find_placed(const struct deploy *d, const char *id);
int deploy_adopt_places(struct deploy *d, struct sp_err *err);
int deploy_validate(struct operation *o, void *deploy, struct sp_err *err);
/* With what the store knows; deploy_compare() asks the agents too. */
int deploy_compare_rows(struct deploy *d, struct sp_err *err);
int deploy_compare(struct operation *o, void *deploy, struct sp_err *err);
/* Compared, and nothing is to be done. What others and later operations read of a stack (policy,
 * outputs, what it requires) may change without any workload changing: that is a revision too. */
bool deploy_is_settled(const struct deploy *d);
int deploy_observe(struct deploy *d, struct sp_err *err);
/* Read the cluster, and choose a node for each target; nothing is written. */
int deploy_choose_nodes(struct deploy *d, struct sp_err *err);
int deploy_fill_constraints(const struct stack_service *s,
			    struct place_request *q); /* -1: memory */
int deploy_give_address(struct store *s, struct deploy *d, struct wire_workload *w,
			const char *node, struct sp_err *err);
/* Each service by its name, which gives all its replicas, and each replica by its own. */
int deploy_name_the_others(struct deploy *d, struct wire_workload *w, struct sp_err *err);
/* A transaction may be run again: the names that an earlier run gave go first. */
void deploy_drop_names(struct wire_workload *w, size_t keep);
int deploy_place(struct operation *o, void *deploy, struct sp_err *err);
int deploy_plan_pull(struct deploy *d, struct sp_err *err);
int deploy_pull(struct deploy *d, struct sp_err *err);
int deploy_plan_start(struct deploy *d, struct sp_err *err); /* journals what will be done */
int deploy_start(struct deploy *d, struct sp_err *err);
/* Two specs want the same port of their node. */
bool deploy_share_port(const json_t *a, const json_t *b);
int deploy_plan_remove(struct deploy *d, struct sp_err *err);
int deploy_remove(struct deploy *d, enum deploy_removal_time when, struct sp_err *err);
/* It is deployed: what is left is to look for drift, and to say so. */
void deploy_succeed(struct deploy *d, struct sp_err *err);
/* r: what the way forward came to. */
void deploy_end(struct deploy *d, int r, struct sp_err *err);
