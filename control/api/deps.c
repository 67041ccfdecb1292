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

typedef int (*view_fn)(struct api *a, const struct deps *d, const char *const *names, json_t **ret,
		       struct sp_err *err);

/* A view of the stacks that were asked for, among all there are. */
static int reply_view(struct api *a, view_fn view, struct sp_err *err)
{
	autofree char *text = NULL;
	autofree const char **names = NULL;
	autodeps struct deps d = { 0 };
	json_t *json = NULL;
	int r = names_of(a, &text, &names, err);

	if (r == 0)
		r = deps_read(a->store, NULL, &d, err);
	if (r == 0)
		r = view(a, &d, names, &json, err);
	return r < 0 ? r : api_reply(a, 200, json, err);
}

static int show(struct api *a, const struct deps *d, const char *const *names, json_t **ret,
		struct sp_err *err)
{
	return deps_view(d, names, api_query_flag(a, "closure"), ret, err);
}

static int check(struct api *a, const struct deps *d, const char *const *names, json_t **ret,
		 struct sp_err *err)
{
	(void)a;
	return deps_check_view(d, names, ret, err);
}

static int order(struct api *a, const struct deps *d, const char *const *names, json_t **ret,
		 struct sp_err *err)
{
	return deps_order_view(d, a->store, names, ret, err);
}

API_HANDLER(deps_show)
{
	return reply_view(a, show, err);
}

API_HANDLER(deps_check)
{
	return reply_view(a, check, err);
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
	return reply_view(a, order, err);
}
