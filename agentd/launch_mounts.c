/* See launch_mounts.h. */
#include "agentd/launch_mounts.h"

#include <stdlib.h>
#include <string.h>

#include "agentd/agent.h"
#include "agentd/bind_source.h"
#include "agentd/hosts.h"
#include "agentd/state_socket.h"
#include "agentd/volumes.h"
#include "base/mem.h"
#include "base/str.h"

static const char *const name_files[] = { "hosts", "hostname", "resolv.conf" };

/* Remember a source path; the launch owns it. Returns it, or NULL. */
static const char *keep(struct launch *l, const char *path)
{
	if (!path || sp_strv_push(&l->sources, path) < 0)
		return NULL;
	return l->sources[sp_strv_count(l->sources) - 1];
}

static int add_volume(struct workload *w, struct launch *l, const struct wire_mount *m,
		      struct rt_mount *to, struct sp_err *err)
{
	autofree char *path = NULL;
	int r = volumes_take(w->agent, m->source, w->spec->stack, m->target, l->image->layer_dirs,
			     &path, err);

	if (r < 0)
		return r;
	to->type = RT_MOUNT_BIND;
	to->source = keep(l, path);
	return to->source ? 0 : sp_fail_nomem(err);
}

/* What is opened is the launch's, whatever comes of the check. */
static int add_bind(struct workload *w, struct launch *l, const struct wire_mount *m,
		    struct rt_mount *to, struct sp_err *err)
{
	const struct dirs *own = &w->agent->dirs;
	int fd = m->create_host_path ? bind_source_make(own, m->source, err)
				     : bind_source_open(m->source, err);

	if (fd < 0)
		return fd;
	l->opened[l->n_opened++] = fd;
	to->type = RT_MOUNT_OPEN;
	to->source = m->source;
	to->source_fd = fd;
	return bind_source_check(own, fd, m->source, err);
}

static int add_mount(struct workload *w, struct launch *l, const struct wire_mount *m,
		     struct sp_err *err)
{
	struct rt_mount *to = &l->mounts[l->spec.n_mounts];
	int r = 0;

	*to = (struct rt_mount){ .type = RT_MOUNT_TMPFS,
				 .target = m->target,
				 .read_only = m->read_only,
				 .size_bytes = m->size_bytes,
				 .mode = m->mode };
	if (m->type == WIRE_MOUNT_VOLUME)
		r = add_volume(w, l, m, to, err);
	else if (m->type == WIRE_MOUNT_BIND)
		r = add_bind(w, l, m, to, err);
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

/* On top of whatever the spec or the image has there. */
static int add_state(const struct workload *w, struct launch *l, struct sp_err *err)
{
	autofree char *source = state_socket_directory(w);
	const char *kept = keep(l, source);

	if (!kept)
		return sp_fail_nomem(err);
	l->mounts[l->spec.n_mounts++] = (struct rt_mount){ .type = RT_MOUNT_BIND,
							   .source = kept,
							   .target = WIRE_STATE_DIR,
							   .read_only = true,
							   .plain_ids = true,
							   .no_exec = true };
	return 0;
}

int launch_mounts(struct workload *w, struct launch *l, struct sp_err *err)
{
	int r = 0;

	l->mounts = calloc(w->spec->n_mounts + SP_COUNT(name_files) + 1, sizeof(*l->mounts));
	l->opened = calloc(w->spec->n_mounts + 1, sizeof(*l->opened));
	if (!l->mounts || !l->opened)
		return sp_fail_nomem(err);
	for (size_t i = 0; i < w->spec->n_mounts && r == 0; i++)
		r = add_mount(w, l, &w->spec->mounts[i], err);
	for (size_t i = 0; i < SP_COUNT(name_files) && r == 0; i++)
		r = add_name_file(w, l, name_files[i], err);
	return r == 0 && w->state_socket ? add_state(w, l, err) : r;
}
