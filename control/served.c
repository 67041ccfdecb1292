/* See served.h. */
#include "control/served.h"

#include <fcntl.h>
#include <sys/stat.h>

#include "base/fd.h"
#include "base/mem.h"
#include "base/str.h"
#include "base/url.h"
#include "control/store/db.h"

#define TEXT                                                                                   \
	"This control host has served a cluster: its authority, seal key and store are never " \
	"made anew.\nRemove this file and them to begin another one.\n"

/* An empty file holds no key. */
static bool is_there(const char *path)
{
	struct stat st;

	return stat(path, &st) == 0 && st.st_size > 0;
}

static int need(const char *path, struct sp_err *err)
{
	if (is_there(path))
		return 0;
	return sp_fail(
		err, SP_E_DENIED,
		"'%s' is missing or empty, and this control host has served a cluster with it; "
		"put it back from a copy",
		path);
}

int served_check(const struct config *config, bool *ret, struct sp_err *err)
{
	autofree char *mark = sp_str_format("%s/" SERVED_FILE, config->state_dir);
	autofree char *cert = sp_str_format("%s/ca.crt", config->state_dir);
	autofree char *key = sp_str_format("%s/ca.key", config->state_dir);
	int r;

	if (!mark || !cert || !key)
		return sp_fail_nomem(err);
	*ret = is_there(mark);
	if (!*ret)
		return 0;
	r = need(cert, err);
	if (r == 0)
		r = need(key, err);
	return r < 0 ? r : need(config->seal_key, err);
}

int served_refuse_empty(const struct config *config, struct sp_err *err)
{
	autofree char *where = sp_url_masked(config->store);

	if (!where)
		return sp_fail_nomem(err);
	return sp_fail(
		err, SP_E_DENIED,
		"store '%s' is empty, and this control host has served a cluster; set `store` "
		"or go back to a backup (to begin another cluster, remove '%s/" SERVED_FILE "')",
		where, config->state_dir);
}

int served_mark(const struct config *config, struct sp_err *err)
{
	autofree char *mark = sp_str_format("%s/" SERVED_FILE, config->state_dir);

	if (!mark)
		return sp_fail_nomem(err);
	return sp_file_replace_at(AT_FDCWD, mark, TEXT, sizeof(TEXT) - 1, 0600, err);
}
