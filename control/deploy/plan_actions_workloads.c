/* Workloads of a plan: started, gated, removed; see plan_actions.h. */
#include <string.h>

#include "base/json.h"
#include "base/str.h"
#include "control/deploy/plan_actions_impl.h"
#include "control/stack/spec_diff.h"

static const char *id_of(const struct plan_drawing *g, size_t i)
{
	return g->d->desired.list[i].spec->id;
}

static const struct plan_item *item_of(const struct plan_drawing *g, size_t i)
{
	return &g->d->plan.items[i];
}

/* What an interrupted operation left is of a file that is not known here. */
static struct spec_of was_spec(const struct plan_drawing *g, const struct plan_item *item)
{
	const struct store_workload *old;

	if (item->current == PLAN_NONE)
		return (struct spec_of){ NULL, SENSITIVE_UNKNOWN };
	old = &g->d->known.list[item->current];
	return (struct spec_of){ g->d->was[item->current], old->revision == g->d->stack.revision
								   ? SENSITIVE_BEFORE
								   : SENSITIVE_UNKNOWN };
}

static void put_changes(struct plan_drawing *g, json_t *action, const struct plan_item *item,
			const json_t *is)
{
	struct spec_of before = was_spec(g, item), after = { is, SENSITIVE_AFTER };
	json_t *changes = NULL;

	if (!action || spec_diff(&before, &after, &g->sensitive, &changes, NULL) < 0 ||
	    json_object_set_new(action, "changes", changes) < 0)
		g->failed = true;
}

/* Why there, and why not elsewhere. */
static void put_placement(struct plan_drawing *g, json_t *action, size_t i)
{
	const struct store_nodes *nodes = &g->d->cluster.rows;
	json_t *list = json_array();

	for (size_t k = 0; g->d->reasons && k < nodes->n; k++) {
		const char *reason = g->d->reasons[i * nodes->n + k], *name = nodes->list[k].name;
		bool chosen = !strcmp(name, g->d->targets[i].node);

		if (*reason &&
		    json_array_append_new(list, json_pack("{s:s, s:b, s:s}", "node", name, "chosen",
							  chosen, "reason", reason)) < 0)
			g->failed = true;
	}
	if (!action || json_object_set_new(action, "placement", list) < 0)
		g->failed = true;
}

static void put_gate(struct plan_drawing *g, size_t i)
{
	bool job = g->d->desired.list[i].gate == STORE_GATE_COMPLETED;
	const struct plan_act act = { job ? "complete" : "ready", " ", "workload", id_of(g, i),
				      g->d->targets[i].node };
	json_t *gate = plan_draw(g, sp_str_format("ready/%s", act.name), &act);

	plan_draw_why(g, gate, job ? "it has to end with status 0" : "it has to be good");
	plan_draw_after(g, gate, sp_str_format("start/%s", act.name));
}

/* Every replica of what the service depends on, as far as it is touched at all. */
static void after_dependencies(struct plan_drawing *g, size_t i, json_t *action)
{
	const struct desired *desired = &g->d->desired;
	const struct stack_service *s = &desired->stack->services[desired->list[i].service];

	for (size_t k = 0; k < s->n_depends_on; k++) {
		const struct stack_dependency *dep = &s->depends_on[k];
		const char *kind = dep->condition == STACK_STARTED ? "start" : "ready";

		for (size_t j = 0; dep->required && j < desired->n; j++)
			if (desired->list[j].service == dep->service)
				plan_draw_after(g, action,
						sp_str_format("%s/%s", kind, id_of(g, j)));
	}
}

/* One replica after the other is replaced, so that the service never loses all. */
static void after_sibling(struct plan_drawing *g, size_t i, json_t *action)
{
	const struct desired_workload *w = &g->d->desired.list[i];

	if (i && w[-1].service == w->service && item_of(g, i)->action == PLAN_UPDATE)
		plan_draw_after(g, action, sp_str_format("ready/%s", id_of(g, i - 1)));
}

