/* The difference of two specs; see spec_diff.h. */
#include "control/stack/spec_diff.h"

#include <string.h>

#include "base/json.h"

/* One field of both sides; one of the two may lack it. */
struct pair {
	const struct spec_fields *old_of, *new_of;
	const struct spec_field *old, *new;
};

static bool is_sensitive(const struct pair *p)
{
	return (p->old && spec_field_is_sensitive(p->old_of, p->old)) ||
	       (p->new &&spec_field_is_sensitive(p->new_of, p->new));
}

static int add_change(json_t *list, const struct pair *p)
{
	bool sensitive = is_sensitive(p);
	json_t *change = json_pack("{s:s}", "path", (p->new ? p->new : p->old)->path);
	json_t *hidden = json_string(SENSITIVE_SHOWN);
	int r = !change || !hidden ? -1 : 0;

	if (r == 0 && p->old)
		r = json_object_set(change, "before", sensitive ? hidden : p->old->value);
	if (r == 0 && p->new)
		r = json_object_set(change, "after", sensitive ? hidden : p->new->value);
	if (r == 0 && sensitive)
		r = json_object_set_new(change, "sensitive", json_true());
	json_decref(hidden);
	if (r < 0) {
		json_decref(change);
		return -1;
	}
	return json_array_append_new(list, change);
}

static int merge(const struct spec_fields *old, const struct spec_fields *new, json_t *list)
{
	size_t i = 0, j = 0;
	int r = 0;

	while (r == 0 && (i < old->n || j < new->n)) {
		const struct spec_field *a = i < old->n ? &old->list[i] : NULL;
		const struct spec_field *b = j < new->n ? &new->list[j] : NULL;
		int order = !a ? 1 : !b ? -1 : strcmp(a->path, b->path);
		struct pair p = { old, new, order <= 0 ? a : NULL, order >= 0 ? b : NULL };

		i += order <= 0;
		j += order >= 0;
		if (order != 0 || !json_equal(a->value, b->value))
			r = add_change(list, &p);
	}
	return r;
}

int spec_diff(const struct spec_of *before, const struct spec_of *after, const struct sensitive *s,
	      json_t **ret, struct sp_err *err)
{
	autofields struct spec_fields old = { 0 }, new = { 0 };
	autojson json_t *list = json_array();
	int r = spec_fields_read(before, s, &old, err);

	if (r == 0)
		r = spec_fields_read(after, s, &new, err);
	if (r < 0)
		return r;
	if (!list || merge(&old, &new, list) < 0)
		return sp_fail_nomem(err);
	*ret = take_ptr(list);
	return 0;
}
