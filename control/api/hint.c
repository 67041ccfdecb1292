/* See hint.h. */
#include "control/api/hint.h"

#include <errno.h>
#include <stdio.h>

#include "base/mem.h"
#include "base/str.h"
#include "control/store/snapshot.h"
#include "control/store/stack.h"

/* Whether the stack that a route names is still one that the next command shows. */
enum within {
	NO_STACK, /* the next command names none */
	STACK,    /* while it is there */
	KEPT,     /* also after it was destroyed, as long as it has snapshots */
};

/* The first row that a route begins with. What was looked for inside of a stack names the stack
 * after the command; when it is the stack that is not there, all stacks are listed. */
static const struct {
	const char *route, *next;
	enum within within;
} rows[] = {
	{ "/v1/stacks/{name}/snapshots", "ctl snapshot ls", KEPT },
	{ "/v1/stacks/{name}/state", "ctl state ls", STACK },
	{ "/v1/stacks/{name}/outputs", "ctl output", STACK },
	{ "/v1/stacks/{name}/drift", "ctl drift detect", STACK },
	{ "/v1/stacks/{name}/diff", "ctl stack show", STACK },
	{ "/v1/stacks/{name}", "ctl stack ls", NO_STACK },
	{ "/v1/deps", "ctl stack ls", NO_STACK },
	{ "/v1/validations", "ctl stack ls", NO_STACK },
	{ "/v1/nodes/{name}", "ctl node ls", NO_STACK },
	{ "/v1/operations", "ctl op ls", NO_STACK },
	{ "/v1/events", "ctl stack ls", NO_STACK },
	{ "/v1/workloads/{id}", "ctl ps", NO_STACK },
	{ "/v1/images/{reference...}", "ctl image ls", NO_STACK },
	{ "/v1/image-push", "ctl node ls", NO_STACK },
	{ "/v1/locks/{stack}", "ctl lock ls", NO_STACK },
};

static bool is_there(struct api *a, const char *stack)
{
	struct store_stack row;

	return store_stack_get(a->store, stack, &row, NULL) != -ENOENT;
}

bool api_stack_is_known(struct api *a, const char *stack)
{
	autosnapshots struct store_snapshots kept = { 0 };

	if (is_there(a, stack))
		return true;
	return store_snapshot_list(a->store, stack, &kept, NULL) < 0 || kept.n;
}

static void hint_at(struct api *a, size_t row)
{
	enum within within = rows[row].within;
	const char *stack = within == NO_STACK ? NULL : sp_httpd_param(a->req, "name");

	if (stack && (within == KEPT ? api_stack_is_known(a, stack) : is_there(a, stack)))
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
