/* See volumes.h. A volume that is being made has no `stack` file yet; it is finished by the next
 * volumes_take(). */
#include "agentd/volumes.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "agentd/workload.h"
#include "base/fd.h"
#include "base/json.h"
#include "base/mem.h"
#include "base/path.h"
#include "base/str.h"

#define OWNER_FILE "stack"
#define DATA_DIR   "data"

/* Owner and mode of the topmost directory of the image at target. */
static bool find_model(const char *target, char *const *layers, struct stat *ret)
{
	for (size_t i = 0; layers && layers[i]; i++) {
		autoclose int layer = open(layers[i], O_PATH | O_DIRECTORY | O_CLOEXEC);
		autoclose int fd = -1;

		if (layer < 0)
			continue;
		fd = sp_open_in_root(layer, target, O_PATH | O_NOFOLLOW | O_DIRECTORY, 0, NULL);
		if (fd >= 0 && fstat(fd, ret) == 0)
			return true;
	}
	return false;
}

static int make_data(int volume, const char *target, char *const *layers, struct sp_err *err)
{
	autoclose int data = -1;
	struct stat model;

	if (mkdirat(volume, DATA_DIR, 0755) < 0 && errno != EEXIST)
		return sp_fail_errno(err, errno, "'" DATA_DIR "'");
	data = openat(volume, DATA_DIR, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (data < 0)
		return sp_fail_errno(err, errno, "'" DATA_DIR "'");
	if (find_model(target, layers, &model) && (fchown(data, model.st_uid, model.st_gid) < 0 ||
						   fchmod(data, model.st_mode & 07777) < 0))
		return sp_fail_errno(err, errno, "owner of '" DATA_DIR "'");
	return 0;
}

static int open_volume(struct agent *a, const char *id, bool make, struct sp_err *err)
{
	int fd;

	if (make && mkdirat(a->dirs.volumes, id, 0700) < 0 && errno != EEXIST)
		return sp_fail_errno(err, errno, "volume '%s'", id);
	fd = openat(a->dirs.volumes, id, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	return fd < 0 ? sp_fail_errno(err, errno, "volume '%s'", id) : fd;
}

int volumes_take(struct agent *a, const char *id, const char *stack, const char *target,
		 char *const *layers, char **ret_path, struct sp_err *err)
{
	autoclose int volume = open_volume(a, id, true, err);
	int r = volume < 0 ? volume : 0;

	if (r == 0 && faccessat(volume, OWNER_FILE, F_OK, 0) < 0) {
		r = make_data(volume, target, layers, err);
		if (r == 0)
			r = sp_file_replace_at(volume, OWNER_FILE, stack, strlen(stack), 0600, err);
		if (r < 0)
			sp_err_prefix(err, "volume '%s'", id);
	}
	if (r < 0)
		return r;
	*ret_path = sp_str_format("%s/volumes/%s/" DATA_DIR, a->dirs.state_path, id);
	return *ret_path ? 0 : sp_fail_nomem(err);
}

static bool is_used(struct agent *a, const char *id)
{
	struct workload *w;

	SP_LIST_EACH (&a->workloads, w, link)
		for (size_t i = 0; i < w->spec->n_mounts; i++)
			if (w->spec->mounts[i].type == WIRE_MOUNT_VOLUME &&
			    !strcmp(w->spec->mounts[i].source, id))
				return true;
	return false;
}

static bool belongs_to(struct agent *a, const char *id, const char *stack)
{
	autoclose int volume = open_volume(a, id, false, NULL);
	autobuf struct sp_buf owner = SP_BUF_INIT;

	return volume >= 0 &&
	       sp_file_read_at(volume, OWNER_FILE, SP_ID_MAX + 1, &owner, NULL) == 0 &&
	       sp_str_eq(owner.data, stack);
}

/* One entry of the directory of volumes: removed, still used, or not the stack's. */
static int remove_one(struct agent *a, const char *id, const char *stack, json_t *removed,
		      json_t *used, struct sp_err *err)
{
	json_t *list = removed;
	int r;

	if (!sp_id_valid(id) || !belongs_to(a, id, stack))
		return 0;
	if (is_used(a, id)) {
		list = used;
	} else {
		r = trash_put(&a->trash, a->dirs.volumes, id, err);
		if (r < 0)
			return r;
	}
	return json_array_append_new(list, json_string(id)) < 0 ? sp_fail_nomem(err) : 0;
}

int volumes_remove(struct agent *a, const char *stack, json_t **ret_removed, json_t **ret_used,
		   struct sp_err *err)
{
	int fd = openat(a->dirs.volumes, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC), r = 0;
	DIR *dir = fd < 0 ? NULL : fdopendir(fd);
	autojson json_t *removed = json_array(), *used = json_array();
	const struct dirent *d;

	if (!dir) {
		r = sp_fail_errno(err, errno, "directory of volumes");
		sp_close(&fd);
		return r;
	}
	if (!removed || !used)
		r = sp_fail_nomem(err);
	while (r == 0 && (d = readdir(dir)))
		r = remove_one(a, d->d_name, stack, removed, used, err);
	closedir(dir);
	if (r < 0)
		return r;
	*ret_removed = take_ptr(removed);
	*ret_used = take_ptr(used);
	return 0;
}
