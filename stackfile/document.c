/*
 * The top level. Volumes, secrets and configs are read before services, and all services have their
 * names before the first is read, so that every reference can be looked up at once.
 */
#include "stackfile/document.h"

#include <ctype.h>
#include <string.h>

#include "base/digest.h"
#include "base/str.h"
#include "stackfile/container.h"
#include "stackfile/contents.h"
#include "stackfile/extension.h"
#include "stackfile/keys.h"
#include "stackfile/policy.h"
#include "stackfile/scalar.h"
#include "stackfile/service.h"

bool stack_name_valid(const char *name)
{
	return sp_id_valid(name) && !strchr(name, '.');
}

/* The caller's name wins over the file's. */
static void read_stack_name(const struct value *v, void *stack)
{
	const char *text = value_text(v, "a name");
	struct stack *s = stack;

	if (text && !stack_name_valid(text))
		value_refuse(v, STACK_CODE_VALUE,
			     "is '%s': a stack's name has lower-case letters, digits, '-' and "
			     "'_', at most %d",
			     text, SP_ID_MAX);
	else if (text && !s->name)
		s->name = v->node->text;
}

static void read_version(const struct value *v, void *stack)
{
	(void)stack;
	value_note(v, STACK_NOTE, STACK_CODE_IGNORED, "is obsolete and has no effect");
}

static void read_driver(const struct value *v, void *field)
{
	const char *text = value_text(v, "local");

	(void)field;
	if (text && strcmp(text, "local") != 0)
		value_refuse(v, STACK_CODE_UNSUPPORTED, "'%s' is not supported yet ('local' is)",
			     text);
}

static void read_external(const struct value *v, void *field)
{
	bool external = false;

	(void)field;
	read_bool(v, &external);
	if (external)
		value_refuse_key(v, STACK_CODE_UNSUPPORTED, NULL, "is not supported yet");
}

static const struct key volume_keys[] = {
	{ "driver", read_driver, 0, "`local`" },
	{ "external", read_external, 0, "`false`" },
	{ "labels", read_ignored, 0, "for people; no effect" },
	{ "name", NULL, 0, NULL },
	{ "driver_opts", NULL, 0, NULL },
};
KEY_TABLE(keys_volume, "volumes.NAME", volume_keys, true);

/*
 * "<stack>.<key>" where that is an id; else its letters in lower case with a part of the digest of
 * the key behind them, so that `Data` and `data` stay two volumes.
 */
static char *volume_id(struct reader *r, const char *key)
{
	char *id =
		stack_arena_format(r->arena, "%s.%s", r->stack->name ? r->stack->name : "-", key);
	char digest[SP_DIGEST_MAX], *plain;
	int room;

	if (!id || sp_id_valid(id) || sp_digest_of(key, strlen(key), digest, NULL) < 0)
		return id;
	plain = stack_arena_dup(r->arena, key);
	for (char *c = plain; c && *c; c++)
		*c = isalnum((unsigned char)*c) ? (char)tolower((unsigned char)*c) : '-';
	room = SP_ID_MAX - (int)(r->stack->name ? strlen(r->stack->name) : 1) - 10;
	return stack_arena_format(r->arena, "%s.%.*s-%.8s", r->stack->name ? r->stack->name : "-",
				  room > 0 ? room : 0, plain ? plain : "", sp_digest_hex(digest));
}

static void volume_one(const struct value *v, struct stack *s)
{
	struct stack_volume *volume;

	if (!node_is_null(v->node))
		key_table_read(&keys_volume, v, s);
	volume = value_push(v, &s->volumes, &s->n_volumes, sizeof(*volume));
	if (volume)
		*volume = (struct stack_volume){ .key = stack_arena_dup(v->r->arena, v->key),
						 .id = volume_id(v->r, v->key),
						 .at = v->key_at };
}

static void read_volumes(const struct value *v, void *stack)
{
	for (size_t i = 0; !node_is_null(v->node) && value_is_map(v) && i < v->node->n; i++) {
		struct value item = value_child(v, i);

		volume_one(&item, stack);
	}
}

static void service_name(const struct value *v, struct stack *s)
{
	struct stack_service *service = value_push_upto(v, &s->services, &s->n_services,
							sizeof(*service), STACK_SERVICES_MAX);

	if (!service)
		return;
	container_init(service);
	service->name = stack_arena_dup(v->r->arena, v->key);
	service->at = v->key_at;
	if (!sp_id_valid(v->key))
		value_refuse_key(
			v, STACK_CODE_VALUE, NULL,
			"is no name for a service: lower-case letters, digits, '-', '_' and "
			"'.', at most %d",
			SP_ID_MAX);
}

static void read_services(const struct value *v, void *stack)
{
	struct stack *s = stack;

	if (!value_is_map(v))
		return;
	if (v->node->n == 0)
		value_refuse(v, STACK_CODE_MISSING, "has no service");
	for (size_t i = 0; i < v->node->n; i++) {
		struct value item = value_child(v, i);

		service_name(&item, s);
	}
	for (size_t i = 0; i < s->n_services; i++) {
		struct value item = value_child(v, i);

		service_read(&item, &s->services[i]);
	}
}

static const struct key top_keys[] = {
	{ "name", read_stack_name, 0, "name of the stack; a name given to ctl wins" },
	{ "version", read_version, 0, "accepted and ignored" },
	{ "volumes", read_volumes, 0, "named volumes; each stays on its node" },
	{ "secrets", read_secrets, 0, "secrets and where their content comes from" },
	{ "configs", read_configs, 0, "configs and where their content comes from" },
	{ "services", read_services, 0, "what to run; required" },
	{ "networks", NULL, 0, NULL },
	{ "include", NULL, 0, NULL },
	{ "models", NULL, 0, NULL },
	{ "x-stackpilot", read_extension, 0,
	  "policy, tasks, outputs, other stacks it requires, drift, lifetime" },
};
KEY_TABLE(keys_top, "a stack file", top_keys, true);

void document_read(const struct value *root)
{
	if (!value_is_map(root))
		return;
	policy_init(&root->r->stack->policy);
	key_table_read(&keys_top, root, root->r->stack);
	if (!node_find(root->node, "services"))
		value_refuse(root, STACK_CODE_MISSING, "the file has no 'services'");
}
