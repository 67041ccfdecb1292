/* `deploy.placement`: constraints and preferences over the nodes' names and labels. */
#include <string.h>

#include "base/str.h"
#include "stackfile/deploy.h"
#include "stackfile/keys.h"
#include "stackfile/scalar.h"

#define LABEL_PREFIX "node.labels."

/* The label an attribute names, "" for the node's name; NULL: not supported. */
static const char *attribute_label(const char *attribute)
{
	if (!strcmp(attribute, "node.hostname"))
		return "";
	if (sp_str_starts(attribute, LABEL_PREFIX) && attribute[sizeof(LABEL_PREFIX) - 1])
		return attribute + sizeof(LABEL_PREFIX) - 1;
	return NULL;
}

static void constraint_add(const struct value *v, char *attribute, char *value, bool equal,
			   struct stack_service *s)
{
	const char *label = attribute_label(sp_str_trim(attribute));
	struct stack_constraint *c;

	value = sp_str_trim(value);
	if (!label) {
		value_refuse(v, STACK_CODE_UNSUPPORTED,
			     "asks for '%s', which is not supported yet (node.hostname and "
			     "node.labels.NAME are)",
			     sp_str_trim(attribute));
	} else if (!*value) {
		value_refuse(v, STACK_CODE_VALUE, "compares with nothing");
	} else if ((c = value_push(v, &s->constraints, &s->n_constraints, sizeof(*c)))) {
		*c = (struct stack_constraint){
			.label = *label ? stack_arena_dup(v->r->arena, label) : NULL,
			.value = value,
			.equal = equal,
			.at = v->node->at
		};
	}
}

/* "node.labels.disk == ssd" */
static void constraint_one(const struct value *v, void *service)
{
	const char *text = value_text(v, "NAME == VALUE or NAME != VALUE");
	char *attribute = text ? stack_arena_dup(v->r->arena, text) : NULL;
	char *sign = attribute ? strpbrk(attribute, "=!") : NULL;
	bool equal;

	if (!attribute)
		return;
	if (!sign || sign[1] != '=') {
		value_refuse(v, STACK_CODE_TYPE, "expects NAME == VALUE or NAME != VALUE, not '%s'",
			     text);
		return;
	}
	equal = *sign == '=';
	*sign = '\0';
	constraint_add(v, attribute, sign + 2, equal, service);
}

static void read_constraints(const struct value *v, void *service)
{
	value_each_item(v, constraint_one, service);
}

static void read_spread(const struct value *v, void *service)
{
	const char *text = value_text(v, "node.hostname or node.labels.NAME"), *label;
	struct stack_service *s = service;

	if (!text)
		return;
	label = attribute_label(text);
	if (label)
		stack_arena_strv_push(v->r->arena, &s->spread, stack_arena_dup(v->r->arena, label));
	else
		value_refuse(v, STACK_CODE_UNSUPPORTED,
			     "'%s' is not supported yet (node.hostname and node.labels.NAME are)",
			     text);
}

static const struct key preference_keys[] = {
	{ "spread", read_spread, 0,
	  "spread replicas over the values of `node.labels.NAME`, or over `node.hostname`" },
};
KEY_TABLE(keys_placement_preference, "services.NAME.deploy.placement.preferences[]",
	  preference_keys, false);

static void preference_one(const struct value *v, void *service)
{
	key_table_read(&keys_placement_preference, v, service);
}

static void read_preferences(const struct value *v, void *service)
{
	value_each_item(v, preference_one, service);
}

static const struct key placement_keys[] = {
	{ "constraints", read_constraints, 0,
	  "all must hold: `node.hostname == NAME`, `node.labels.NAME != VALUE`" },
	{ "preferences", read_preferences, 0, "most important first" },
	{ "max_replicas_per_node", read_positive,
	  offsetof(struct stack_service, max_replicas_per_node), "default: no bound" },
};
KEY_TABLE(keys_placement, "services.NAME.deploy.placement", placement_keys, true);

void read_placement(const struct value *v, void *service)
{
	key_table_read(&keys_placement, v, service);
}
