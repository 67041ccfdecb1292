/* Dependencies of stacks: show, check, order. */
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/str.h"
#include "control/api/api.h"
#include "control/api/handlers.h"
#include "control/deps/deps.h"
#include "control/stack/desired.h"

#define NAMES_MAX 1000

/* ?stack=a,b as a list; NULL when absent. */
static int names_of(struct api *a, char **ret_text, const char ***ret, struct sp_err *err)
{
	const char *query = sp_httpd_query(a->req, "stack");
	size_t n = 0;
	char *rest;

	if (!query)
		return 0;
	*ret_text = strdup(query);
	*ret = calloc(NAMES_MAX + 1, sizeof(**ret));
	if (!*ret_text || !*ret)
		return sp_fail_nomem(err);
	rest = *ret_text;
	for (char *name; (name = strsep(&rest, ","));) {
		if (n == NAMES_MAX)
			return sp_fail(err, SP_E_TOO_LARGE, "?stack names more than %d stacks",
				       NAMES_MAX);
		(*ret)[n++] = name;
	}
	return 0;
}

/* The stacks that were asked for, among all there are. */
static int read_asked(struct api *a, char **ret_text, const char ***ret_names, struct deps *d,
		      struct sp_err *err)
{
	int r = names_of(a, ret_text, ret_names, err);

	return r < 0 ? r : deps_read(a->store, NULL, d, err);
}

API_HANDLER(deps_show)
{
	autofree char *text = NULL;
	autofree const char **names = NULL;
	autodeps struct deps d = { 0 };
	json_t *view = NULL;
	int r = read_asked(a, &text, &names, &d, err);

	if (r == 0)
		r = deps_view(&d, names, api_query_flag(a, "closure"), &view, err);
	return r < 0 ? r : api_reply(a, 200, view, err);
}

API_HANDLER(deps_check)
{
	autofree char *text = NULL;
	autofree const char **names = NULL;
	autodeps struct deps d = { 0 };
	json_t *view = NULL;
	int r = read_asked(a, &text, &names, &d, err);

	if (r == 0)
		r = deps_check_view(&d, names, &view, err);
	return r < 0 ? r : api_reply(a, 200, view, err);
}

/* The same as if the bundle's stack were deployed. */
API_HANDLER(deps_check_file)
{
	autojson json_t *body = NULL;
	autofree char *bundle = NULL;
	autodeps struct deps d = { 0 };
	struct desired desired = { 0 };
	json_t *view = NULL;
	int r = api_body(a, &body, err);

	if (r < 0)
		return r;
	bundle = sp_json_canonical(json_object_get(body, "bundle"));
	r = bundle ? desired_read(bundle, &desired, err)
		   : sp_fail(err, SP_E_INVALID, "the body has no 'bundle'");
	if (r == 0)
		r = deps_read(a->store, desired.stack, &d, err);
	if (r == 0)
		r = deps_check_view(&d, (const char *const[]){ desired.stack->name, NULL }, &view,
				    err);
	desired_fini(&desired);
	return r < 0 ? r : api_reply(a, 200, view, err);
}

API_HANDLER(deps_order)
{
	autofree char *text = NULL;
	autofree const char **names = NULL;
	autodeps struct deps d = { 0 };
	json_t *view = NULL;
	int r = read_asked(a, &text, &names, &d, err);

	if (r == 0)
		r = deps_order_view(&d, a->store, names, &view, err);
	return r < 0 ? r : api_reply(a, 200, view, err);
}
