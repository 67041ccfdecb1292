/* Working out a stack's outputs; see outputs.h. */
#include "control/stack/outputs.h"

#include <errno.h>
#include <string.h>

#include "base/json.h"
#include "control/stack/declared.h"
#include "control/stack/desired.h"
#include "control/stack/output_parts.h"
#include "control/store/state.h"

/* What the outputs of a stack are read from. */
struct source {
	struct store *store;
	const struct stack *stack;
	struct store_workloads placed;
	bool reveal;
};

static int read_state(const struct source *src, const char *key, struct store_state_value *ret,
		      struct sp_err *err)
{
	struct sp_err why = { 0 };
	int r = store_state_get(src->store, src->stack->name, key, ret, &why);

	if (r < 0 && r != -ENOENT) {
		*err = why;
		return r;
	}
	return 0;
}

/* Its value is NULL when the state it names is not set, or the service it tells of not placed. */
static int value_of(const struct source *src, const struct stack_output *o, json_t **ret,
		    struct sp_err *err)
{
	autostate struct store_state_value state = { 0 };
	autofree char *joined = NULL;
	const char *value = o->value;
	bool sensitive;
	int r = 0;

	if (o->state)
		r = read_state(src, o->state, &state, err);
	else if (o->n_parts)
		r = output_parts_join(src->store, o, &src->placed, &joined, err);
	if (r < 0)
		return r;
	if (!value)
		value = o->state ? state.value : joined;
	sensitive = output_is_hidden(o) || state.sensitive;
	*ret = json_pack("{s:s, s:s?, s:b, s:s?}", "name", o->name, "value",
			 sensitive && !src->reveal ? NULL : value, "sensitive", sensitive, "state",
			 o->state);
	return *ret ? 0 : sp_fail_nomem(err);
}

static int read_all(const struct source *src, const char *name, json_t *list, struct sp_err *err)
{
	const struct stack *stack = src->stack;
	int r = 0;

	for (size_t i = 0; r == 0 && i < stack->n_outputs; i++) {
		json_t *one = NULL;

		if (name && strcmp(stack->outputs[i].name, name) != 0)
			continue;
		r = value_of(src, &stack->outputs[i], &one, err);
		if (r == 0 && json_array_append_new(list, one) < 0)
			r = sp_fail_nomem(err);
	}
	if (r == 0 && name && !json_array_size(list))
		r = sp_fail(err, SP_E_NOT_FOUND, "stack '%s' has no output '%s'", stack->name,
			    name);
	return r;
}

/* Where its workloads are matters only to outputs that tell it. */
static int read_placed(struct source *src, int64_t revision, struct sp_err *err)
{
	for (size_t i = 0; i < src->stack->n_outputs; i++)
		if (src->stack->outputs[i].n_parts)
			return store_workload_list(src->store, src->stack->name, revision,
						   &src->placed, err);
	return 0;
}

int outputs_read(struct store *s, const char *stack, const char *name, bool reveal, json_t **ret,
		 struct sp_err *err)
{
	autojson json_t *list = json_array();
	autofree char *bundle = NULL;
	struct source src = { .store = s, .reveal = reveal };
	struct store_stack row;
	struct desired d = { 0 };
	int r = list ? store_stack_get(s, stack, &row, err) : sp_fail_nomem(err);

	if (r == 0 && !row.revision)
		return sp_fail(err, SP_E_NOT_FOUND, "stack '%s' has never been deployed whole",
			       stack);
	if (r == 0)
		r = store_revision_bundle(s, stack, row.revision, &bundle, err);
	if (r == 0)
		r = desired_read(bundle, &d, err);
	if (r == 0)
		src.stack = d.stack;
	if (r == 0)
		r = read_placed(&src, row.revision, err);
	if (r == 0)
		r = read_all(&src, name, list, err);
	store_workloads_fini(&src.placed);
	desired_fini(&d);
	if (r == 0)
		*ret = take_ptr(list);
	return r;
}
