/* Drawing the graph; see plan_actions.h. What each resource asks for is plan_actions_*.c. */
#include "control/deploy/plan_actions.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/json.h"
#include "base/str.h"
#include "control/deploy/plan_actions_impl.h"

#define REASON_MAX 256

static void set(struct plan_drawing *g, json_t *object, const char *key, json_t *value)
{
	if (!object || json_object_set_new(object, key, value) < 0)
		g->failed = true;
}

json_t *plan_draw(struct plan_drawing *g, char *id, const struct plan_act *act)
{
	autofree char *owned = id;
	json_t *action = id ? json_pack("{s:s, s:s, s:s, s:s, s:s, s:s*, s:[]}", "id", id, "kind",
					act->kind, "sign", act->sign, "resource", act->resource,
					"name", act->name, "node", act->node, "after")
			    : NULL;

	if (!action || json_array_append_new(g->actions, action) < 0 ||
	    json_object_set_new(g->ids, id, json_true()) < 0) {
		g->failed = true;
		return NULL;
	}
	return action;
}

void plan_draw_why(struct plan_drawing *g, json_t *action, const char *fmt, ...)
{
	char reason[REASON_MAX];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(reason, sizeof(reason), fmt, ap);
	va_end(ap);
	set(g, action, "reason", json_string(reason));
}

bool plan_drawn(const struct plan_drawing *g, const char *id)
{
	return id && json_object_get(g->ids, id);
}

void plan_draw_after(struct plan_drawing *g, json_t *action, char *id)
{
	autofree char *owned = id;

	if (!id || (plan_drawn(g, id) &&
		    json_array_append_new(json_object_get(action, "after"), json_string(id)) < 0))
		g->failed = true;
}

void plan_draw_unchanged(struct plan_drawing *g, const struct plan_act *what, const char *reason)
{
	json_t *one = json_pack("{s:s, s:s, s:s*, s:s}", "resource", what->resource, "name",
				what->name, "node", what->node, "reason", reason);

	if (json_array_append_new(g->unchanged, one) < 0)
		g->failed = true;
}

const struct store_workload *plan_leaving(const struct deploy *d, const struct plan_item *item)
{
	const struct store_workload *old =
		item->current == PLAN_NONE ? NULL : &d->known.list[item->current];

	if (item->action == PLAN_REMOVE)
		return old;
	if (item->action == PLAN_UPDATE && old &&
	    strcmp(old->node, d->targets[item->desired].node) != 0)
		return old;
	return NULL;
}

/* Everything that has to be good before the old goes, then the revision is the current one. */
static void draw_end(struct plan_drawing *g)
{
	const struct plan_act good = { "good", " ", "stack", g->d->o->row.stack, NULL };
	const struct plan_act commit = { "commit", " ", "stack", g->d->o->row.stack, NULL };
	json_t *all = NULL, *last, *action;
	size_t i, n = json_array_size(g->actions);

	if (n) {
		all = plan_draw(g, strdup("good"), &good);
		plan_draw_why(g, all, "every workload is good");
	}
	for (i = 0; all && i < n; i++) {
		const json_t *one = json_array_get(g->actions, i);
		const char *id = json_string_value(json_object_get(one, "id"));

		if (strcmp(json_string_value(json_object_get(one, "kind")), "remove") != 0)
			plan_draw_after(g, all, strdup(id));
	}
	plan_draw_removals(g);
	plan_draw_ports_gone(g);
	last = plan_draw(g, strdup("commit"), &commit);
	plan_draw_why(g, last, "revision %lld is the current one",
		      (long long)g->d->stack.revision + 1);
	plan_draw_after(g, last, strdup("good"));
	json_array_foreach (g->actions, i, action) {
		const char *id = json_string_value(json_object_get(action, "id"));

		if (!strcmp(json_string_value(json_object_get(action, "kind")), "remove"))
			plan_draw_after(g, last, strdup(id));
	}
}

static json_t *sum(const struct plan_drawing *g)
{
	const size_t *counts = g->d->plan.counts;
	json_int_t pulls = 0;
	json_t *action;
	size_t i;

	json_array_foreach (g->actions, i, action) {
		pulls += !strcmp(json_string_value(json_object_get(action, "kind")), "pull");
	}
	return json_pack("{s:I, s:I, s:I, s:I, s:I, s:b}", "create",
			 (json_int_t)counts[PLAN_CREATE], "update", (json_int_t)counts[PLAN_UPDATE],
			 "unchanged", (json_int_t)counts[PLAN_KEEP], "remove",
			 (json_int_t)counts[PLAN_REMOVE], "pull", pulls, "changes",
			 !deploy_is_settled(g->d));
}

static int open_drawing(struct plan_drawing *g, struct sp_err *err)
{
	const struct deploy *d = g->d;
	int r = sensitive_add_stack(&g->sensitive, SENSITIVE_AFTER, d->desired.stack, err);

	if (r == 0 && g->before)
		r = sensitive_add_stack(&g->sensitive, SENSITIVE_BEFORE, g->before, err);
	g->known_ports = json_object();
	g->known_volumes = json_object();
	g->going = json_object();
	g->ids = json_object();
	g->actions = json_array();
	g->unchanged = json_array();
	for (size_t i = 0; r == 0 && i < d->known.n; i++)
		r = sensitive_add_spec(&g->sensitive, d->was[i], err);
	return r;
}

static void close_drawing(struct plan_drawing *g)
{
	json_decref(g->known_ports);
	json_decref(g->known_volumes);
	json_decref(g->going);
	json_decref(g->ids);
	json_decref(g->actions);
	json_decref(g->unchanged);
	sensitive_fini(&g->sensitive);
}

/* An unchanged stack has nothing to do: not even to commit. */
static void draw(struct plan_drawing *g)
{
	plan_draw_known(g);
	plan_draw_images(g);
	plan_draw_volumes(g);
	if (deploy_is_settled(g->d)) {
		plan_draw_workloads(g);
		return;
	}
	plan_draw_tasks(g, STACK_BEFORE);
	plan_draw_early(g);
	plan_draw_workloads(g);
	plan_draw_tasks(g, STACK_AFTER);
	draw_end(g);
}

int plan_actions(const struct deploy *d, json_t *const *images, const struct stack *before,
		 json_t **ret, struct sp_err *err)
{
	struct plan_drawing g = { .d = d, .images = images, .before = before };
	int r = open_drawing(&g, err);

	if (r == 0)
		draw(&g);
	if (r == 0)
		*ret = json_pack("{s:O, s:O, s:o}", "actions", g.actions, "unchanged", g.unchanged,
				 "summary", sum(&g));
	if (r == 0 && (g.failed || !*ret)) {
		json_decref(*ret);
		r = sp_fail_nomem(err);
	}
	close_drawing(&g);
	return r;
}
