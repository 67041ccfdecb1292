/* The store as an operator sees it: is it sound, a copy of it, a move to another database. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/json.h"
#include "base/log.h"
#include "base/path.h"
#include "base/str.h"
#include "control/api/api.h"
#include "control/api/handlers.h"
#include "control/store/copy.h"
#include "control/store/inspect.h"

API_HANDLER(store_check_all)
{
	json_t *view = NULL;
	int r = store_inspect(a->store, &view, err);

	return r < 0 ? r : api_reply(a, 200, view, err);
}

/* A file that is gone when the last who has it open is. */
static int copy_into_file(struct api *a, const char *dir, int *ret_fd, struct sp_err *err)
{
	autofree char *path = sp_str_format("%s/store.db", dir);
	autofree char *url = path ? sp_str_format(DB_SQLITE_SCHEME "%s", path) : NULL;
	int r = url ? store_backup(a->store, url, err) : sp_fail_nomem(err);

	if (r < 0)
		return r;
	*ret_fd = open(path, O_RDONLY | O_CLOEXEC);
	return *ret_fd < 0 ? sp_fail_errno(err, errno, "'%s'", path) : 0;
}

API_HANDLER(store_copy_out)
{
	autofree char *dir = sp_str_format("%s/backup-XXXXXX", a->control->config.state_dir);
	autoclose int fd = -1;
	struct stat st;
	int r;

	if (!dir)
		return sp_fail_nomem(err);
	if (!mkdtemp(dir))
		return sp_fail_errno(err, errno, "directory '%s'", dir);
	r = copy_into_file(a, dir, &fd, err);
	sp_remove_tree_at(AT_FDCWD, dir, NULL);
	if (r < 0)
		return r;
	if (fstat(fd, &st) < 0)
		return sp_fail_errno(err, errno, "stat of the copy");
	a->replied = true;
	sp_httpd_reply_fd(a->req, 200, "application/vnd.sqlite3", take_fd(fd),
			  (uint64_t)st.st_size);
	return 0;
}

API_HANDLER(store_move_to)
{
	autojson json_t *body = NULL;
	struct sp_json_reader reader;
	bool dry_run = api_query_flag(a, "dry_run");
	const char *to;
	int r = api_body(a, &body, err);

	if (r < 0)
		return r;
	sp_json_open(&reader, body, "request", err);
	to = sp_json_need_str(&reader, "to");
	r = sp_json_done(&reader);
	if (r == 0 && dry_run)
		r = store_move_check(a->store, to, err);
	else if (r == 0)
		r = store_move(a->store, to, err);
	if (r < 0)
		return r;
	if (dry_run)
		return api_reply(a, 200, json_pack("{s:b}", "moved", 0), err);
	sp_log(SP_LOG_WARN, "store.moved");
	return api_reply(a, 200, json_pack("{s:b}", "moved", 1), err);
}
