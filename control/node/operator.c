/* Operators' certificates and contexts; see operator.h. */
#include "control/node/operator.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

#include "base/fd.h"
#include "base/json.h"
#include "base/path.h"
#include "base/str.h"
#include "control/node/ca.h"

static json_t *path_in(const char *dir, const char *name, const char *ending)
{
	autofree char *path = sp_str_format("%s/%s%s", dir, name, ending);

	return path ? json_string(path) : NULL;
}

/* Paths are absolute, so that the file works from anywhere. */
static int write_context(const struct config *config, const char *name, const char *dir,
			 struct sp_err *err)
{
	autofree char *whole = realpath(dir, NULL), *file = NULL, *text = NULL;
	autojson json_t *context = NULL;

	if (!whole)
		return sp_fail_nomem(err);
	context = json_pack("{s:s, s:o, s:o, s:o}", "url", config->url, "ca",
			    path_in(whole, "ca", ".crt"), "cert", path_in(whole, name, ".crt"),
			    "key", path_in(whole, name, ".key"));
	file = sp_str_format("%s/context.json", whole);
	text = context ? json_dumps(context, JSON_INDENT(2)) : NULL;
	if (!file || !text)
		return sp_fail_nomem(err);
	return sp_file_replace_at(AT_FDCWD, file, text, strlen(text), 0600, err);
}

int operator_write(const struct config *config, const char *name, const char *dir,
		   struct sp_err *err)
{
	struct ca_subject who = { .name = name, .role = "operator", .client = true };
	auto_(ca_free) struct ca *ca = NULL;
	int r;

	if (!sp_id_valid(name))
		return sp_fail(err, SP_E_INVALID, "'%.80s' is not a name for an operator", name);
	if (sp_str_empty(config->url))
		return sp_fail(err, SP_E_INVALID,
			       "neither url nor listen is set, so nobody could "
			       "reach this controld with a certificate");
	r = ca_open(config->state_dir, &ca, err);
	if (r == 0)
		r = ca_export(ca, dir, name, &who, err);
	return r < 0 ? r : write_context(config, name, dir, err);
}
