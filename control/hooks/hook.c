/* Reading hooks; see hook.h. */
#include "control/hooks/hook.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

#include "base/fd.h"
#include "base/httpc.h"
#include "base/json.h"
#include "base/str.h"
#include "wire/event_type.h"

#define FILE_MAX_BYTES (1 << 20)
#define CA_DEFAULT     "/etc/ssl/certs/ca-certificates.crt"

static void hook_fini(struct hook *h)
{
	free(h->name);
	sp_strv_free(h->types);
	sp_strv_free(h->stacks);
	sp_strv_free(h->exec);
	free(h->origin);
	free(h->path);
	free(h->ca);
}

void hooks_read_fini(struct hooks_read *h)
{
	for (size_t i = 0; i < h->n; i++)
		hook_fini(&h->list[i]);
	free(h->list);
	*h = (struct hooks_read){ 0 };
}

/*
 * "https://host:port/path" in two: where to connect and what to ask for. Whoever knows the path of
 * a webhook may speak through it, so it is in no message.
 */
static void read_address(struct sp_json_reader *r, struct hook *h)
{
	const char *url = sp_json_str(r, "post", NULL), *host, *path;
	struct sp_err why = { 0 };

	if (!url)
		return;
	host = strstr(url, "://");
	path = strchr(host ? host + 3 : url, '/');
	h->origin = path ? strndup(url, (size_t)(path - url)) : strdup(url);
	h->path = strdup(path ? path : "/");
	if (h->origin && h->path && sp_httpc_url_check(h->origin, h->path, &why) < 0)
		sp_json_refuse(r, "post", "%s", why.message);
}

/* One that no event has would be a hook that never speaks. */
static void check_types(struct sp_json_reader *r, const struct hook *h)
{
	struct sp_err err;

	for (char **t = h->types; !r->error && t && *t; t++)
		if (wire_event_type_check(*t, &err) < 0)
			sp_json_refuse(r, "types", "%s", err.message);
}

static void read_hook(struct sp_json_reader *r, struct hook *h)
{
	const char *name = sp_json_need_str(r, "name");

	if (!r->error && !sp_id_valid(name))
		sp_json_refuse(r, "name", "'%s' is no name", name);
	h->name = strdup(name ? name : "");
	h->types = sp_json_strv(r, "types");
	check_types(r, h);
	h->stacks = sp_json_strv(r, "stacks");
	h->exec = sp_json_strv(r, "exec");
	h->ca = strdup(sp_json_str(r, "ca", CA_DEFAULT));
	read_address(r, h);
	if (!r->error && !h->exec == !h->origin)
		sp_json_refuse(r, "exec", "a hook has either exec or post");
	if (!r->error && h->exec && (!h->exec[0] || h->exec[0][0] != '/'))
		sp_json_refuse(r, "exec", "the command is the absolute path of a program");
}

static bool is_known(const struct hooks_read *h, const char *name)
{
	for (size_t i = 0; i < h->n; i++)
		if (!strcmp(h->list[i].name, name))
			return true;
	return false;
}

static int read_one(json_t *object, const char *at, struct hooks_read *ret, struct sp_err *err)
{
	struct sp_json_reader r;
	struct hook h = { 0 };
	int rc;

	sp_json_open(&r, object, at, err);
	read_hook(&r, &h);
	if (!r.error && is_known(ret, h.name))
		sp_json_refuse(&r, "name", "'%s' is there twice", h.name);
	rc = sp_json_done(&r);
	if (rc == 0 && (!h.name || !h.ca || (h.origin && !h.path)))
		rc = sp_fail_nomem(err);
	if (rc == 0)
		ret->list[ret->n++] = h;
	else
		hook_fini(&h);
	return rc;
}

static int read_list(json_t *list, struct hooks_read *ret, struct sp_err *err)
{
	json_t *object;
	size_t i;
	int r = 0;

	if (!json_is_array(list))
		return sp_fail(err, SP_E_INVALID, "hooks are a list: [{\"name\": ...}]");
	if (json_array_size(list) > HOOKS_MAX)
		return sp_fail(err, SP_E_INVALID, "%zu hooks are more than %d",
			       json_array_size(list), HOOKS_MAX);
	ret->list = calloc(json_array_size(list) + 1, sizeof(*ret->list));
	if (!ret->list)
		return sp_fail_nomem(err);
	json_array_foreach (list, i, object) {
		char at[32];

		snprintf(at, sizeof(at), "[%zu]", i);
		r = json_is_object(object)
			    ? read_one(object, at, ret, err)
			    : sp_fail(err, SP_E_INVALID, "%s: a hook is an object", at);
		if (r < 0)
			return r;
	}
	return 0;
}

int hooks_read(const char *file, struct hooks_read *ret, struct sp_err *err)
{
	autobuf struct sp_buf text = SP_BUF_INIT;
	autojson json_t *list = NULL;
	int r;

	*ret = (struct hooks_read){ 0 };
	if (sp_str_empty(file))
		return 0;
	r = sp_file_read_at(AT_FDCWD, file, FILE_MAX_BYTES, &text, err);
	if (r < 0)
		return sp_err_prefix(err, "events.hooks");
	r = sp_json_parse(text.data ? text.data : "", text.len, &list, err);
	if (r == 0)
		r = read_list(list, ret, err);
	if (r < 0) {
		hooks_read_fini(ret);
		return sp_err_prefix(err, "%s", file);
	}
	return 0;
}

static bool type_matches(const char *want, const char *type)
{
	size_t n = strlen(want);

	return n && want[n - 1] == '.' ? !strncmp(want, type, n) : !strcmp(want, type);
}

static const char *text_of(const json_t *event, const char *key)
{
	const char *s = json_string_value(json_object_get(event, key));

	return s ? s : "";
}

bool hook_wants(const struct hook *h, const json_t *event)
{
	const char *type = text_of(event, "type"), *stack = text_of(event, "stack");
	bool by_type = !h->types, by_stack = !h->stacks;

	for (char **t = h->types; t && *t && !by_type; t++)
		by_type = type_matches(*t, type);
	for (char **s = h->stacks; s && *s && !by_stack; s++)
		by_stack = !strcmp(*s, stack);
	return by_type && by_stack;
}
