/* See hint.h. */
#include "control/api/hint.h"

#include <errno.h>
#include <stdio.h>

#include "base/mem.h"
#include "base/str.h"
#include "control/store/snapshot.h"
#include "control/store/stack.h"

/* The first row that a route begins with. What was looked for inside of a stack names the stack
 * after the command; when it is the stack that is not there, all stacks are listed. */
static const struct {
	const char *route, *next;
	bool in_stack;
} rows[] = {
	{ "/v1/stacks/{name}/snapshots", "ctl snapshot ls", true },
	{ "/v1/stacks/{name}/state", "ctl state ls", true },
	{ "/v1/stacks/{name}/outputs", "ctl output", true },
	{ "/v1/stacks/{name}/drift", "ctl drift detect", true },
	{ "/v1/stacks/{name}/diff", "ctl stack show", true },
	{ "/v1/stacks/{name}", "ctl stack ls", false },
	{ "/v1/deps", "ctl stack ls", false },
	{ "/v1/validations", "ctl stack ls", false },
	{ "/v1/nodes/{name}", "ctl node ls", false },
	{ "/v1/operations", "ctl op ls", false },
	{ "/v1/events", "ctl stack ls", false },
	{ "/v1/workloads/{id}", "ctl ps", false },
	{ "/v1/images/{reference...}", "ctl image ls", false },
	{ "/v1/image-push", "ctl node ls", false },
	{ "/v1/locks/{stack}", "ctl lock ls", false },
};

bool api_stack_is_known(struct api *a, const char *stack)
{
	autosnapshots struct store_snapshots kept = { 0 };
	struct store_stack row;

	if (store_stack_get(a->store, stack, &row, NULL) != -ENOENT)
		return true;
	return store_snapshot_list(a->store, stack, &kept, NULL) < 0 || kept.n;
}

static void hint_at(struct api *a, size_t row)
{
	const char *stack = rows[row].in_stack ? sp_httpd_param(a->req, "name") : NULL;

	if (stack && api_stack_is_known(a, stack))
		snprintf(a->at.next, sizeof(a->at.next), "%s %s", rows[row].next, stack);
	else
		snprintf(a->at.next, sizeof(a->at.next), "%s",
			 stack ? "ctl stack ls" : rows[row].next);
}

void api_hint(struct api *a, const struct sp_err *err)
{
	const char *route = sp_httpd_pattern(a->req);

	if (err->code != SP_E_NOT_FOUND || *a->at.next)
		return;
	for (size_t i = 0; i < SP_COUNT(rows); i++) {
		if (!sp_str_starts(route, rows[i].route))
			continue;
		hint_at(a, i);
		return;
	}
}
