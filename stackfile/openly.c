/* See openly.h. */
#include "stackfile/openly.h"

#include <string.h>

#include "base/str.h"

bool openly_written(const struct node *n)
{
	if (n->variable)
		return false;
	for (size_t i = 0; i < n->n; i++)
		if (!openly_written(n->entries[i].value))
			return false;
	return true;
}

static void note(const struct value *v, struct stack_service *s, char *path)
{
	stack_arena_strv_push(v->r->arena, &s->open, path);
}

void openly_pair(const struct value *v, struct stack_service *s, const char *of, const char *name)
{
	if (openly_written(v->node))
		note(v, s, stack_arena_format(v->r->arena, "%s.%s", of, name));
}

static bool is_open(const struct stack_service *s, const char *name, size_t len)
{
	static const char prefix[] = "environment.";
	size_t n = sizeof(prefix) - 1;

	for (char *const *open = s->open; open && *open; open++)
		if (sp_str_starts(*open, prefix) && strlen(*open + n) == len &&
		    !strncmp(*open + n, name, len))
			return true;
	return false;
}

bool openly_hides(const struct stack_service *s, const char *text)
{
	for (char *const *e = s->environment; text && e && *e; e++) {
		const char *equals = strchr(*e, '=');

		if (equals && equals[1] && !is_open(s, *e, (size_t)(equals - *e)) &&
		    strstr(text, equals + 1))
			return true;
	}
	return false;
}

static bool find(const struct value *map, const char *key, struct value *ret)
{
	return map->node->kind == NODE_MAP && value_find(map, key, ret);
}

static bool has_dollar(const struct node *n)
{
	if (n->kind == NODE_SCALAR)
		return strchr(n->text, '$') != NULL;
	for (size_t i = 0; i < n->n; i++)
		if (has_dollar(n->entries[i].value))
			return true;
	return false;
}

/* A healthcheck's line may be read with the values of the environment in it (health_native.c). */
static bool healthcheck_is_open(const struct value *container)
{
	struct value health, test;

	return find(container, "healthcheck", &health) && find(&health, "test", &test) &&
	       openly_written(test.node) && !has_dollar(test.node);
}

static bool probe_is_open(const struct value *container, const char *probe)
{
	struct value extension, own;

	if (find(container, "x-stackpilot", &extension) && find(&extension, probe, &own))
		return openly_written(own.node);
	return !strcmp(probe, "readiness") && healthcheck_is_open(container);
}

void openly_read(const struct value *container, struct stack_service *s)
{
	static const char *const lines[] = { "entrypoint", "command" };
	static const char *const probes[] = { "startup", "liveness", "readiness" };
	struct value line;

	for (size_t i = 0; i < SP_COUNT(lines); i++)
		if (find(container, lines[i], &line) && openly_written(line.node))
			note(container, s, stack_arena_dup(container->r->arena, lines[i]));
	for (size_t i = 0; i < SP_COUNT(probes); i++)
		if (probe_is_open(container, probes[i]))
			note(container, s, stack_arena_dup(container->r->arena, probes[i]));
}
