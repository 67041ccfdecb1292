/* Comparing two lists of specs; see workload_diff.h. */
#include "control/stack/workload_diff.h"

#include "base/json.h"
#include "control/stack/spec_diff.h"

static const char *id_of(const json_t *spec)
{
	const char *id = json_string_value(json_object_get(spec, "id"));

	return id ? id : "";
}

/* Specs by their id, borrowed. */
static json_t *index_of(const json_t *specs)
{
	json_t *index = json_object(), *one;
	size_t i;

	json_array_foreach (specs, i, one) {
		if (json_object_set(index, id_of(one), one) < 0) {
			json_decref(index);
			return NULL;
		}
	}
	return index;
}

static int add(json_t *list, const struct workload_sides *sides, const json_t *before,
	       const json_t *after, struct sp_err *err)
{
	autojson json_t *changes = NULL;
	int r = spec_diff(&(struct spec_of){ before, SENSITIVE_BEFORE },
			  &(struct spec_of){ after, SENSITIVE_AFTER }, sides->sensitive, &changes,
			  err);

	if (r < 0 || json_array_size(changes) == 0)
		return r;
	r = json_array_append_new(list, json_pack("{s:s, s:s, s:O}", "id",
						  id_of(after ? after : before), "sign",
						  !before  ? "+"
						  : !after ? "-"
							   : "~",
						  "changes", changes));
	return r < 0 ? sp_fail_nomem(err) : 0;
}

int workload_diff(const struct workload_sides *sides, json_t **ret, struct sp_err *err)
{
	autojson json_t *list = json_array(), *before = index_of(sides->before);
	autojson json_t *after = index_of(sides->after);
	json_t *one;
	size_t i;
	int r = list && before && after ? 0 : sp_fail_nomem(err);

	json_array_foreach (sides->after, i, one) {
		if (r == 0)
			r = add(list, sides, json_object_get(before, id_of(one)), one, err);
	}
	json_array_foreach (sides->before, i, one) {
		if (r == 0 && !json_object_get(after, id_of(one)))
			r = add(list, sides, one, NULL, err);
	}
	if (r == 0)
		*ret = take_ptr(list);
	return r;
}
