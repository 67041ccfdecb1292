/* What a workload's spec comes to on this node: in the kernel's units, within what the node can
 * give. The control plane compares it with what the kernel holds. */
#include "agentd/launch.h"
#include "agentd/observe.h"
#include "base/str.h"
#include "runtime/caps.h"
#include "runtime/rlimits.h"

static void add_value(const char *file, const char *value, void *state)
{
	json_object_set_new(state, file, json_string(value));
}

static json_t *cgroup_json(const struct workload *w)
{
	struct rt_limits limits = launch_limits(w->agent, w->spec);
	json_t *o = json_object();

	if (o)
		rt_cgroup_wanted(rt_engine_cgroups(w->agent->engine), &limits, add_value, o);
	return o;
}

static json_t *rlimits_json(const struct workload *w)
{
	json_t *o = json_object();

	for (size_t i = 0; o && i < w->spec->n_ulimits; i++) {
		const struct wire_ulimit *u = &w->spec->ulimits[i];
		struct rt_rlimit l = { u->name, u->soft, u->hard };
		int64_t soft, hard;

		if (rt_rlimits_granted(&l, &soft, &hard, NULL) == 0)
			json_object_set_new(
				o, u->name,
				json_pack("[I, I]", (json_int_t)soft, (json_int_t)hard));
	}
	return o;
}

json_t *observe_granted(struct observe *o, const struct workload *w)
{
	const struct img_image *image = observe_image(o, w);
	uint64_t caps = 0;

	if (rt_caps_resolve(w->spec->cap_add, w->spec->cap_drop, &caps, NULL) < 0)
		caps = 0;
	return json_pack("{s:[I, I], s:o, s:o, s:o, s:I}", "uids", (json_int_t)w->first_uid,
			 (json_int_t)UIDRANGE_SIZE, "cgroup", cgroup_json(w), "rlimits",
			 rlimits_json(w), "capabilities", observe_capabilities(caps), "layers",
			 (json_int_t)(image ? sp_strv_count(image->layer_dirs) : 0));
}
