/*
 * What is mounted inside a container, but for /proc, /sys and /dev, which are the runtime's own.
 *
 * "source" is the spec's word where the mount is what the spec says, known by device and inode: a
 * path in the mount table is one of the file system, not of this host.
 */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "agentd/hosts.h"
#include "agentd/observe.h"
#include "base/fd.h"
#include "base/mem.h"
#include "base/path.h"
#include "base/str.h"
#include "runtime/container.h"
#include "runtime/mountinfo.h"

#define NAMES_SOURCE "names" /* of /etc/hosts and its like: the agent's own files */

struct table {
	const struct workload *workload;
	int root; /* the container's, O_PATH */
	json_t *list;
	size_t layers;
};

static bool is_below(const char *path, const char *directory)
{
	size_t n = strlen(directory);

	return !strncmp(path, directory, n) && (path[n] == '\0' || path[n] == '/');
}

static bool is_kernel(const char *target)
{
	return is_below(target, "/proc") || is_below(target, "/sys") || is_below(target, "/dev");
}

static const struct wire_mount *asked_for(const struct wire_workload *spec, const char *target)
{
	for (size_t i = 0; i < spec->n_mounts; i++)
		if (!strcmp(spec->mounts[i].target, target))
			return &spec->mounts[i];
	return NULL;
}

/* The path on the host of what the spec, or the agent, has mounted on target; NULL: nothing. */
static char *host_path(const struct table *t, const char *target, const char **ret_source)
{
	const struct wire_workload *spec = t->workload->spec;
	const char *state = t->workload->agent->dirs.state_path;
	const struct wire_mount *m = asked_for(spec, target);

	*ret_source = NAMES_SOURCE;
	if (!m && sp_str_starts(target, "/etc/"))
		return sp_str_format("%s/workloads/%s/" HOSTS_DIR "/%s", state, spec->id,
				     target + strlen("/etc/"));
	if (!m || m->type == WIRE_MOUNT_TMPFS)
		return NULL;
	*ret_source = m->source;
	if (m->type == WIRE_MOUNT_VOLUME)
		return sp_str_format("%s/volumes/%s/data", state, m->source);
	return strdup(m->source);
}

static bool is_same_file(const struct table *t, const char *target, const char *path)
{
	autoclose int fd = sp_open_in_root(t->root, target, O_PATH, 0, NULL);
	struct stat inside, outside;

	return fd >= 0 && fstat(fd, &inside) == 0 && stat(path, &outside) == 0 &&
	       inside.st_dev == outside.st_dev && inside.st_ino == outside.st_ino;
}

static void add_mount(const struct rt_mounted *m, void *state)
{
	struct table *t = state;
	const char *source;
	autofree char *path = NULL;

	if (is_kernel(m->target))
		return;
	if (!strcmp(m->target, "/"))
		t->layers = rt_mountinfo_layers(m->super);
	path = host_path(t, m->target, &source);
	if (!path || !is_same_file(t, m->target, path))
		source = NULL;
	json_array_append_new(t->list, json_pack("{s:s, s:s, s:b, s:s, s:s?}", "target", m->target,
						 "type", m->type, "read_only", m->read_only, "root",
						 m->root, "source", source));
}

json_t *observe_mounts(const struct workload *w, pid_t pid)
{
	char path[64];
	struct table t = { .workload = w, .list = json_array() };
	autoclose int root = -1;

	snprintf(path, sizeof(path), "/proc/%d/root", (int)pid);
	root = t.root = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (!t.list || root < 0 || rt_mountinfo_each(pid, add_mount, &t, NULL) < 0) {
		json_decref(t.list);
		return json_null();
	}
	return json_pack("{s:o, s:I}", "list", t.list, "layers", (json_int_t)t.layers);
}
