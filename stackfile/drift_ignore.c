/* Rules for differences that are no drift; see drift_ignore.h. */
#include "stackfile/drift_ignore.h"

#include "base/str.h"
#include "stackfile/keys.h"
#include "stackfile/scalar.h"

static void read_type(const struct value *v, void *field)
{
	static const char *const words[] = { "config", "resource", "state", "dependency", NULL };

	if (read_choice(v, words) >= 0)
		*(char **)field = v->node->text;
}

static const struct key rule_keys[] = {
	{ "type", read_type, offsetof(struct stack_drift_ignore, type),
	  "`config`, `resource`, `state` or `dependency`" },
	{ "resource", read_string, offsetof(struct stack_drift_ignore, resource),
	  "pattern of the resource: `demo-web-*`" },
	{ "field", read_string, offsetof(struct stack_drift_ignore, field),
	  "pattern of the field: `environment.*`" },
	{ "reason", read_text, offsetof(struct stack_drift_ignore, reason), "for people" },
};
KEY_TABLE(keys_drift_ignore, "x-stackpilot.drift.ignore[]", rule_keys, false);

static void rule_add(const struct value *v, void *stack)
{
	struct stack *s = stack;
	struct stack_drift_ignore rule = { .at = v->node->at }, *slot;

	if (!value_is_map(v))
		return;
	key_table_read(&keys_drift_ignore, v, &rule);
	if (!node_find(v->node, "type") && !node_find(v->node, "resource") &&
	    !node_find(v->node, "field"))
		value_refuse(v, STACK_CODE_MISSING, "needs 'type', 'resource' or 'field'");
	slot = value_push(v, &s->drift_ignore, &s->n_drift_ignore, sizeof(*slot));
	if (slot)
		*slot = rule;
}

static void read_ignore(const struct value *v, void *stack)
{
	value_each_item(v, rule_add, stack);
}

static const struct key drift_keys[] = {
	{ "ignore", read_ignore, 0, "a list of rules; all that a rule says must match" },
};
KEY_TABLE(keys_drift, "x-stackpilot.drift", drift_keys, false);

void read_drift(const struct value *v, void *stack)
{
	key_table_read(&keys_drift, v, stack);
}
