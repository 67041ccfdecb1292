/* Tasks as specs; see task_specs.h. */
#include "control/stack/task_specs.h"

#include "base/json.h"
#include "base/str.h"
#include "stackfile/expand.h"

SP_AUTO(struct wire_workload *, wire_workload_free)

static json_t *names_of(const struct stack *stack, const struct stack_task *task)
{
	json_t *list = json_array();

	for (size_t i = 0; i < task->n_depends_on; i++)
		json_array_append_new(list,
				      json_string(stack->tasks[task->depends_on[i]].run.name));
	return list;
}

/* What a task has over a workload. */
static int put_course(const struct stack *stack, const struct stack_task *task, json_t *spec)
{
	autofree char *id = sp_str_format("task %s", task->run.name);
	autojson json_t *course =
		json_pack("{s:s, s:s, s:I, s:I, s:o}", "id", id ? id : "", "when",
			  task->when == STACK_BEFORE ? "before" : "after", "timeout_ns",
			  (json_int_t)task->timeout_ns, "retries", (json_int_t)task->retries,
			  "depends_on", names_of(stack, task));

	return id && course ? json_object_update(spec, course) : -1;
}

static int add_task(const struct stack *stack, const struct stack_task *task, json_t *list,
		    struct sp_err *err)
{
	auto_(wire_workload_free) struct wire_workload *w = NULL;
	autojson json_t *spec = NULL;
	int r = stack_expand(stack, &task->run, 1, &w, err);

	if (r == 0)
		r = wire_workload_encode(w, &spec, err);
	if (r < 0)
		return r;
	if (put_course(stack, task, spec) < 0 || json_array_append(list, spec) < 0)
		return sp_fail_nomem(err);
	return 0;
}

int task_specs(const struct stack *stack, json_t *list, struct sp_err *err)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < stack->n_tasks; i++)
		r = add_task(stack, &stack->tasks[i], list, err);
	return r;
}
