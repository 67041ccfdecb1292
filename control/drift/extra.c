/* What belongs to the stack by its name, and that nobody asked for. */
#include <string.h>

#include "base/mem.h"
#include "base/str.h"
#include "control/drift/impl.h"

static bool is_named_after(const char *name, const char *stack)
{
	size_t n = strlen(stack);

	return !strncmp(name, stack, n) && name[n] == '-';
}

/* Of two stacks `a` and `a-b`, `a-b-web-1` is the second one's. */
static bool is_ours(const struct drift_scope *s, const char *name)
{
	size_t n = strlen(s->in->stack);

	if (!is_named_after(name, s->in->stack))
		return false;
	for (char *const *other = s->in->stacks; other && *other; other++)
		if (strlen(*other) > n && is_named_after(name, *other))
			return false;
	return true;
}

static bool is_expected_here(const struct drift_scope *s, const char *id)
{
	const struct store_workloads *all = s->in->workloads;

	for (size_t i = 0; i < all->n; i++)
		if (!strcmp(all->list[i].id, id) && !strcmp(all->list[i].node, s->node->row->name))
			return true;
	return false;
}

static void find_workloads(struct drift_scope *s)
{
	const json_t *one;
	size_t i;

	json_array_foreach (json_object_get(s->node->seen, "workloads"), i, one) {
		s->resource = drift_text(one, "id");
		if (!is_expected_here(s, s->resource))
			drift_add(s, DRIFT_RULE_EXTRA_WORKLOAD, "workload", "none",
				  drift_text(one, "state"));
	}
}

static void find_leftovers(struct drift_scope *s)
{
	static const struct {
		const char *kind;
		enum drift_rule rule;
	} kinds[] = { { "cgroup", DRIFT_RULE_EXTRA_CGROUP },
		      { "link", DRIFT_RULE_EXTRA_LINK },
		      { "directory", DRIFT_RULE_EXTRA_DIRECTORY } };
	const json_t *one;
	size_t i;

	json_array_foreach (json_object_get(s->node->seen, "extra"), i, one) {
		s->resource = drift_text(one, "name");
		for (size_t k = 0; k < SP_COUNT(kinds); k++)
			if (is_ours(s, s->resource) &&
			    !strcmp(kinds[k].kind, drift_text(one, "kind")))
				drift_add(s, kinds[k].rule, kinds[k].kind, "none", "present");
	}
}

/* The reply has only the stack's own workloads. */
void drift_extra(struct drift_scope *s)
{
	find_workloads(s);
	find_leftovers(s);
}
