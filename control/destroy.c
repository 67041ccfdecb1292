/* Destroying a stack: its workloads in reverse start order, then its volumes if asked, then its
 * rows. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/json.h"
#include "base/log.h"
#include "base/time.h"
#include "control/operation.h"
#include "control/store_node.h"
#include "control/store_stack.h"

#define REMOVE_TIMEOUT_NS (300 * SP_NS_PER_S)

struct destroy {
	struct operation *o;
	struct store_workloads known;
	struct store_nodes nodes;
	int *steps; /* numbers, in the order of known */
	bool volumes;
};

struct act {
	const char *node, *id;
};

static int remove_workload(struct operation *o, void *state, struct sp_err *err)
{
	const struct act *act = state;
	struct agent_right right = operation_right(o);
	struct agent *a = NULL;
	int r = operation_agent(o, act->node, &a, err);

	if (r == 0)
		r = operation_agent_failed(
			o, a, agent_remove_workload(a, &right, act->id, REMOVE_TIMEOUT_NS, err),
			err);
	return r;
}

static int remove_volumes(struct operation *o, void *state, struct sp_err *err)
{
	const struct act *act = state;
	struct agent_right right = operation_right(o);
	struct agent *a = NULL;
	int r = operation_agent(o, act->node, &a, err);

	if (r == 0)
		r = operation_agent_failed(o, a, agent_remove_volumes(a, &right, o->row.stack, err),
					   err);
	return r;
}

static struct operation_step step_of(struct act *act, operation_fn fn)
{
	return (struct operation_step){ .name = act->id ? "remove" : "volumes",
					.node = act->node,
					.resource = act->id,
					.stage = SP_STAGE_START,
					.fn = fn,
					.state = act };
}

static int plan_all(struct store *s, void *state, struct sp_err *err)
{
	struct destroy *d = state;
	int r = store_stack_set_state(s, d->o->row.stack, STORE_STACK_DESTROYING, d->o->row.id,
				      err);

	for (size_t i = d->known.n; r == 0 && i > 0; i--) {
		struct act act = { d->known.list[i - 1].node, d->known.list[i - 1].id };
		struct operation_step step = step_of(&act, remove_workload);

		r = operation_plan(d->o, &step, &d->steps[i - 1], err);
	}
	return r;
}

static int remove_all(struct destroy *d, struct sp_err *err)
{
	int r = 0;

	for (size_t i = d->known.n; r == 0 && i > 0; i--) {
		struct act act = { d->known.list[i - 1].node, d->known.list[i - 1].id };
		struct operation_step step = step_of(&act, remove_workload);

		r = operation_step(d->o, d->steps[i - 1], &step, err);
	}
	return r;
}

/* A volume may be on a node where nothing of the stack runs any more, so all nodes are asked. */
static int remove_all_volumes(struct destroy *d, struct sp_err *err)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < d->nodes.n; i++) {
		struct act act = { .node = d->nodes.list[i].name };
		struct operation_step step = step_of(&act, remove_volumes);

		r = operation_step(d->o, 0, &step, err);
	}
	return r;
}

static int forget(struct operation *o, void *state, struct sp_err *err)
{
	(void)state;
	return store_stack_remove(o->store, o->row.stack, o->row.id, err);
}

static int walk(struct destroy *d, struct sp_err *err)
{
	struct operation *o = d->o;
	struct operation_step last = {
		.name = "finish", .resource = o->row.stack, .stage = SP_STAGE_STORE, .fn = forget
	};
	autojson json_t *request = json_loads(o->row.request, 0, NULL);
	int r = store_workload_list(o->store, o->row.stack, 0, &d->known, err);

	d->volumes = json_is_true(json_object_get(request, "volumes"));
	d->steps = calloc(d->known.n + 1, sizeof(*d->steps));
	if (r == 0 && !d->steps)
		r = sp_fail_nomem(err);
	if (r == 0)
		r = store_node_list(o->store, &d->nodes, err);
	if (r == 0)
		r = store_transact(o->store, plan_all, d, err);
	if (r == 0)
		r = remove_all(d, err);
	if (r == 0 && d->volumes)
		r = remove_all_volumes(d, err);
	return r < 0 ? r : operation_step(o, 0, &last, err);
}

static void conclude(struct destroy *d, int r, struct sp_err *err)
{
	struct operation *o = d->o;
	enum store_operation_state state =
		r < 0 ? STORE_OPERATION_FAILED : STORE_OPERATION_SUCCEEDED;

	if (r < 0 && !o->failed) {
		wire_failure_init(&o->failure, err, "controld");
		o->failed = true;
	}
	if (r < 0) {
		store_step_skip_pending(o->store, o->row.id, err);
		store_stack_set_state(o->store, o->row.stack, STORE_STACK_FAILED, o->row.id, err);
	}
	if (store_operation_finish(o->store, o->row.id, state, r < 0 ? &o->failure : NULL, err) < 0)
		sp_log(SP_LOG_ERROR, "operation.finish", SP_STR("operation", o->row.id),
		       SP_ERR(err));
}

void destroy_run(struct operation *o)
{
	struct destroy d = { .o = o };
	struct sp_err err = { 0 };
	int r = walk(&d, &err);

	if (!operation_stopping(o))
		conclude(&d, r, &err);
	free(d.steps);
	store_nodes_fini(&d.nodes);
	store_workloads_fini(&d.known);
}
