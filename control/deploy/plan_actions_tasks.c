/* Tasks of a plan: containers that run to their end, before and after; see plan_actions.h. */
#include "base/str.h"
#include "control/deploy/plan_actions_impl.h"
#include "control/deploy/tasks.h"

static void draw_task(struct plan_drawing *g, const struct deploy_task *t)
{
	const struct stack *stack = g->d->desired.stack;
	const struct stack_task *task = t->task;
	const struct plan_act act = { "task", "+", "task", task->run.name, t->node };
	json_t *action = plan_draw(g, sp_str_format("task/%s", act.name), &act);

	plan_draw_why(g, action,
		      task->when == STACK_BEFORE ? "it runs before any service is touched"
						 : "it runs once every service is good");
	plan_draw_after_things(g, action, t->spec, t->node);
	for (size_t i = 0; i < task->n_depends_on; i++)
		plan_draw_after(
			g, action,
			sp_str_format("task/%s", stack->tasks[task->depends_on[i]].run.name));
	if (task->when == STACK_AFTER)
		plan_draw_after_gates(g, action);
}

void plan_draw_tasks(struct plan_drawing *g, enum stack_task_when when)
{
	for (size_t i = 0; i < g->d->n_tasks; i++)
		if (g->d->tasks[i].task->when == when)
			draw_task(g, &g->d->tasks[i]);
}

void plan_draw_after_tasks(struct plan_drawing *g, json_t *action)
{
	const struct stack *stack = g->d->desired.stack;

	for (size_t i = 0; i < stack->n_tasks; i++)
		if (stack->tasks[i].when == STACK_BEFORE)
			plan_draw_after(g, action,
					sp_str_format("task/%s", stack->tasks[i].run.name));
}
