/*
 * What there is at paths of the node, for who wants to know before a bind mount needs it. Nothing
 * is read or changed.
 */
#include <errno.h>
#include <sys/stat.h>

#include "agentd/api.h"
#include "agentd/bind_source.h"
#include "agentd/reply.h"
#include "base/fd.h"
#include "base/json.h"

#define PATHS_MAX 256

static const char *type_name(mode_t mode)
{
	return S_ISDIR(mode) ? "directory" : S_ISREG(mode) ? "file" : "other";
}

static json_t *path_view(const struct agent *a, const char *path)
{
	struct sp_err err = { 0 };
	autoclose int fd = bind_source_open(path, &err);
	struct stat st = { 0 };
	int r = fd;

	if (r == -ENOENT || r == -ENOTDIR)
		return json_pack("{s:s, s:s}", "path", path, "type", "absent");
	if (r >= 0 && fstat(fd, &st) < 0)
		r = sp_fail_errno(&err, errno, "'%s'", path);
	if (r >= 0)
		r = bind_source_check(&a->dirs, fd, path, &err);
	return json_pack("{s:s, s:s, s:i, s:I, s:I, s:s*}", "path", path, "type",
			 type_name(st.st_mode), "mode", (int)(st.st_mode & 07777), "uid",
			 (json_int_t)st.st_uid, "gid", (json_int_t)st.st_gid, "refused",
			 r < 0 ? err.message : NULL);
}

void api_host_paths(struct sp_httpd_req *req, void *owner)
{
	struct agent *a = owner;
	autojson json_t *body = NULL, *list = json_array();
	struct sp_err err = { 0 };
	json_t *paths, *one;
	size_t i;

	if (sp_httpd_body_json(req, &body, &err) < 0) {
		reply_err(a, req, NULL, &err);
		return;
	}
	paths = json_object_get(body, "paths");
	if (!json_is_array(paths) || json_array_size(paths) > PATHS_MAX) {
		reply_fail(a, req, NULL, SP_E_INVALID, "'paths' is no list of at most %d paths",
			   PATHS_MAX);
		return;
	}
	json_array_foreach (paths, i, one) {
		const char *path = json_string_value(one);

		if (!path || path[0] != '/') {
			reply_fail(a, req, NULL, SP_E_INVALID, "paths[%zu] is no absolute path", i);
			return;
		}
		json_array_append_new(list, path_view(a, path));
	}
	reply_json(req, 200, json_pack("{s:O}", "paths", list));
}
