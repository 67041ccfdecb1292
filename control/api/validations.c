/* Validations: of a bundle, of a stack as it was deployed last, of all. */
#include <errno.h>

#include "base/json.h"
#include "control/api/api.h"
#include "control/api/handlers.h"
#include "control/store/stack.h"
#include "control/validate/validate.h"

#define REQUESTER_MAX 160

struct validating {
	struct api *a;
	char requester[REQUESTER_MAX];
	json_t *list;
	bool ok;
};

static int add(struct validating *v, const char *bundle, struct sp_err *err)
{
	json_t *one = NULL;
	int r = validate_bundle(v->a->control, v->a->store, v->requester, bundle, &one, err);

	if (r < 0)
		return r;
	v->ok &= json_is_true(json_object_get(one, "ok"));
	json_array_append_new(v->list, one);
	return 0;
}

static int add_bundle(struct validating *v, const json_t *bundle, struct sp_err *err)
{
	autofree char *text = sp_json_canonical(bundle);

	return text ? add(v, text, err) : sp_fail_nomem(err);
}

static int add_stack(struct validating *v, const struct store_stack *stack, struct sp_err *err)
{
	autofree char *bundle = NULL;
	int r;

	if (!stack->revision)
		return sp_fail(err, SP_E_NOT_FOUND, "the stack '%s' was never deployed to its end",
			       stack->name);
	r = store_revision_bundle(v->a->store, stack->name, stack->revision, &bundle, err);
	return r < 0 ? r : add(v, bundle, err);
}

static int add_named(struct validating *v, const char *name, struct sp_err *err)
{
	struct store_stack stack;
	int r = store_stack_get(v->a->store, name, &stack, err);

	return r < 0 ? r : add_stack(v, &stack, err);
}

static int add_all(struct validating *v, struct sp_err *err)
{
	autostacks struct store_stacks stacks = { 0 };
	int r = store_stack_list(v->a->store, &stacks, err);

	for (size_t i = 0; r == 0 && i < stacks.n; i++)
		if (stacks.list[i].revision)
			r = add_stack(v, &stacks.list[i], err);
	return r;
}

API_HANDLER(validations_make)
{
	autojson json_t *body = NULL, *list = json_array();
	struct validating v = { .a = a, .list = list, .ok = true };
	const json_t *bundle;
	const char *stack;
	int r = api_body(a, &body, err);

	if (r < 0)
		return r;
	api_requester(a, v.requester, sizeof(v.requester));
	bundle = json_object_get(body, "bundle");
	stack = json_string_value(json_object_get(body, "stack"));
	if (bundle)
		r = add_bundle(&v, bundle, err);
	else if (stack)
		r = add_named(&v, stack, err);
	else if (json_is_true(json_object_get(body, "all")))
		r = add_all(&v, err);
	else
		r = sp_fail(err, SP_E_INVALID, "the body has no 'bundle', 'stack' or 'all'");
	if (r < 0)
		return r;
	return api_reply(a, 200, json_pack("{s:b, s:O}", "ok", v.ok, "validations", list), err);
}
