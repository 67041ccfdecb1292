/* What dependencies forbid; see deps.h. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/str.h"
#include "control/deps/deps.h"
#include "stackfile/stack.h"

/* A deploy that asks. */
struct asking {
	const struct deps *d;
	const struct stack *stack;
	const char *file;
};

static int refuse_missing(const struct asking *a, const struct stack_require *q, size_t node,
			  struct sp_err *err)
{
	bool there = node != GRAPH_NONE && !a->d->nodes[node].missing;

	return sp_fail(err, SP_E_INVALID,
		       "%s:%u:%u: '%s' requires the stack '%s', which is not %s%s", a->file,
		       q->at.line, q->at.column, a->stack->name, q->stack,
		       there ? "running but " : "deployed", there ? a->d->nodes[node].state : "");
}

static int check_require(const struct asking *a, const struct stack_require *q, struct sp_err *err)
{
	size_t node = deps_find(a->d, q->stack);

	if (node == GRAPH_NONE || !deps_is_running(a->d, node))
		return refuse_missing(a, q, node, err);
	for (char **name = q->outputs; name && *name; name++)
		if (!deps_has_output(a->d, q->stack, *name))
			return sp_fail(err, SP_E_INVALID,
				       "%s:%u:%u: '%s' requires the output '%s', which the stack "
				       "'%s' does not have",
				       a->file, q->at.line, q->at.column, a->stack->name, *name,
				       q->stack);
	return 0;
}

/* "a -> b -> a": a circle the deploy would close through its own stack. */
static int check_circle(const struct deps *d, const struct stack *stack, struct sp_err *err)
{
	size_t self = deps_find(d, stack->name), n;
	autobuf struct sp_buf text = SP_BUF_INIT;
	autofree size_t *circle = calloc(d->n + 1, sizeof(*circle));
	autofree bool *ahead = calloc(d->n + 1, sizeof(*ahead));
	int r = ahead && circle ? graph_reach(d->graph, self, false, ahead, err)
				: sp_fail_nomem(err);

	if (r < 0 || !ahead[self])
		return r;
	n = graph_cycle(d->graph, d->levels, circle);
	for (size_t i = 0; i < n; i++)
		sp_buf_printf(&text, "%s -> ", d->nodes[circle[i]].id);
	return sp_fail(err, SP_E_INVALID, "'%s' would require itself: %s%s", stack->name,
		       text.data ? text.data : "", n ? d->nodes[circle[0]].id : stack->name);
}

int deps_allow_deploy(struct store *s, const struct stack *stack, const char *file,
		      char *ret_culprit, struct sp_err *err)
{
	autodeps struct deps d = { 0 };
	struct asking a = { &d, stack, file };
	int r = stack->n_requires ? deps_read(s, stack, &d, err) : 0;

	if (r < 0 || !stack->n_requires)
		return r;
	snprintf(ret_culprit, DEPS_ID_MAX, "%s", stack->name);
	r = check_circle(&d, stack, err);
	for (size_t i = 0; r == 0 && i < stack->n_requires; i++) {
		r = check_require(&a, &stack->requires[i], err);
		if (r < 0)
			snprintf(ret_culprit, DEPS_ID_MAX, "%s", stack->requires[i].stack);
	}
	if (r < 0)
		sp_err_at(err, SP_STAGE_VALIDATE);
	return r;
}

static bool is_there(const struct deps *d, size_t node)
{
	static const char *const gone[] = { "", "destroying" };

	for (size_t i = 0; node != GRAPH_NONE && i < SP_COUNT(gone); i++)
		if (!strcmp(d->nodes[node].state, gone[i]))
			return false;
	return node != GRAPH_NONE && !d->nodes[node].missing &&
	       strcmp(d->nodes[node].version, "0") != 0;
}

int deps_allow_commit(struct store *s, const struct stack *stack, const char *file,
		      struct sp_err *err)
{
	autodeps struct deps d = { 0 };
	struct asking a = { &d, stack, file };
	int r = stack->n_requires ? deps_read(s, stack, &d, err) : 0;

	if (r < 0 || !stack->n_requires)
		return r;
	r = check_circle(&d, stack, err);
	for (size_t i = 0; r == 0 && i < stack->n_requires; i++) {
		size_t node = deps_find(&d, stack->requires[i].stack);

		if (!is_there(&d, node))
			r = refuse_missing(&a, &stack->requires[i], node, err);
	}
	if (r < 0)
		sp_err_at(err, SP_STAGE_VALIDATE);
	return r;
}

static int name_dependents(struct store *s, const char *stack, struct sp_buf *names,
			   struct sp_err *err)
{
	autodeps struct deps d = { 0 };
	int r = deps_read(s, NULL, &d, err);
	size_t node, from;

	if (r < 0)
		return r;
	node = deps_find(&d, stack);
	if (node == GRAPH_NONE)
		return 0;
	for (size_t i = 0; (from = graph_next(d.graph, node, true, i)) != GRAPH_NONE; i++)
		sp_buf_printf(names, "%s'%s'", names->len ? ", " : "", d.nodes[from].id);
	return 0;
}

int deps_allow_destroy(struct store *s, const char *stack, struct sp_err *err)
{
	autobuf struct sp_buf names = SP_BUF_INIT;
	char coming[STORE_NAME_MAX];
	int r = name_dependents(s, stack, &names, err);

	if (r == 0 && !names.len) {
		r = store_resources_coming(s, stack, coming, err);
		if (r == 1)
			sp_buf_printf(&names, "'%s', which is being deployed", coming);
	}
	if (r < 0 || !names.len)
		return r < 0 ? r : 0;
	sp_fail(err, SP_E_CONFLICT, "the stack '%s' is required by %s", stack, names.data);
	sp_err_at(err, SP_STAGE_VALIDATE);
	return sp_err_return(err);
}
