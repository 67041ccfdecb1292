/* See launch_mounts.h. */
#include "agentd/launch_mounts.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "agentd/agent.h"
#include "agentd/hosts.h"
#include "agentd/volumes.h"
#include "base/mem.h"
#include "base/path.h"
#include "base/str.h"

static const char *const name_files[] = { "hosts", "hostname", "resolv.conf" };

/* Is path the directory or below it? */
static bool is_within(const char *path, const char *directory)
{
	size_t n = strlen(directory);

	return !strcmp(directory, "/") ||
	       (!strncmp(path, directory, n) && (path[n] == '\0' || path[n] == '/'));
}

int launch_bind_allowed(const struct agent *a, const char *source, struct sp_err *err)
{
	const char *const own[] = { a->dirs.state_path, a->dirs.run_path };
	char resolved[PATH_MAX], mine[PATH_MAX];

	if (!realpath(source, resolved))
		return sp_fail_errno(err, errno, "bind source '%s'", source);
	for (size_t i = 0; i < SP_COUNT(own); i++)
		if (realpath(own[i], mine) &&
		    (is_within(resolved, mine) || is_within(mine, resolved)))
			return sp_fail(err, SP_E_DENIED,
				       "bind source '%s' holds the agent's own '%s'", source,
				       own[i]);
	return 0;
}

/* Remember a source path; the launch owns it. Returns it, or NULL. */
static const char *keep(struct launch *l, const char *path)
{
	if (!path || sp_strv_push(&l->sources, path) < 0)
		return NULL;
	return l->sources[sp_strv_count(l->sources) - 1];
}

static int bind_source(struct workload *w, struct launch *l, const struct wire_mount *m,
		       const char **ret, struct sp_err *err)
{
	autofree char *path = NULL;
	int r = 0;

	if (m->type == WIRE_MOUNT_VOLUME) {
		r = volumes_take(w->agent, m->source, w->spec->stack, m->target,
				 l->image->layer_dirs, &path, err);
	} else {
		if (m->create_host_path)
			r = sp_mkdirs(m->source, 0755, err);
		if (r == 0)
			r = launch_bind_allowed(w->agent, m->source, err);
		path = strdup(m->source);
	}
	if (r < 0)
		return r;
	*ret = keep(l, path);
	return *ret ? 0 : sp_fail_nomem(err);
}

static int add_mount(struct workload *w, struct launch *l, const struct wire_mount *m,
		     struct sp_err *err)
{
	struct rt_mount *to = &l->mounts[l->spec.n_mounts];
	int r = 0;

	*to = (struct rt_mount){ .target = m->target, .read_only = m->read_only };
	if (m->type == WIRE_MOUNT_TMPFS) {
		to->type = RT_MOUNT_TMPFS;
		to->size_bytes = m->size_bytes;
		to->mode = m->mode;
	} else {
		to->type = RT_MOUNT_BIND;
		r = bind_source(w, l, m, &to->source, err);
	}
	l->spec.n_mounts += r == 0;
	return r;
}

static bool is_target(const struct wire_workload *spec, const char *directory, const char *name)
{
	size_t n = strlen(directory);

	for (size_t i = 0; i < spec->n_mounts; i++)
		if (!strncmp(spec->mounts[i].target, directory, n) &&
		    !strcmp(spec->mounts[i].target + n, name))
			return true;
	for (size_t i = 0; i < spec->n_files; i++)
		if (!strncmp(spec->files[i].target, directory, n) &&
		    !strcmp(spec->files[i].target + n, name))
			return true;
	return false;
}

static int add_name_file(struct workload *w, struct launch *l, const char *name, struct sp_err *err)
{
	autofree char *source = sp_str_format("%s/workloads/%s/" HOSTS_DIR "/%s",
					      w->agent->dirs.state_path, w->spec->id, name);
	autofree char *target = sp_str_format("/etc/%s", name);
	const char *kept_source = keep(l, source), *kept_target = keep(l, target);

	if (!kept_source || !kept_target)
		return sp_fail_nomem(err);
	if (is_target(w->spec, "/etc/", name))
		return 0;
	l->mounts[l->spec.n_mounts++] = (struct rt_mount){ .type = RT_MOUNT_BIND,
							   .source = kept_source,
							   .target = kept_target,
							   .read_only = true,
							   .plain_ids = true };
	return 0;
}

int launch_mounts(struct workload *w, struct launch *l, struct sp_err *err)
{
	int r = 0;

	l->mounts = calloc(w->spec->n_mounts + SP_COUNT(name_files), sizeof(*l->mounts));
	if (!l->mounts)
		return sp_fail_nomem(err);
	for (size_t i = 0; i < w->spec->n_mounts && r == 0; i++)
		r = add_mount(w, l, &w->spec->mounts[i], err);
	for (size_t i = 0; i < SP_COUNT(name_files) && r == 0; i++)
		r = add_name_file(w, l, name_files[i], err);
	return r;
}
