/* The stack file reader: parse, interpolate, walk, check; see read.h. */
#include "stackfile/read.h"

#include <ctype.h>
#include <string.h>

#include "base/str.h"
#include "stackfile/check.h"
#include "stackfile/dependencies.h"
#include "stackfile/document.h"
#include "stackfile/output_parts.h"
#include "stackfile/reader.h"
#include "stackfile/requires.h"
#include "stackfile/substitute.h"
#include "stackfile/tasks.h"

void stack_free(struct stack *s)
{
	if (s)
		stack_arena_free(s->arena); /* it holds s itself */
}

const struct stack_service *stack_service_find(const struct stack *s, const char *name)
{
	for (size_t i = 0; i < s->n_services; i++)
		if (sp_str_eq(s->services[i].name, name))
			return &s->services[i];
	return NULL;
}

const struct stack_task *stack_task_find(const struct stack *s, const char *name)
{
	for (size_t i = 0; i < s->n_tasks; i++)
		if (sp_str_eq(s->tasks[i].run.name, name))
			return &s->tasks[i];
	return NULL;
}

const struct stack_output *stack_output_find(const struct stack *s, const char *name)
{
	for (size_t i = 0; i < s->n_outputs; i++)
		if (sp_str_eq(s->outputs[i].name, name))
			return &s->outputs[i];
	return NULL;
}

const struct stack_require *stack_require_find(const struct stack *s, const char *stack)
{
	for (size_t i = 0; i < s->n_requires; i++)
		if (sp_str_eq(s->requires[i].stack, stack))
	return &s->requires[i];
	return NULL;
}

static struct stack *stack_new(void)
{
	struct stack_arena *arena = stack_arena_new();
	struct stack *s = arena ? stack_arena_zalloc(arena, sizeof(*s)) : NULL;

	if (s)
		s->arena = arena;
	else
		stack_arena_free(arena);
	return s;
}

static void name_stack(struct reader *r)
{
	const char *name = r->source->name;

	if (!name)
		return;
	r->stack->name = stack_arena_dup(r->arena, name);
	if (!stack_name_valid(name))
		reader_refuse(r, STACK_CODE_VALUE, (struct stack_position){ 1, 1 }, "",
			      "'%s' is no name for a stack: lower-case letters, digits, '-' and "
			      "'_', at most %d",
			      name, SP_ID_MAX);
}

/*
 * Where nobody gives a name it is the directory's, as far as its letters fit (Compose does the
 * same). A bundle carries the directory, so both ends of a deploy come to the same name.
 */
static void name_by_directory(struct reader *r)
{
	const char *path = r->source->directory ? r->source->directory : "";
	const char *base = strrchr(path, '/');
	char name[SP_ID_MAX + 1];
	size_t n = 0;

	for (const char *c = base ? base + 1 : path; *c && n < SP_ID_MAX; c++) {
		char low = (char)tolower((unsigned char)*c);

		if (isalnum((unsigned char)low) || (n && strchr("-_", low)))
			name[n++] = low;
	}
	while (n && strchr("-_", name[n - 1]))
		n--;
	name[n] = '\0';
	if (stack_name_valid(name))
		r->stack->name = stack_arena_dup(r->arena, name);
	else
		reader_refuse(r, STACK_CODE_MISSING, (struct stack_position){ 1, 1 }, "",
			      "the stack has no name: give one, or write 'name:' into the file");
}

static void read_into(struct reader *r)
{
	const struct stack_source *src = r->source;
	struct node_source text = { src->file, src->text, src->len };
	struct value root = { .r = r };

	name_stack(r);
	root.node = node_parse(r->arena, &text, r->report);
	if (!root.node)
		return;
	substitute(&root);
	if (stack_arena_check(r->arena, NULL) < 0)
		return;
	if (!r->stack->name && !node_find(root.node, "name"))
		name_by_directory(r);
	document_read(&root);
	if (stack_arena_check(r->arena, NULL) < 0)
		return; /* parts of the model are missing */
	start_order_find(r);
	task_order_find(r);
	stack_check(r);
	from_output_check(r);
	output_parts_check(r);
}

int stack_read(const struct stack_source *source, const struct stack_resolver *resolver,
	       struct stack **ret, struct stack_report *report, struct sp_err *err)
{
	auto_(stack_free) struct stack *s = stack_new();
	struct reader r = { .stack = s, .report = report, .source = source, .resolver = resolver };
	int result;

	if (!s)
		return sp_fail_nomem(err);
	r.arena = s->arena;
	read_into(&r);
	result = stack_arena_check(s->arena, err);
	if (result == 0)
		result = stack_report_result(report, err);
	if (result == 0)
		*ret = take_ptr(s);
	return result;
}
