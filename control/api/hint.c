/* See hint.h. */
#include "control/api/hint.h"

#include <stdio.h>

#include "base/mem.h"
#include "base/str.h"

/* The first row that a route begins with; a parameter goes after the command. */
static const struct {
	const char *route, *next, *parameter;
} rows[] = {
	{ "/v1/stacks/{name}/snapshots/{version}", "ctl snapshot ls ", "name" },
	{ "/v1/stacks/{name}/state/{key}", "ctl state ls ", "name" },
	{ "/v1/stacks/{name}", "ctl stack ls", NULL },
	{ "/v1/nodes/{name}", "ctl node ls", NULL },
	{ "/v1/operations/{id}", "ctl op ls", NULL },
	{ "/v1/workloads/{id}", "ctl ps", NULL },
	{ "/v1/images/{reference...}", "ctl image ls", NULL },
	{ "/v1/locks/{stack}", "ctl lock ls", NULL },
};

void api_hint(struct api *a, const struct sp_err *err)
{
	const char *route = sp_httpd_pattern(a->req);

	if (err->code != SP_E_NOT_FOUND || *a->at.next)
		return;
	for (size_t i = 0; i < SP_COUNT(rows); i++) {
		if (!sp_str_starts(route, rows[i].route))
			continue;
		snprintf(a->at.next, sizeof(a->at.next), "%s%s", rows[i].next,
			 rows[i].parameter ? sp_httpd_param(a->req, rows[i].parameter) : "");
		return;
	}
}
