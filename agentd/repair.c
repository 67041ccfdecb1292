/* See repair.h. */
#include "agentd/repair.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "agentd/agent.h"
#include "agentd/hosts.h"
#include "agentd/launch.h"
#include "agentd/network.h"
#include "base/mem.h"
#include "base/str.h"
#include "netcfg/inside.h"
#include "netcfg/sysctl.h"
#include "runtime/cgroup.h"
#include "runtime/container.h"
#include "runtime/process_id.h"
#include "runtime/rlimits.h"

static const char *const names[] = {
#define X(sym, name) [REPAIR_##sym] = name,
	REPAIR_PARTS(X)
#undef X
};

int repair_part_parse(const char *name)
{
	for (size_t i = 0; i < SP_COUNT(names); i++)
		if (!strcmp(names[i], name))
			return (int)i;
	return -1;
}

static int repair_cgroup(struct workload *w, const char *only, struct sp_err *err)
{
	struct rt_limits limits = launch_limits(w->agent, w->spec);

	return rt_cgroup_limit(rt_engine_cgroups(w->agent->engine), w->container->cgroup_fd,
			       &limits, only, err);
}

/* Of the first process; its children got theirs from it when they were born. */
static int repair_rlimits(struct workload *w, const char *only, struct sp_err *err)
{
	pid_t pid = rt_process_workload(w->container->pid);
	char warning[RT_WARNING_MAX] = "";
	int r = 0;

	for (size_t i = 0; r == 0 && i < w->spec->n_ulimits; i++) {
		const struct wire_ulimit *u = &w->spec->ulimits[i];
		struct rt_rlimit l = { u->name, u->soft, u->hard };

		if (!only || !strcmp(only, u->name))
			r = rt_rlimits_apply(pid, &l, 1, warning, sizeof(warning), err);
	}
	return r;
}

static int repair_sysctls(struct workload *w, const char *only, struct sp_err *err)
{
	int r = 0;

	for (size_t i = 0; r >= 0 && i < w->spec->n_sysctls; i++) {
		const struct wire_pair *p = &w->spec->sysctls[i];

		if (sp_str_starts(p->key, "net.") && (!only || !strcmp(only, p->key)))
			r = net_sysctl_put(w->container->netns_fd, p->key, p->value, err);
	}
	return r;
}

/* Only its own address is inside. */
static bool is_link_exact(const struct workload *w)
{
	struct net_inside inside = { 0 };
	struct in_addr own;
	bool exact = net_address_parse(w->spec->address, &own, NULL) == 0 &&
		     net_inside_read(w->container->netns_fd, &inside, NULL) == 0 &&
		     inside.n_addresses == 1 && inside.addresses[0].address.s_addr == own.s_addr;

	free(inside.addresses);
	return exact;
}

/* What is missing is added to the pair that is there; only what is too much takes another pair. */
static int repair_link(struct workload *w, struct sp_err *err)
{
	int r = network_attach(w, err);

	if (r < 0 || w->spec->network_none || is_link_exact(w))
		return r;
	r = net_node_detach(w->agent->net, w->spec->id, err);
	return r < 0 ? r : network_attach(w, err);
}

/* A stopped process does nothing, its PID 1 included. */
static int repair_process(struct workload *w, struct sp_err *err)
{
	pid_t pid = rt_process_workload(w->container->pid);

	if (kill(w->container->pid, SIGCONT) < 0 || kill(pid, SIGCONT) < 0)
		return sp_fail_errno(err, errno, "continue process %d of '%s'", (int)pid,
				     w->spec->id);
	return 0;
}

int repair_workload(struct workload *w, enum repair_part part, const char *only, struct sp_err *err)
{
	if (!w->container)
		return sp_fail(err, SP_E_CONFLICT, "workload '%s' is %s", w->spec->id,
			       workload_state_name(w->state));
	switch (part) {
	case REPAIR_CGROUP:
		return repair_cgroup(w, only, err);
	case REPAIR_RLIMITS:
		return repair_rlimits(w, only, err);
	case REPAIR_SYSCTLS:
		return repair_sysctls(w, only, err);
	case REPAIR_LINK:
		return repair_link(w, err);
	case REPAIR_HOSTS:
		return hosts_write(w, err);
	case REPAIR_STRANGERS:
		return rt_cgroup_expel(rt_engine_cgroups(w->agent->engine), w->container->cgroup_fd,
				       err);
	case REPAIR_PROCESS:
		return repair_process(w, err);
	}
	return 0;
}
