/* See desired.h. */
#include "agentd/desired.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/json.h"
#include "base/mem.h"
#include "base/str.h"

#define SPEC_FILE      "spec.json"
#define TOMBSTONE      "deleted"
#define SPEC_BYTES_MAX (16 << 20)
#define NAME_ROOM      (SP_ID_MAX + 32)

/* The directory of id is durable before a file in it is. */
static int make_dir(int dirfd, const char *id, struct sp_err *err)
{
	if (mkdirat(dirfd, id, 0700) < 0)
		return errno == EEXIST ? 0 : sp_fail_errno(err, errno, "directory of '%s'", id);
	if (fsync(dirfd) < 0)
		return sp_fail_errno(err, errno, "sync the directory of workloads");
	return 0;
}

static int write_spec(int dirfd, const struct wire_workload *spec, struct sp_err *err)
{
	char name[NAME_ROOM];
	autojson json_t *json = NULL;
	char *text;
	int r = wire_workload_encode(spec, &json, err);

	if (r < 0)
		return r;
	text = sp_json_text(json);
	if (!text)
		return sp_fail_nomem(err);
	snprintf(name, sizeof(name), "%s/" SPEC_FILE, spec->id);
	r = sp_file_replace_at(dirfd, name, text, strlen(text), 0600, err);
	explicit_bzero(text, strlen(text)); /* it may hold secrets */
	free(text);
	return r;
}

int desired_put(int dirfd, const struct wire_workload *spec, struct sp_err *err)
{
	char name[NAME_ROOM];
	int r = make_dir(dirfd, spec->id, err);

	if (r == 0)
		r = write_spec(dirfd, spec, err);
	if (r < 0)
		return r;
	snprintf(name, sizeof(name), "%s/" TOMBSTONE, spec->id);
	if (unlinkat(dirfd, name, 0) < 0 && errno != ENOENT)
		return sp_fail_errno(err, errno, "tombstone of '%s'", spec->id);
	return 0;
}

int desired_bury(int dirfd, const char *id, struct sp_err *err)
{
	char name[NAME_ROOM];

	snprintf(name, sizeof(name), "%s/" TOMBSTONE, id);
	return sp_file_replace_at(dirfd, name, "", 0, 0600, err);
}

static bool is_buried(int dirfd, const char *id)
{
	char name[NAME_ROOM];

	snprintf(name, sizeof(name), "%s/" TOMBSTONE, id);
	return faccessat(dirfd, name, F_OK, 0) == 0;
}

int desired_get(int dirfd, const char *id, struct desired *ret, struct sp_err *err)
{
	autobuf struct sp_buf text = SP_BUF_INIT;
	autojson json_t *json = NULL;
	struct sp_err why = { 0 };
	char name[NAME_ROOM];
	int r;

	snprintf(name, sizeof(name), "%s/" SPEC_FILE, id);
	r = sp_file_read_at(dirfd, name, SPEC_BYTES_MAX, &text, &why);
	if (r == -ENOENT)
		return 0;
	if (r == 0)
		r = sp_json_parse(text.data ? text.data : "", text.len, &json, &why);
	if (r == 0)
		r = wire_workload_decode(json, &ret->spec, &why);
	if (r == 0 && strcmp(ret->spec->id, id) != 0) {
		wire_workload_free(take_ptr(ret->spec));
		r = sp_fail(&why, SP_E_CORRUPT, "holds another id");
	}
	if (text.data)
		explicit_bzero(text.data, text.len);
	if (r < 0)
		return sp_fail(err, SP_E_CORRUPT, "spec of workload '%s': %s", id, why.message);
	ret->deleted = is_buried(dirfd, id);
	return 1;
}

int desired_ids(int dirfd, char ***ret, struct sp_err *err)
{
	int fd = openat(dirfd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC), r = 0;
	DIR *dir = fd < 0 ? NULL : fdopendir(fd);
	const struct dirent *d;
	char **ids = calloc(1, sizeof(*ids));

	if (!dir || !ids) {
		r = dir ? sp_fail_nomem(err) : sp_fail_errno(err, errno, "directory of workloads");
		dir ? (void)closedir(dir) : sp_close(&fd);
		free(ids);
		return r;
	}
	while (r == 0 && (d = readdir(dir)))
		if (sp_id_valid(d->d_name))
			r = sp_strv_push(&ids, d->d_name);
	closedir(dir);
	if (r < 0) {
		sp_strv_free(ids);
		return sp_fail_nomem(err);
	}
	*ret = ids;
	return 0;
}
