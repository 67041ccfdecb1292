/*
 * Secrets and configs. The top level says where the content comes from (a file, a variable, or for
 * a config the text itself); a service says as which file it wants it.
 */
#include "stackfile/contents.h"

#include <string.h>

#include "base/str.h"
#include "stackfile/keys.h"
#include "stackfile/openly.h"
#include "stackfile/scalar.h"

#define SECRET_DIRECTORY "/run/secrets"
#define GRANT_MODE       0444

/* ---- the top level ---- */

struct draft {
	char *file, *environment, *text;
};

static const struct key secret_keys[] = {
	{ "file", read_string, offsetof(struct draft, file),
	  "its content, relative to the stack file" },
	{ "environment", read_string, offsetof(struct draft, environment),
	  "a variable of the client that holds its content" },
	{ "name", NULL, 0, NULL },
	{ "external", NULL, 0, NULL },
	{ "labels", NULL, 0, NULL },
	{ "driver", NULL, 0, NULL },
	{ "driver_opts", NULL, 0, NULL },
	{ "template_driver", NULL, 0, NULL },
};
KEY_TABLE(keys_secret, "secrets.NAME", secret_keys, true);

static const struct key config_keys[] = {
	{ "file", read_string, offsetof(struct draft, file),
	  "its content, relative to the stack file" },
	{ "environment", read_string, offsetof(struct draft, environment),
	  "a variable of the client that holds its content" },
	{ "content", read_text, offsetof(struct draft, text), "the content itself" },
	{ "name", NULL, 0, NULL },
	{ "external", NULL, 0, NULL },
	{ "labels", NULL, 0, NULL },
	{ "template_driver", NULL, 0, NULL },
};
KEY_TABLE(keys_config, "configs.NAME", config_keys, true);

static void content_file(const struct value *v, const char *path, struct stack_content *c)
{
	const struct stack_resolver *resolver = v->r->resolver;
	autobuf struct sp_buf data = { 0 };
	struct sp_err err = { 0 };

	if (resolver->file(resolver->state, path, &data, &err) < 0) {
		value_refuse(v, STACK_CODE_FILE, "cannot be read: %s",
			     openly_written(v->node) ? err.message : sp_err_code_name(err.code));
		return;
	}
	c->data = stack_arena_copy(v->r->arena, data.data ? data.data : "", data.len);
	c->len = data.len;
}

static void content_text(const struct value *v, const char *text, struct stack_content *c)
{
	c->data = stack_arena_dup(v->r->arena, text);
	c->len = strlen(text);
}

static void content_load(const struct value *v, const struct draft *d, struct stack_content *c)
{
	const struct stack_resolver *resolver = v->r->resolver;
	int sources = !!d->file + !!d->environment + !!d->text;
	const char *value;

	if (sources != 1) {
		value_refuse(v, sources ? STACK_CODE_CONFLICT : STACK_CODE_MISSING,
			     c->secret ? "needs 'file' or 'environment'%s"
				       : "needs 'file', 'environment' or 'content'%s",
			     sources ? ", and one of them only" : "");
	} else if (d->file) {
		content_file(v, d->file, c);
	} else if (d->text) {
		content_text(v, d->text, c);
	} else {
		value = resolver->variable(resolver->state, d->environment);
		if (value)
			content_text(v, value, c);
		else
			value_refuse(v, STACK_CODE_VARIABLE, "needs the variable '%s'",
				     d->environment);
	}
}

static void content_add(const struct value *v, bool secret, struct stack_content **list, size_t *n)
{
	struct stack_content *c = value_push(v, list, n, sizeof(*c));
	struct draft d = { 0 };

	if (!c)
		return;
	*c = (struct stack_content){ .key = stack_arena_dup(v->r->arena, v->key),
				     .secret = secret,
				     .at = v->key_at };
	if (!value_is_map(v))
		return;
	key_table_read(secret ? &keys_secret : &keys_config, v, &d);
	if (!node_find(v->node, "external"))
		content_load(v, &d, c);
}

