/* See repair.h. */
#include "control/drift/repair.h"

#include <string.h>

#include "base/json.h"
#include "base/str.h"
#include "base/time.h"
#include "control/node/peers.h"
#include "control/operation/gate.h"

#define REMOVE_TIMEOUT_NS (300 * SP_NS_PER_S)

/* A limit is put right alone: the field's name behind its kind ("limits.memory.max"). NULL: there
 * is nothing smaller than the part. */
static const char *only_of(const struct drift_finding *f)
{
	static const char *const single[] = { "cgroup", "rlimits", "sysctls" };
	const char *part = drift_repair_of(f) == DRIFT_PART ? drift_part_of(f) : NULL;
	const char *dot = strchr(f->field, '.');

	for (size_t i = 0; part && dot && i < SP_COUNT(single); i++)
		if (!strcmp(part, single[i]))
			return dot + 1;
	return NULL;
}

bool drift_repair_is_same(const struct drift_finding *a, const struct drift_finding *b)
{
	return drift_repair_of(a) == drift_repair_of(b) && !strcmp(a->node, b->node) &&
	       sp_str_eq(drift_part_of(a), drift_part_of(b)) &&
	       (!only_of(a) || sp_str_eq(only_of(a), only_of(b))) &&
	       (drift_repair_of(a) == DRIFT_NETWORK || !strcmp(a->resource, b->resource));
}

/* One finding at work. */
struct act {
	struct operation *o;
	const struct drift_finding *finding;
	struct agent *agent;
	struct agent_right right;
};

static const struct store_workload *find(const struct store_workloads *all, const char *id)
{
	for (size_t i = 0; i < all->n; i++)
		if (!strcmp(all->list[i].id, id))
			return &all->list[i];
	return NULL;
}

/* The workload of the finding as the current revision has it, in all. */
static int read_workload(struct act *a, struct store_workloads *all,
			 const struct store_workload **ret, struct sp_err *err)
{
	struct store_stack stack;
	int r = store_stack_get(a->o->store, a->o->row.stack, &stack, err);

	if (r == 0)
		r = store_workload_list(a->o->store, stack.name, stack.revision, all, err);
	if (r < 0)
		return r;
	*ret = find(all, a->finding->resource);
	return *ret ? 0
		    : sp_fail(err, SP_E_NOT_FOUND, "there is no workload '%s'",
			      a->finding->resource);
}

static int put_spec(struct act *a, const struct store_workload *w, struct sp_err *err)
{
	autojson json_t *spec = NULL;
	int r = sp_json_parse(w->spec, strlen(w->spec), &spec, err);

	if (r == 0)
		r = agent_put_workload(a->agent, &a->right, w->id, spec, NULL, err);
	return r;
}

static int put(struct act *a, struct sp_err *err)
{
	autoworkloads struct store_workloads all = { 0 };
	const struct store_workload *w = NULL;
	int r = read_workload(a, &all, &w, err);

	if (r == 0)
		r = put_spec(a, w, err);
	if (r < 0)
		return r;
	return gate_wait(a->o, w->node, w->id,
			 w->gate == STORE_GATE_COMPLETED ? GATE_COMPLETED : GATE_READY, err);
}

static int command(struct act *a, const char *what, struct sp_err *err)
{
	const struct drift_finding *f = a->finding;
	int r = agent_command(a->agent, &a->right, f->resource, what, NULL, err);

	return r < 0 ? r : gate_wait(a->o, f->node, f->resource, GATE_READY, err);
}

static int put_peers(struct act *a, struct sp_err *err)
{
	autonode struct store_node node = { 0 };
	autojson json_t *peers = NULL;
	char digest[SP_DIGEST_MAX];
	int r = store_node_get(a->o->store, a->finding->node, &node, err);

	if (r == 0)
		r = peers_for(a->o->store, &node, &peers, digest, err);
	return r < 0 ? r : agent_put_peers(a->agent, peers, err);
}

static int act(struct act *a, struct sp_err *err)
{
	const struct drift_finding *f = a->finding;
	const char *stack = a->o->row.stack;

	switch (drift_repair_of(f)) {
	case DRIFT_PEERS:
		return put_peers(a, err);
	case DRIFT_NETWORK:
		return agent_repair_network(a->agent, &a->right, stack, drift_part_of(f), err);
	case DRIFT_REMOVE:
		return agent_remove_workload(a->agent, &a->right, f->resource, REMOVE_TIMEOUT_NS,
					     err);
	case DRIFT_EXTRA:
		return agent_remove_extra(a->agent, &a->right, stack, drift_part_of(f), f->resource,
					  err);
	case DRIFT_PUT:
		return put(a, err);
	case DRIFT_START:
		return command(a, "start", err);
	case DRIFT_RESTART:
		return command(a, "restart", err);
	case DRIFT_PART:
		return agent_repair(a->agent, &a->right, f->resource, drift_part_of(f), only_of(f),
				    err);
	}
	return 0;
}

int drift_repair(struct operation *o, void *finding, struct sp_err *err)
{
	struct act a = { .o = o, .finding = finding, .right = operation_right(o) };
	int r = operation_agent(o, a.finding->node, &a.agent, err);

	if (r < 0)
		return r;
	r = operation_agent_failed(o, a.agent, act(&a, err), err);
	if (r == 0)
		operation_say(o, "%s instead of %s", a.finding->actual, a.finding->expected);
	return r;
}
