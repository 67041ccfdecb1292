/* See lock_ids.h. */
#include "ctl/lock_ids.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <string.h>

#include "base/fd.h"
#include "base/json.h"

#define FILE_NAME "locks.json"
#define FILE_MAX  (1 << 20)

static int open_dir(const struct ctl_context *c, struct sp_err *err)
{
	autofree char *copy = strdup(c->file);
	int fd;

	if (!copy)
		return sp_fail_nomem(err);
	fd = open(dirname(copy), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return fd < 0 ? sp_fail_errno(err, errno, "directory of '%s'", c->file) : fd;
}

static const char *server(const struct ctl_context *c)
{
	return c->url ? c->url : c->unix_path;
}

/* What is there; a file that is not, or is not ours to read, is an empty one. */
static json_t *read_all(int dir)
{
	autobuf struct sp_buf text = SP_BUF_INIT;
	json_t *all = NULL;

	if (sp_file_read_at(dir, FILE_NAME, FILE_MAX, &text, NULL) == 0 && text.data)
		sp_json_parse(text.data, text.len, &all, NULL);
	if (json_is_object(all))
		return all;
	json_decref(all);
	return json_object();
}

int ctl_lock_ids_keep(const struct ctl_context *c, const char *stack, const char *id,
		      struct sp_err *err)
{
	autoclose int dir = open_dir(c, err);
	autojson json_t *all = NULL;
	autofree char *text = NULL;
	json_t *of_server;

	if (dir < 0)
		return dir;
	all = read_all(dir);
	if (!json_is_object(json_object_get(all, server(c))))
		json_object_set_new(all, server(c), json_object());
	of_server = json_object_get(all, server(c));
	if (id)
		json_object_set_new(of_server, stack, json_string(id));
	else
		json_object_del(of_server, stack);
	text = sp_json_text(all);
	if (!text)
		return sp_fail_nomem(err);
	return sp_file_replace_at(dir, FILE_NAME, text, strlen(text), 0600, err);
}

char *ctl_lock_ids_find(const struct ctl_context *c, const char *stack)
{
	autoclose int dir = open_dir(c, NULL);
	autojson json_t *all = dir < 0 ? NULL : read_all(dir);
	const char *id = json_string_value(json_object_get(json_object_get(all, server(c)), stack));

	return id ? strdup(id) : NULL;
}
