/* See declared.h. */
#include "control/stack/declared.h"

#include <string.h>

#include "base/json.h"
#include "base/str.h"
#include "control/stack/sensitive.h"
#include "control/stack/telling.h"

static int append_policy(const struct stack *stack, json_t *list, struct sp_err *err)
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

static int append_outputs(const struct stack *stack, json_t *list, struct sp_err *err)
{
	for (size_t i = 0; i < stack->n_outputs; i++)
		if (json_array_append_new(list, output_view(&stack->outputs[i])) < 0)
			return sp_fail_nomem(err);
	return 0;
}

static int append_requires(const struct stack *stack, json_t *list, struct sp_err *err)
{
	for (size_t i = 0; i < stack->n_requires; i++) {
		const struct stack_require *q = &stack->requires[i];
		autofree char *id = sp_str_format("requires %s", q->stack);
		json_t *outputs = json_array();

		for (char **o = q->outputs; o && *o; o++)
			json_array_append_new(outputs, json_string(*o));
		if (json_array_append_new(
			    list, json_pack("{s:s*, s:o}", "id", id, "outputs", outputs)) < 0)
			return sp_fail_nomem(err);
	}
	return 0;
}

static const char *or_any(const char *pattern)
{
	return pattern ? pattern : "*";
}

/* A rule is known by what it matches: another one is another rule. */
static int append_ignore(const struct stack *stack, json_t *list, struct sp_err *err)
{
	for (size_t i = 0; i < stack->n_drift_ignore; i++) {
		const struct stack_drift_ignore *g = &stack->drift_ignore[i];
		autofree char *id = sp_str_format("ignore %s %s %s", or_any(g->type),
						  or_any(g->resource), or_any(g->field));

		json_t *rule = json_pack("{s:s*, s:s, s:s, s:s, s:s*}", "id", id, "type",
					 or_any(g->type), "resource", or_any(g->resource), "field",
					 or_any(g->field), "reason", g->reason);

		if (json_array_append_new(list, rule) < 0)
			return sp_fail_nomem(err);
	}
	return 0;
}

const struct declared_kind declared_kinds[] = {
	{ "outputs", append_outputs },
	{ "policy", append_policy },
	{ "requires", append_requires },
	{ "drift_ignore", append_ignore },
	{ 0 },
};

int declared_append(const struct stack *stack, json_t *list, struct sp_err *err)
{
	int r = 0;

	for (const struct declared_kind *k = declared_kinds; r == 0 && k->name; k++)
		r = k->append(stack, list, err);
	return r;
}