static void draw_start(struct plan_drawing *g, size_t i)
{
	const struct plan_item *item = item_of(g, i);
	const struct store_workload *old =
		item->current == PLAN_NONE ? NULL : &g->d->known.list[item->current];
	const char *node = g->d->targets[i].node;
	const struct plan_act act = { plan_action_name(item->action), old ? "~" : "+", "workload",
				      id_of(g, i), node };
	json_t *action = plan_draw(g, sp_str_format("start/%s", act.name), &act);

	if (old && strcmp(old->node, node) != 0) {
		plan_draw_why(g, action, "it moves from %s to %s", old->node, node);
		if (json_object_set_new(action, "from", json_string(old->node)) < 0)
			g->failed = true;
	} else {
		plan_draw_why(g, action, "%s", item->reason);
	}
	put_changes(g, action, item, g->d->is[i]);
	put_placement(g, action, i);
	plan_draw_after_tasks(g, action);
	plan_draw_after_things(g, action, g->d->desired.list[i].spec, node);
	after_dependencies(g, i, action);
	after_sibling(g, i, action);
	plan_draw_ports(g, i, action);
	put_gate(g, i);
}

/* A workload that comes, goes or moves is a name that the others have to learn. */
static bool names_change(const struct plan_drawing *g)
{
	for (size_t i = 0; i < g->d->plan.n; i++)
		if (item_of(g, i)->action == PLAN_CREATE || plan_leaving(g->d, item_of(g, i)))
			return true;
	return false;
}

static void draw_refresh(struct plan_drawing *g, size_t i)
{
	const struct plan_act act = { "refresh", "~", "workload", id_of(g, i),
				      g->d->targets[i].node };
	json_t *action = plan_draw(g, sp_str_format("start/%s", act.name), &act);

	plan_draw_why(g, action, "it learns the others' addresses, without a restart");
}

static void draw_kept(struct plan_drawing *g, size_t i, bool refresh)
{
	const struct plan_act act = { "keep", "=", "workload", id_of(g, i), g->d->targets[i].node };

	if (refresh)
		draw_refresh(g, i);
	plan_draw_unchanged(g, &act, item_of(g, i)->reason);
}

void plan_draw_workloads(struct plan_drawing *g)
{
	bool refresh = names_change(g);

	for (size_t i = 0; i < g->d->desired.n; i++)
		if (item_of(g, i)->action == PLAN_KEEP)
			draw_kept(g, i, refresh);
		else
			draw_start(g, i);
}

static void draw_removal(struct plan_drawing *g, size_t i)
{
	const struct plan_item *item = item_of(g, i);
	const struct store_workload *old = plan_leaving(g->d, item);
	const struct plan_act act = { "remove", "-", "workload", old->id, old->node };
	autofree char *id = sp_str_format("remove/%s/%s", old->node, old->id);
	json_t *action;

	if (plan_drawn(g, id))
		return;
	action = plan_draw(g, take_ptr(id), &act);
	if (item->action == PLAN_REMOVE) {
		plan_draw_why(g, action, "%s", item->reason);
		put_changes(g, action, item, NULL);
	} else {
		plan_draw_why(g, action, "it moves to %s", g->d->targets[item->desired].node);
	}
	plan_draw_after_tasks(g, action);
	plan_draw_after(g, action, strdup("good"));
}

/* A removal that frees a port for another workload on the node comes before that one's start. */
static bool is_early(const struct plan_drawing *g, const struct plan_item *item)
{
	const struct store_workload *old = plan_leaving(g->d, item);

	for (size_t i = 0; old && i < g->d->desired.n; i++)
		if (item_of(g, i)->action != PLAN_KEEP &&
		    !strcmp(g->d->targets[i].node, old->node) &&
		    deploy_share_port(g->d->was[item->current], g->d->is[i]))
			return true;
	return false;
}

void plan_draw_early(struct plan_drawing *g)
{
	for (size_t i = 0; i < g->d->plan.n; i++)
		if (is_early(g, item_of(g, i)))
			draw_removal(g, i);
}

void plan_draw_removals(struct plan_drawing *g)
{
	for (size_t i = 0; i < g->d->plan.n; i++)
		if (plan_leaving(g->d, item_of(g, i)))
			draw_removal(g, i);
}

void plan_draw_after_gates(struct plan_drawing *g, json_t *action)
{
	for (size_t i = 0; i < g->d->desired.n; i++)
		plan_draw_after(g, action, sp_str_format("ready/%s", id_of(g, i)));
}
