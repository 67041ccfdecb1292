/* What dependencies forbid; see deps.h. */
#include <stdio.h>
#include <string.h>

#include "base/buf.h"
#include "base/str.h"
#include "control/deps/circle.h"
#include "stackfile/stack.h"

/* A deploy that asks. */
struct asking {
	const struct deps *d;
	const struct stack *stack;
	const char *file;
	struct deps_refusal *refusal;
};

static void blame(const struct asking *a, const char *culprit, const struct stack_require *entry)
{
	snprintf(a->refusal->culprit, sizeof(a->refusal->culprit), "%s", culprit);
	a->refusal->at = entry->at;
}

static int refuse_missing(const struct asking *a, const struct stack_require *q, size_t node,
			  struct sp_err *err)
{
	bool there = node != GRAPH_NONE && !a->d->nodes[node].missing;

	blame(a, q->stack, q);
	return sp_fail(err, SP_E_INVALID, "'%s' requires the stack '%s', which is not %s%s",
		       a->stack->name, q->stack, there ? "running but " : "deployed",
		       there ? a->d->nodes[node].state : "");
}

static int check_require(const struct asking *a, const struct stack_require *q, struct sp_err *err)
{
	size_t node = deps_find(a->d, q->stack);

	if (node == GRAPH_NONE || !deps_is_running(a->d, node))
		return refuse_missing(a, q, node, err);
	for (char **name = q->outputs; name && *name; name++)
		if (!deps_has_output(a->d, q->stack, *name)) {
			blame(a, q->stack, q);
			return sp_fail(err, SP_E_INVALID,
				       "'%s' requires the output '%s', which the stack '%s' does "
				       "not have",
				       a->stack->name, *name, q->stack);
		}
	return 0;
}

/* "a -> b -> a": a circle the deploy would close, by the entry that its own stack begins it with.
 */
static int check_circle(const struct asking *a, struct sp_err *err)
{
	autobuf struct sp_buf path = SP_BUF_INIT, ways = SP_BUF_INIT;
	autocircle struct deps_circle c = { 0 };
	int r = deps_circle_through(a->d, deps_find(a->d, a->stack->name), &c, err);

	if (r < 0 || !c.n)
		return r;
	deps_circle_path(&c, &path);
	deps_circle_ways(&c, a->file, &ways);
	if (sp_buf_check(&path, err) < 0 || sp_buf_check(&ways, err) < 0)
		return sp_err_return(err);
	blame(a, a->stack->name, deps_circle_entry(&c, 0));
	snprintf(a->refusal->ways, sizeof(a->refusal->ways), "%s", ways.len ? ways.data : "");
	return sp_fail(err, SP_E_INVALID, "'%s' would require itself: %s", a->stack->name,
		       path.data);
}

typedef int (*require_fn)(const struct asking *a, const struct stack_require *q,
			  struct sp_err *err);

/* No circle, and of each entry what check asks for; what->d is read here. */
static int look_at(struct store *s, const struct asking *what, require_fn check, struct sp_err *err)
{
	autodeps struct deps d = { 0 };
	const struct asking a = { &d, what->stack, what->file, what->refusal };
	int r = a.stack->n_requires ? deps_read(s, a.stack, &d, err) : 0;

	*a.refusal = (struct deps_refusal){ 0 };
	if (r < 0 || !a.stack->n_requires)
		return r;
	r = check_circle(&a, err);
	for (size_t i = 0; r == 0 && i < a.stack->n_requires; i++)
		r = check(&a, &a.stack->requires[i], err);
	if (r < 0)
		sp_err_at(err, SP_STAGE_VALIDATE);
	return r;
}

int deps_look(struct store *s, const struct stack *stack, const char *file,
	      struct deps_refusal *ret, struct sp_err *err)
{
	const struct asking a = { NULL, stack, file, ret };

	return look_at(s, &a, check_require, err);
}

/* What is refused for its entry begins with where that stands. */
static int located(int r, const char *file, const struct deps_refusal *refusal, struct sp_err *err)
{
	if (r == 0 || !refusal->at.line)
		return r;
	return sp_err_prefix(err, "%s:%u:%u", file, refusal->at.line, refusal->at.column);
}

int deps_allow_deploy(struct store *s, const struct stack *stack, const char *file,
		      struct deps_refusal *ret, struct sp_err *err)
{
	return located(deps_look(s, stack, file, ret, err), file, ret, err);
}

void deps_refusal_tell(const struct deps_refusal *r, const char *file, struct wire_failure *at)
{
	bool is_path = strcmp(file, "-") != 0;

	if (!r->at.line)
		return;
	snprintf(at->resource, sizeof(at->resource), "%s", r->culprit);
	snprintf(at->evidence, sizeof(at->evidence), "%s", r->ways);
	snprintf(at->next, sizeof(at->next), "ctl deps check %s", is_path ? file : "FILE");
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

static int check_there(const struct asking *a, const struct stack_require *q, struct sp_err *err)
{
	size_t node = deps_find(a->d, q->stack);

	return is_there(a->d, node) ? 0 : refuse_missing(a, q, node, err);
}

int deps_allow_commit(struct store *s, const struct stack *stack, const char *file,
		      struct deps_refusal *ret, struct sp_err *err)
{
	const struct asking a = { NULL, stack, file, ret };

	return located(look_at(s, &a, check_there, err), file, ret, err);
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
