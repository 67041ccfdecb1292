/*
 * Interpolation over the tree. Nodes that aliases share are done once.
 */
#include "stackfile/substitute.h"

#include <errno.h>
#include <string.h>

#include "base/str.h"
#include "stackfile/interpolate.h"

/* One scalar at work: what the callbacks of interpolate() need. */
struct work {
	const struct value *v;
	bool variable; /* one was asked for */
};

static const char *lookup(void *state, const char *name)
{
	struct work *work = state;
	const struct stack_resolver *resolver = work->v->r->resolver;

	work->variable = true;
	return resolver->variable(resolver->state, name);
}

/* Columns count characters, offsets count bytes. */
static struct stack_position place(const struct node *n, const char *text, size_t offset)
{
	struct stack_position at = n->at;

	if (n->indent < 0)
		return at;
	at.column += (uint32_t)n->indent;
	for (size_t i = 0; i < offset; i++)
		at.column += ((unsigned char)text[i] & 0xC0) != 0x80;
	return at;
}

static bool warned_before(struct reader *r, const char *name)
{
	size_t n = 0;

	for (; r->warned && r->warned[n]; n++)
		if (!strcmp(r->warned[n], name))
			return true;
	if (n >= STACK_DIAGNOSTICS_MAX) /* nobody will see one more */
		return true;
	stack_arena_strv_push(r->arena, &r->warned, stack_arena_dup(r->arena, name));
	return false;
}

static void unset(void *state, const char *name, size_t offset)
{
	const struct value *v = ((struct work *)state)->v;
	char path[VALUE_PATH_MAX];

	if (warned_before(v->r, name))
		return;
	value_path(v, path);
	reader_warn(v->r, STACK_CODE_VARIABLE, place(v->node, v->node->text, offset), path,
		    "uses the variable '%s', which is not set: it becomes nothing", name);
}

static void tell(const struct value *v, enum interpolate_result result,
		 const struct interpolate_problem *p)
{
	struct stack_position at = place(v->node, v->node->text, p->offset);
	char path[VALUE_PATH_MAX];

	value_path(v, path);
	switch (result) {
	case INTERPOLATE_OK:
		break;
	case INTERPOLATE_SYNTAX:
		reader_refuse(v->r, STACK_CODE_VARIABLE, at, path,
			      "has a '$' that starts no variable: write '$$' for a dollar sign");
		break;
	case INTERPOLATE_REQUIRED:
		reader_refuse(v->r, STACK_CODE_VARIABLE, at, path, "needs the variable '%s'%s%s",
			      p->name, *p->message ? ": " : "", p->message);
		break;
	case INTERPOLATE_LIMIT:
		reader_refuse(v->r, STACK_CODE_LIMIT, at, path,
			      "has a variable that is nested too deeply or named too long");
		break;
	}
}

/* Only what is told to others can tell where a service is. */
static bool may_refer(const struct value *v, const struct node *n)
{
	char path[VALUE_PATH_MAX];

	if (!strstr(n->text, "${" INTERPOLATE_REFERENCE))
		return false;
	value_path(v, path);
	return sp_str_starts(path, "x-stackpilot.outputs.");
}

static void substitute_scalar(const struct value *v, struct node *n)
{
	struct work work = { .v = v };
	struct interpolate_vars vars = {
		.lookup = lookup, .unset = unset, .state = &work, .keep_references = may_refer(v, n)
	};
	autobuf struct sp_buf out = { .limit = STACK_FILE_MAX };
	struct interpolate_problem problem;
	enum interpolate_result result;
	char *text;

	if (!strchr(n->text, '$'))
		return;
	result = interpolate(n->text, &vars, &out, &problem);
	if (result != INTERPOLATE_OK) {
		tell(v, result, &problem);
		return;
	}
	if (out.error == -E2BIG) {
		value_refuse(v, STACK_CODE_LIMIT, "is longer than 1 MiB");
		return;
	}
	text = stack_arena_copy(v->r->arena, out.data ? out.data : "", out.len);
	v->r->report->no_memory |= out.error != 0;
	if (!text)
		return;
	n->source = work.variable ? n->text : NULL;
	n->text = text;
	n->refers = vars.keep_references;
	n->plain = false; /* what a variable leaves empty is an empty string, not null */
}

void substitute(const struct value *v)
{
	struct node *n = v->node;

	if (n->interpolated)
		return;
	n->interpolated = true;
	if (n->kind == NODE_SCALAR) {
		substitute_scalar(v, n);
		return;
	}
	for (size_t i = 0; i < n->n; i++) {
		struct value child = value_child(v, i);

		substitute(&child);
	}
}
