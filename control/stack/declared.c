/* See declared.h. */
#include "control/stack/declared.h"

#include <string.h>

#include "base/json.h"
#include "base/str.h"
#include "control/stack/sensitive.h"
#include "control/stack/telling.h"

int declared_policy(const struct stack *stack, json_t *list, struct sp_err *err)
{
	const struct stack_policy *p = &stack->policy;
	json_t *policy = json_pack(
		"{s:s, s:s, s:I, s:b, s:b, s:b, s:b, s:I, s:b, s:I}", "id", "policy", "on_failure",
		p->on_failure == STACK_STOP ? "stop" : "rollback", "timeout_ns",
		(json_int_t)p->timeout_ns, "require_lock", p->require_lock, "create_snapshot",
		p->create_snapshot, "validate_before", p->validate_before, "detect_drift",
		p->detect_drift, "auto_drift_detect_ns", (json_int_t)p->auto_drift_detect_ns,
		"auto_drift_fix", p->auto_drift_fix, "ttl_ns", (json_int_t)stack->ttl_ns);

	return json_array_append_new(list, policy) < 0 ? sp_fail_nomem(err) : 0;
}

bool output_is_hidden(const struct stack_output *o)
{
	if (o->sensitive)
		return true;
	return o->written &&
	       (!o->open || telling_name(o->name, strlen(o->name)) || telling_text(o->written));
}

static json_t *output_view(const struct stack_output *o)
{
	autofree char *id = sp_str_format("output %s", o->name);
	json_t *value = o->written ? json_string(o->written) : NULL;

	if (value && output_is_hidden(o))
		value = sensitive_wrap(value);
	return json_pack("{s:s*, s:o*, s:s*, s:o*}", "id", id, "value", value, "state", o->state,
			 "sensitive", o->sensitive ? json_true() : NULL);
}

int declared_outputs(const struct stack *stack, json_t *list, struct sp_err *err)
{
	for (size_t i = 0; i < stack->n_outputs; i++)
		if (json_array_append_new(list, output_view(&stack->outputs[i])) < 0)
			return sp_fail_nomem(err);
	return 0;
}
