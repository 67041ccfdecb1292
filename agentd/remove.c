/* See remove.h. */
#include "agentd/remove.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "agentd/agent.h"
#include "agentd/logs.h"
#include "agentd/network.h"
#include "agentd/wait.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/str.h"

static void complain(const char *id, const char *what, const struct sp_err *err)
{
	sp_log(SP_LOG_ERROR, "workload.remove", SP_STR("id", id), SP_STR("what", what),
	       SP_ERR(err));
}

static void forget_logs(struct agent *a, const char *id)
{
	autofree char *dir = sp_str_format("%s/logs", a->dirs.run_path);
	struct sp_err err = { 0 };

	if (dir && logs_forget(dir, id, &err) < 0)
		complain(id, "fifos", &err);
}

/* The removal is told when its ports are gone too. */
struct removal {
	struct rules_wait wait;
	struct agent *agent;
	char id[SP_ID_MAX + 1];
};

static void removed(struct agent *a, const char *id)
{
	sp_log(SP_LOG_INFO, "workload.removed", SP_STR("id", id));
	wait_gone(a, id);
}

static void on_rules(struct rules_wait *wait, int r, const struct sp_err *err)
{
	struct removal *x = wait->owner;

	if (r < 0)
		complain(x->id, "ports", err);
	removed(x->agent, x->id);
	free(x);
}

static void remove_ports(struct agent *a, const char *id)
{
	struct removal *x = calloc(1, sizeof(*x));
	struct sp_err err = { 0 };
	int r = 0;

	if (x) {
		x->agent = a;
		snprintf(x->id, sizeof(x->id), "%s", id);
		rules_wait_init(&x->wait, on_rules, x);
	}
	r = network_apply(a, x ? &x->wait : NULL, &err);
	if (r == RULES_UNDER_WAY && x)
		return;
	if (r < 0)
		complain(id, "ports", &err);
	removed(a, id);
	free(x);
}

void remove_workload(struct workload *w)
{
	struct agent *a = w->agent;
	autofree char *id = strdup(w->spec->id), *stack = strdup(w->spec->stack);
	bool had_ports = w->spec->n_ports > 0;
	struct sp_err err = { 0 };

	if (!id || !stack)
		return; /* the tombstone stays; the next start comes here again */
	events_emit(a->events, "workload.state", stack, id,
		    json_pack("{s:s, s:s}", "from", workload_state_name(w->state), "to", "removed"),
		    "%s -> removed", workload_state_name(w->state));
	workload_free(w);
	forget_logs(a, id);
	if (trash_put(&a->trash, a->dirs.workloads, id, &err) < 0)
		complain(id, "directory", &err);
	else if (uidrange_give_back(&a->uids, id, &err) < 0)
		complain(id, "uid range", &err);
	if (had_ports)
		remove_ports(a, id);
	else
		removed(a, id);
}
