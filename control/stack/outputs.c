/* Working out a stack's outputs; see outputs.h. */
#include "control/stack/outputs.h"

#include <errno.h>
#include <string.h>

#include "base/json.h"
#include "control/stack/desired.h"
#include "control/store/state.h"

/* What it is; NULL when the state it names is not set. */
static int value_of(struct store *s, const char *stack, const struct stack_output *o, bool reveal,
		    json_t **ret, struct sp_err *err)
{
	autostate struct store_state_value state = { 0 };
	struct sp_err why = { 0 };
	bool sensitive = o->sensitive;
	int r = o->state ? store_state_get(s, stack, o->state, &state, &why) : 0;

	if (r < 0 && r != -ENOENT) {
		*err = why;
		return r;
	}
	sensitive |= state.sensitive;
	*ret = json_pack("{s:s, s:s?, s:b, s:s?}", "name", o->name, "value",
			 sensitive && !reveal ? NULL
			 : o->state           ? state.value
					      : o->value,
			 "sensitive", sensitive, "state", o->state);
	return *ret ? 0 : sp_fail_nomem(err);
}

static int read_all(struct store *s, const struct stack *stack, const char *name, bool reveal,
		    json_t *list, struct sp_err *err)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < stack->n_outputs; i++) {
		json_t *one = NULL;

		if (name && strcmp(stack->outputs[i].name, name) != 0)
			continue;
		r = value_of(s, stack->name, &stack->outputs[i], reveal, &one, err);
		if (r == 0 && json_array_append_new(list, one) < 0)
			r = sp_fail_nomem(err);
	}
	if (r == 0 && name && !json_array_size(list))
		r = sp_fail(err, SP_E_NOT_FOUND, "stack '%s' has no output '%s'", stack->name,
			    name);
	return r;
}

int outputs_read(struct store *s, const char *stack, const char *name, bool reveal, json_t **ret,
		 struct sp_err *err)
{
	autojson json_t *list = json_array();
	autofree char *bundle = NULL;
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
		r = read_all(s, d.stack, name, reveal, list, err);
	desired_fini(&d);
	if (r == 0)
		*ret = take_ptr(list);
	return r;
}
