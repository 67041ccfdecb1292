/* What belongs to no workload of this node: cgroups, links and directories. */
#include <stdlib.h>

#include "agentd/desired.h"
#include "agentd/observe.h"
#include "base/str.h"
#include "netcfg/veth.h"
#include "runtime/cgroup.h"

struct list {
	struct agent *agent;
	json_t *json;
};

static bool has_container(struct agent *a, const char *id)
{
	const struct workload *w = workload_find(a, id);

	return w && workload_has_container(w);
}

static void add(json_t *list, const char *kind, const char *name)
{
	json_array_append_new(list, json_pack("{s:s, s:s}", "kind", kind, "name", name));
}

static void add_cgroup(const char *id, void *state)
{
	const struct list *l = state;

	if (!has_container(l->agent, id))
		add(l->json, "cgroup", id);
}

static void add_links(const struct observe *o, json_t *list)
{
	for (size_t i = 0; i < o->network.n_links; i++) {
		const struct net_link *link = &o->network.links[i];
		const char *name = *link->alias ? link->alias : link->name;

		if (net_veth_is_ours(link) && !has_container(o->agent, name))
			add(list, "link", name);
	}
}

static void add_directories(struct agent *a, json_t *list)
{
	char **ids = NULL;

	if (desired_ids(a->dirs.workloads, &ids, NULL) < 0)
		return;
	for (char **id = ids; *id; id++)
		if (!workload_find(a, *id))
			add(list, "directory", *id);
	sp_strv_free(ids);
}

json_t *observe_extra(const struct observe *o)
{
	struct list l = { .agent = o->agent, .json = json_array() };

	if (!l.json)
		return NULL;
	rt_cgroup_each(rt_engine_cgroups(o->agent->engine), add_cgroup, &l, NULL);
	add_links(o, l.json);
	add_directories(o->agent, l.json);
	return l.json;
}
