/* The snapshot step; see step.h. */
#include "control/snapshot/step.h"

#include <inttypes.h>
#include <string.h>

#include "control/snapshot/snapshot.h"
#include "control/stack/desired.h"

static int take(struct operation *o, void *in_use, struct sp_err *err)
{
	const struct snapshot_request q = { .stack = o->row.stack,
					    .cause = o->row.kind,
					    .creator = "controld",
					    .operation = o->row.id,
					    .in_use = *(const int64_t *)in_use };
	autosnapshot struct store_snapshot n = { 0 };
	int r = snapshot_take(o->store, &o->control->config, &q, &n, err);

	if (r == 0)
		operation_say(o, "v%" PRId64 ", of revision %" PRId64, n.version, n.revision);
	return r;
}

int snapshot_step(struct operation *o, int64_t in_use, struct sp_err *err)
{
	struct operation_step step = { .name = "snapshot",
				       .resource = o->row.stack,
				       .stage = SP_STAGE_STORE,
				       .fn = take,
				       .state = &in_use };

	return operation_step(o, 0, &step, err);
}

/* A bundle that cannot be read any more asks for the safe way. */
static bool is_wanted(struct operation *o, int64_t revision)
{
	struct desired d = { 0 };
	char *bundle = NULL;
	bool wanted = true;

	if (store_revision_bundle(o->store, o->row.stack, revision, &bundle, NULL) < 0)
		return true;
	if (desired_read(bundle, &d, NULL) == 0)
		wanted = d.stack->policy.create_snapshot;
	desired_fini(&d);
	explicit_bzero(bundle, strlen(bundle));
	free(bundle);
	return wanted;
}

int snapshot_step_by_policy(struct operation *o, struct sp_err *err)
{
	struct store_stack stack;
	int r = store_stack_get(o->store, o->row.stack, &stack, err);

	if (r < 0 || !stack.revision || !is_wanted(o, stack.revision))
		return r;
	return snapshot_step(o, 0, err);
}
