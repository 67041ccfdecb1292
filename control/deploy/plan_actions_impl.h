/* The list of actions in the making, shared by plan_actions*.c. */
#pragma once

#include "control/deploy/plan_actions.h"
#include "control/stack/sensitive.h"

struct plan_drawing {
	const struct deploy *d;
	json_t *const *images;
	const struct stack *before; /* of the revision that runs, or NULL */
	struct sensitive sensitive;
	json_t *known_ports,
		*known_volumes; /* "NODE/PORT": {"id", "target"}; "NODE/VOLUME": true */
	json_t *going;          /* "NODE/ID" of what is removed */
	json_t *ids;            /* of the actions so far */
	json_t *actions, *unchanged;
	bool failed; /* memory ran out */
};

/* What all actions have; more members are set on the result, which the drawing owns (NULL when
 * memory ran out). */
struct plan_act {
	const char *kind, *sign, *resource;
	const char *name, *node; /* node NULL: none */
};
json_t *plan_draw(struct plan_drawing *g, char *id, const struct plan_act *act);
void plan_draw_why(struct plan_drawing *g, json_t *action, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));
/* The action comes after the one of that id, if there is such a one. Steals id. */
void plan_draw_after(struct plan_drawing *g, json_t *action, char *id);
bool plan_drawn(const struct plan_drawing *g, const char *id);
void plan_draw_unchanged(struct plan_drawing *g, const struct plan_act *what, const char *reason);

/* The workload that goes from its node by that item of the plan; NULL: none does. */
const struct store_workload *plan_leaving(const struct deploy *d, const struct plan_item *item);

/* The parts, in their order. */
void plan_draw_known(struct plan_drawing *g); /* what there is: fills known_* and going */
void plan_draw_images(struct plan_drawing *g);
void plan_draw_volumes(struct plan_drawing *g);
void plan_draw_tasks(struct plan_drawing *g, enum stack_task_when when);
void plan_draw_early(struct plan_drawing *g); /* removals that free a port */
void plan_draw_workloads(struct plan_drawing *g);
void plan_draw_ports(struct plan_drawing *g, size_t i, json_t *start); /* of one workload */
/* Edges: behind the image and volumes of a workload; behind all tasks that come before the
 * services; behind every workload's gate. */
void plan_draw_after_things(struct plan_drawing *g, json_t *action, const struct wire_workload *w,
			    const char *node);
void plan_draw_after_tasks(struct plan_drawing *g, json_t *action);
void plan_draw_after_gates(struct plan_drawing *g, json_t *action);
void plan_draw_removals(struct plan_drawing *g);
void plan_draw_ports_gone(struct plan_drawing *g);
