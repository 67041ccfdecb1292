/* See from_output.h. */
#include "control/stack/from_output.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/str.h"
#include "control/stack/outputs.h"
#include "stackfile/env_list.h"

static int refuse_unset(const char *stack, const json_t *output, struct sp_err *err)
{
	const char *name = json_string_value(json_object_get(output, "name"));
	const char *state = json_string_value(json_object_get(output, "state"));

	if (state)
		return sp_fail(err, SP_E_NOT_FOUND,
			       "the output '%s' of '%s' has no value: its state has no key '%s'",
			       name, stack, state);
	return sp_fail(err, SP_E_NOT_FOUND,
		       "the output '%s' of '%s' has no value: its service has no replica", name,
		       stack);
}

int output_value(struct store *s, const char *stack, const char *name, char **ret,
		 struct sp_err *err)
{
	autojson json_t *list = NULL;
	const json_t *one;
	const char *value;
	int r = outputs_read(s, stack, name, true, &list, err);

	if (r < 0)
		return r;
	one = json_array_get(list, 0);
	value = json_string_value(json_object_get(one, "value"));
	if (!value)
		return refuse_unset(stack, one, err);
	*ret = strdup(value);
	return *ret ? 0 : sp_fail_nomem(err);
}

static int give_one(struct store *s, const struct stack_output_use *use, struct wire_workload *w,
		    struct sp_err *err)
{
	autofree char *value = NULL, *pair = NULL;
	int r = output_value(s, use->stack, use->output, &value, err);

	if (r < 0)
		return r;
	pair = sp_str_format("%s=%s", use->variable, value);
	return pair && sp_strv_push(&w->environment, pair) == 0 ? 0 : sp_fail_nomem(err);
}

int from_output_give(struct store *s, const struct stack_service *service, struct wire_workload *w,
		     struct sp_err *err)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < service->n_from_output; i++)
		r = give_one(s, &service->from_output[i], w, err);
	if (r == 0 && service->n_from_output)
		env_list_sort(w->environment);
	return r;
}

static int refuse(const struct desired *d, const struct stack_service *service, struct sp_err *err)
{
	struct sp_err why = *err;

	sp_fail(err, SP_E_INVALID, "%s:%u: '%s': %s", d->bundle->file,
		service->from_output[0].at.line, service->name, why.message);
	sp_err_at(err, SP_STAGE_VALIDATE);
	return sp_err_return(err);
}

int from_output_give_all(struct store *s, struct desired *d, struct sp_err *err)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < d->n; i++) {
		const struct stack_service *service = &d->stack->services[d->list[i].service];

		r = from_output_give(s, service, d->list[i].spec, err);
		if (r < 0 && sp_err_return(err) != -ENOMEM)
			return refuse(d, service, err);
	}
	return r;
}
