/* See orphan.h. */
#include "agentd/orphan.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "agentd/logs.h"
#include "agentd/workload.h"
#include "base/json.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/str.h"
#include "runtime/cgroup.h"

#define REMOVE_WAIT_MS 2000

static void told(struct agent *a, const char *kind, const char *name, int r,
		 const struct sp_err *err)
{
	if (r < 0) {
		sp_log(SP_LOG_ERROR, "orphan", SP_STR("kind", kind), SP_STR("name", name),
		       SP_ERR(err));
		return;
	}
	sp_log(SP_LOG_WARN, "orphan.removed", SP_STR("kind", kind), SP_STR("name", name));
	events_emit(a->events, "agent.removed_orphan", NULL, NULL,
		    json_pack("{s:s, s:s}", "kind", kind, "name", name), "%s '%s'", kind, name);
}

static bool has_container(struct agent *a, const char *id)
{
	const struct workload *w = workload_find(a, id);

	return w && workload_has_container(w);
}

struct names {
	struct agent *agent;
	char **list;
};

static void note_cgroup(const char *id, void *state)
{
	struct names *n = state;

	if (!has_container(n->agent, id) && sp_strv_push(&n->list, id) < 0)
		sp_log(SP_LOG_ERROR, "orphan", SP_STR("name", id));
}

static int remove_cgroup(struct agent *a, const char *id, struct sp_err *err)
{
	const struct rt_cgroup_root *root = rt_engine_cgroups(a->engine);
	int fd = rt_cgroup_open(root, id, err);

	if (fd < 0)
		return fd;
	rt_cgroup_kill(fd, err);
	close(fd);
	return rt_cgroup_remove(root, id, REMOVE_WAIT_MS, err);
}

int orphan_remove(struct agent *a, const char *kind, const char *name, struct sp_err *err)
{
	struct sp_err why = { 0 };
	bool is_directory = !strcmp(kind, "directory");
	int r;

	if (is_directory ? workload_find(a, name) != NULL : has_container(a, name))
		return sp_fail(err, SP_E_CONFLICT, "%s '%s' belongs to a workload", kind, name);
	if (!strcmp(kind, "cgroup"))
		r = remove_cgroup(a, name, &why);
	else if (!strcmp(kind, "link"))
		r = net_node_detach(a->net, name, &why);
	else if (is_directory)
		r = trash_put(&a->trash, a->dirs.workloads, name, &why);
	else
		r = sp_fail(&why, SP_E_INVALID, "'%.40s' is nothing that is left over", kind);
	told(a, kind, name, r, &why);
	if (r < 0)
		*err = why;
	return r;
}

static void remove_cgroups(struct agent *a)
{
	struct names names = { .agent = a };
	struct sp_err err = { 0 };

	if (rt_cgroup_each(rt_engine_cgroups(a->engine), note_cgroup, &names, &err) < 0)
		sp_log(SP_LOG_ERROR, "orphan", SP_STR("kind", "cgroup"), SP_ERR(&err));
	for (char **id = names.list; id && *id; id++) {
		struct sp_err why = { 0 };

		told(a, "cgroup", *id, remove_cgroup(a, *id, &why), &why);
	}
	sp_strv_free(names.list);
}

static void remove_links(struct agent *a)
{
	struct sp_err err = { 0 };
	char **names = NULL;

	if (net_node_attached(a->net, &names, &err) < 0)
		sp_log(SP_LOG_ERROR, "orphan", SP_STR("kind", "veth"), SP_ERR(&err));
	for (char **name = names; name && *name; name++) {
		struct sp_err why = { 0 };

		if (!has_container(a, *name))
			told(a, "veth", *name, net_node_detach(a->net, *name, &why), &why);
	}
	sp_strv_free(names);
}

static void remove_fifos(struct agent *a)
{
	autofree char *path = sp_str_format("%s/logs", a->dirs.run_path);
	DIR *dir = path ? opendir(path) : NULL;
	const struct dirent *d;

	while (dir && (d = readdir(dir))) {
		struct sp_err err = { 0 };

		if (sp_id_valid(d->d_name) && !workload_find(a, d->d_name))
			told(a, "fifos", d->d_name, logs_forget(path, d->d_name, &err), &err);
	}
	if (dir)
		closedir(dir);
}

static void remove_uid_ranges(struct agent *a)
{
	autojson json_t *copy = json_copy(a->uids.taken);
	const char *id;
	json_t *value;

	json_object_foreach (copy, id, value) {
		struct sp_err err = { 0 };

		if (!workload_find(a, id))
			told(a, "uid range", id, uidrange_give_back(&a->uids, id, &err), &err);
	}
}

void orphan_remove_all(struct agent *a)
{
	remove_cgroups(a);
	remove_links(a);
	remove_fifos(a);
	remove_uid_ranges(a);
}
