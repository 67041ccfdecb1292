/* See openly.h. */
#include "stackfile/openly.h"

#include <string.h>

#include "base/str.h"

bool openly_written(const struct node *n)
{
	if (n->source)
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

bool openly_names(const struct stack_service *s, const char *line)
{
	static const char name_bytes[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
					 "0123456789_";

	for (const char *at = line; (at = strchr(at, '$'));) {
		at += strspn(at, "${");
		if (!is_open(s, at, strspn(at, name_bytes)))
			return false;
	}
	return true;
}

static bool find(const struct value *map, const char *key, struct value *ret)
{
	return map->node->kind == NODE_MAP && value_find(map, key, ret);
}

/* Where its line was read with values of the environment, those stand openly (health.c). */
static bool healthcheck_is_open(const struct value *container)
{
	struct value health, test;

	return find(container, "healthcheck", &health) && find(&health, "test", &test) &&
	       openly_written(test.node);
}

static bool probe_is_open(const struct value *container, const char *probe)
{
	struct value extension, own;

	if (find(container, "x-stackpilot", &extension) && find(&extension, probe, &own))
		return openly_written(own.node);
	return !strcmp(probe, "readiness") && healthcheck_is_open(container);
}

/* Of a command line: a list of words, or a text that is split into them. */
static bool word_is_open(const struct node *line, size_t i)
{
	if (line->kind == NODE_LIST)
		return i >= line->n || openly_written(line->entries[i].value);
	return openly_written(line);
}

/* The command begins only where there is no entrypoint. */
static bool program_is_open(const struct value *container, const struct stack_service *s)
{
	bool entered = s->entrypoint && s->entrypoint[0];
	struct value line;

	return !find(container, entered ? "entrypoint" : "command", &line) ||
	       word_is_open(line.node, 0);
}

/* Of a health check only [CMD, program, ...] has a program that is not the shell. */
static bool probe_program_is_open(const struct value *container, const char *probe)
{
	struct value extension, own, exec, line;

	if (find(container, "x-stackpilot", &extension) && find(&extension, probe, &own))
		return !find(&own, "exec", &exec) || !find(&exec, "command", &line) ||
		       word_is_open(line.node, 0);
	return !find(container, "healthcheck", &own) || !find(&own, "test", &line) ||
	       line.node->kind != NODE_LIST || word_is_open(line.node, 1);
}

void openly_read(const struct value *container, struct stack_service *s)
{
	static const char *const lines[] = { "entrypoint", "command" };
	static const char *const probes[] = { "startup", "liveness", "readiness" };
	struct wire_probe *const specs[] = { &s->startup, &s->liveness, &s->readiness };
	struct value line;

	s->program_hidden = !program_is_open(container, s);
	for (size_t i = 0; i < SP_COUNT(lines); i++)
		if (find(container, lines[i], &line) && openly_written(line.node))
			note(container, s, stack_arena_dup(container->r->arena, lines[i]));
	for (size_t i = 0; i < SP_COUNT(probes); i++) {
		specs[i]->program_hidden = specs[i]->type == WIRE_PROBE_EXEC &&
					   !probe_program_is_open(container, probes[i]);
		if (probe_is_open(container, probes[i]))
			note(container, s, stack_arena_dup(container->r->arena, probes[i]));
	}
}