void read_secrets(const struct value *v, void *stack)
{
	struct stack *s = stack;

	for (size_t i = 0; !node_is_null(v->node) && value_is_map(v) && i < v->node->n; i++) {
		struct value item = value_child(v, i);

		content_add(&item, true, &s->secrets, &s->n_secrets);
	}
}

void read_configs(const struct value *v, void *stack)
{
	struct stack *s = stack;

	for (size_t i = 0; !node_is_null(v->node) && value_is_map(v) && i < v->node->n; i++) {
		struct value item = value_child(v, i);

		content_add(&item, false, &s->configs, &s->n_configs);
	}
}

/* ---- grants ---- */

struct grant {
	char *source, *target;
	uint32_t uid, gid, mode;
};

static const struct key grant_keys[] = {
	{ "source", read_string, offsetof(struct grant, source),
	  "its name at the top level; required" },
	{ "target", read_string, offsetof(struct grant, target),
	  "the file: an absolute path, or for secrets a name in `/run/secrets`" },
	{ "uid", read_id, offsetof(struct grant, uid), "owner; default 0" },
	{ "gid", read_id, offsetof(struct grant, gid), "group; default 0" },
	{ "mode", read_mode, offsetof(struct grant, mode), "permissions; default `0444`" },
};
KEY_TABLE(keys_grant, "services.NAME.secrets[] and configs[] (long form)", grant_keys, true);

static bool content_find(const struct value *v, const char *key, bool secret, size_t *ret)
{
	const struct stack *s = v->r->stack;
	const struct stack_content *list = secret ? s->secrets : s->configs;
	size_t n = secret ? s->n_secrets : s->n_configs;

	for (*ret = 0; *ret < n; ++*ret)
		if (sp_str_eq(list[*ret].key, key))
			return true;
	value_refuse(v, STACK_CODE_REFERENCE,
		     secret ? "names '%s', which the top-level 'secrets' does not have"
			    : "names '%s', which the top-level 'configs' does not have",
		     key);
	return false;
}

/* A secret goes to /run/secrets/NAME, a config to /NAME, unless the target says otherwise. */
static char *grant_target(const struct value *v, const struct grant *g, bool secret)
{
	const char *target = g->target ? g->target : g->source;
	char *path = (char *)target;

	if (target[0] != '/')
		path = stack_arena_format(v->r->arena, "%s/%s", secret ? SECRET_DIRECTORY : "",
					  target);
	return path && check_target(v, path) ? clean_path(v->r, path) : NULL;
}

static void grant_add(const struct value *v, const struct grant *g, bool secret,
		      struct stack_service *s)
{
	struct stack_grant *slot;
	size_t content;
	char *target;

	if (!content_find(v, g->source, secret, &content))
		return;
	target = grant_target(v, g, secret);
	slot = target ? value_push(v, &s->grants, &s->n_grants, sizeof(*slot)) : NULL;
	if (slot)
		*slot = (struct stack_grant){ .content = content,
					      .secret = secret,
					      .target = target,
					      .mode = g->mode,
					      .uid = g->uid,
					      .gid = g->gid,
					      .at = v->node->at };
}

static void grant_one(const struct value *v, bool secret, struct stack_service *s)
{
	struct grant g = { .mode = GRANT_MODE };

	if (v->node->kind == NODE_MAP) {
		key_table_read(&keys_grant, v, &g);
		if (!node_find(v->node, "source"))
			value_refuse(v, STACK_CODE_MISSING, "has no 'source'");
	} else {
		read_string(v, &g.source);
	}
	if (g.source)
		grant_add(v, &g, secret, s);
}

static void secret_grant(const struct value *v, void *service)
{
	grant_one(v, true, service);
}

static void config_grant(const struct value *v, void *service)
{
	grant_one(v, false, service);
}

void read_secret_grants(const struct value *v, void *service)
{
	if (!node_is_null(v->node))
		value_each_item(v, secret_grant, service);
}

void read_config_grants(const struct value *v, void *service)
{
	if (!node_is_null(v->node))
		value_each_item(v, config_grant, service);
}
