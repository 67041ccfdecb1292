/* What bounds a workload: the files of its cgroup, limits of its process, settings of its network.
 */
#include <string.h>

#include "agentd/observe.h"
#include "base/str.h"
#include "netcfg/sysctl.h"
#include "runtime/cgroup.h"
#include "runtime/container.h"
#include "runtime/rlimits.h"

#define SYSCTL_VALUE_MAX 256

static void add_value(const char *file, const char *value, void *state)
{
	json_object_set_new(state, file, json_string(value));
}

json_t *observe_cgroup(const struct workload *w)
{
	json_t *o = json_object();

	if (o)
		rt_cgroup_held(rt_engine_cgroups(w->agent->engine), w->container->cgroup_fd,
			       add_value, o);
	return o;
}

json_t *observe_rlimits(const struct workload *w, pid_t pid)
{
	json_t *o = json_object();

	for (size_t i = 0; o && i < w->spec->n_ulimits; i++) {
		const char *name = w->spec->ulimits[i].name;
		int64_t soft, hard;

		if (rt_rlimits_read(pid, name, &soft, &hard, NULL) == 0)
			json_object_set_new(
				o, name, json_pack("[I, I]", (json_int_t)soft, (json_int_t)hard));
	}
	return o;
}

/* Only net.*: the others are told to each reader by the namespaces he himself is in. */
json_t *observe_sysctls(const struct workload *w)
{
	json_t *o = json_object();

	for (size_t i = 0; o && i < w->spec->n_sysctls; i++) {
		const char *key = w->spec->sysctls[i].key;
		char value[SYSCTL_VALUE_MAX];

		if (sp_str_starts(key, "net.") &&
		    net_sysctl_get(w->container->netns_fd, key, value, sizeof(value), NULL) == 0)
			json_object_set_new(o, key, json_string(value));
	}
	return o;
}
