/* Contexts; see context.h. */
#include "ctl/context.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/fd.h"
#include "base/json.h"
#include "base/str.h"

#define CONTEXT_MAX (64 * 1024) /* bytes of a context file */

void ctl_context_free(struct ctl_context *c)
{
	if (!c)
		return;
	free(c->file);
	free(c->url);
	free(c->unix_path);
	free(c->ca);
	free(c->cert);
	free(c->key);
	free(c->netns);
	free(c->topology);
	free(c);
}

/* Sets *ret to a copy of a string member; false when memory ran out. */
static bool keep(char **ret, const char *value)
{
	*ret = value ? strdup(value) : NULL;
	return *ret || !value;
}

/* The same for a path, which starts at the directory of the context file. */
static bool keep_path(char **ret, const char *file, const char *value)
{
	const char *slash = strrchr(file, '/');

	if (!value || *value == '/' || !slash)
		return keep(ret, value);
	*ret = sp_str_format("%.*s/%s", (int)(slash - file), file, value);
	return *ret;
}

static bool read_netns(struct sp_json_reader *r, struct ctl_context *c)
{
	json_t *netns = sp_json_object(r, "netns");
	struct sp_json_reader inner;
	bool kept;

	if (!netns || r->error)
		return true;
	sp_json_open(&inner, netns, "context.netns", r->err);
	kept = keep(&c->netns, sp_json_need_str(&inner, "path"));
	c->netns_inode = (uint64_t)sp_json_need_int(&inner, "inode", 1, INT64_MAX);
	r->error = sp_json_done(&inner);
	return kept;
}

static void check(struct sp_json_reader *r, const struct ctl_context *c)
{
	bool tls = c->url && sp_str_starts(c->url, "https://");

	if (!c->url == !c->unix_path)
		sp_json_refuse(r, "url", "needs either 'url' or 'unix', not both");
	else if (c->url && !tls && !sp_str_starts(c->url, "http://"))
		sp_json_refuse(r, "url", "'%s' begins with neither https:// nor http://", c->url);
	else if (tls && (!c->ca || !c->cert || !c->key))
		sp_json_refuse(r, "url", "https needs 'ca', 'cert' and 'key'");
}

int ctl_context_decode(json_t *json, const char *file, struct ctl_context **ret, struct sp_err *err)
{
	auto_(ctl_context_free) struct ctl_context *c = calloc(1, sizeof(*c));
	struct sp_json_reader r;
	bool kept;
	int error;

	if (!c)
		return sp_fail_nomem(err);
	sp_json_open(&r, json, "context", err);
	kept = keep(&c->file, file) && keep(&c->url, sp_json_str(&r, "url", NULL)) &&
	       keep_path(&c->unix_path, file, sp_json_str(&r, "unix", NULL)) &&
	       keep_path(&c->ca, file, sp_json_str(&r, "ca", NULL)) &&
	       keep_path(&c->cert, file, sp_json_str(&r, "cert", NULL)) &&
	       keep_path(&c->key, file, sp_json_str(&r, "key", NULL)) &&
	       keep_path(&c->topology, file, sp_json_str(&r, "lab_topology", NULL)) &&
	       read_netns(&r, c);
	if (!kept)
		return sp_fail_nomem(err);
	check(&r, c);
	error = sp_json_done(&r);
	if (error < 0)
		return sp_err_prefix(err, "%s", file);
	*ret = take_ptr(c);
	return 0;
}

static int load_file(const char *path, struct ctl_context **ret, struct sp_err *err)
{
	autobuf struct sp_buf text = SP_BUF_INIT;
	autojson json_t *json = NULL;
	int r = sp_file_read_at(AT_FDCWD, path, CONTEXT_MAX, &text, err);

	if (r < 0)
		return r;
	r = sp_json_parse(text.data ? text.data : "", text.len, &json, err);
	if (r < 0)
		return sp_err_prefix(err, "%s", path);
	return ctl_context_decode(json, path, ret, err);
}

/* "<prefix>/etc/stackpilot/context.json" of the "<prefix>/bin/ctl" that runs; NULL when unknown. */
static char *beside_the_program(void)
{
	char self[PATH_MAX];
	ssize_t n = readlink("/proc/self/exe", self, sizeof(self) - 1);

	for (int up = 0; up < 2; up++) {
		while (n > 0 && self[n - 1] != '/')
			n--;
		if (n > 0)
			n--;
	}
	return n > 0 ? sp_str_format("%.*s/etc/stackpilot/context.json", (int)n, self) : NULL;
}

static char *of_the_user(void)
{
	const char *home = getenv("HOME");

	return sp_str_empty(home) ? NULL
				  : sp_str_format("%s/.config/stackpilot/context.json", home);
}

int ctl_context_load(const char *path, struct ctl_context **ret, struct sp_err *err)
{
	autofree char *user = of_the_user(), *beside = beside_the_program();
	const char *named = path ? path : getenv("STACKPILOT_CONTEXT");
	int r;

	if (!sp_str_empty(named))
		r = load_file(named, ret, err);
	else if (user && access(user, F_OK) == 0)
		r = load_file(user, ret, err);
	else if (beside && access(beside, F_OK) == 0)
		r = load_file(beside, ret, err);
	else
		r = sp_fail(err, SP_E_UNREACHABLE,
			    "no context file says where controld is; looked for '%s' and '%s'",
			    user ? user : "~/.config/stackpilot/context.json",
			    beside ? beside : "../etc/stackpilot/context.json");
	if (r < 0)
		sp_err_at(err, SP_STAGE_CLIENT);
	return r;
}
