/*
 * The processes of a container: its PID 1, the workload's first process, and who else is in its
 * cgroup. Of the environment only digests are told.
 */
#include <string.h>

#include "agentd/launch.h"
#include "agentd/observe.h"
#include "base/buf.h"
#include "base/digest.h"
#include "base/str.h"
#include "runtime/cgroup.h"
#include "runtime/container.h"
#include "runtime/idmap.h"
#include "runtime/isolation.h"
#include "runtime/process_id.h"

#define EXECUTABLE_MAX 256

/* The first one of a name counts, as getenv(3) has it. */
static void add_variable(json_t *o, const char *entry)
{
	const char *value = strchr(entry, '=');
	char digest[SP_DIGEST_MAX];

	if (!value || sp_digest_of(value + 1, strlen(value + 1), digest, NULL) < 0)
		return;
	if (!json_object_getn(o, entry, (size_t)(value - entry)))
		json_object_setn_new(o, entry, (size_t)(value - entry),
				     json_string(sp_digest_hex(digest)));
}

static json_t *environment_json(pid_t pid)
{
	autobuf struct sp_buf text = SP_BUF_INIT;
	json_t *o;

	if (rt_process_read(pid, "environ", &text, NULL) < 0)
		return json_null();
	o = json_object();
	for (size_t at = 0; o && at < text.len; at += strlen(text.data + at) + 1)
		add_variable(o, text.data + at);
	explicit_bzero(text.data, text.len);
	return o;
}

static const char *last_part(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? slash + 1 : path;
}

/*
 * Is it still the program that was started? Then its environment is the one it was given. A script
 * has its interpreter, and what that was told, before its own words; a program found in PATH bears
 * its path.
 */
static bool is_as_started(char *const *args, const struct sp_buf *line)
{
	size_t wanted = sp_strv_count(args), n = 0, skip, i = 0;

	for (size_t at = 0; at < line->len; at += strlen(line->data + at) + 1)
		n++;
	if (n < wanted || !wanted)
		return false;
	skip = n - wanted;
	for (size_t at = 0; at < line->len; at += strlen(line->data + at) + 1, i++) {
		const char *is = line->data + at;

		if (i == skip && strcmp(last_part(is), last_part(args[0])) != 0)
			return false;
		if (i > skip && strcmp(is, args[i - skip]) != 0)
			return false;
	}
	return true;
}

static bool read_as_started(struct observe *o, const struct workload *w, pid_t pid)
{
	const struct img_image *image = observe_image(o, w);
	autobuf struct sp_buf line = SP_BUF_INIT;
	char **args = NULL;
	bool is = image && rt_process_read(pid, "cmdline", &line, NULL) == 0 &&
		  launch_args(&image->config, w->spec, &args, NULL) == 0 &&
		  is_as_started(args, &line);

	sp_strv_free(args);
	return is;
}

static json_t *executable_json(pid_t pid)
{
	char path[EXECUTABLE_MAX];

	return rt_process_executable(pid, path, sizeof(path), NULL) < 0 ? json_null()
									: json_string(path);
}

static json_t *start_time_json(pid_t pid)
{
	uint64_t ticks;

	return rt_process_start_time(pid, &ticks, NULL) < 0 ? json_null()
							    : json_integer((json_int_t)ticks);
}

static json_t *uids_json(pid_t pid)
{
	uint32_t first, n;

	if (rt_idmap_read(pid, &first, &n, NULL) < 0)
		return json_null();
	return json_pack("[I, I]", (json_int_t)first, (json_int_t)n);
}

static json_t *init_json(const struct rt_container *c)
{
	return json_pack("{s:i, s:o, s:o}", "pid", (int)c->pid, "start_time",
			 start_time_json(c->pid), "executable", executable_json(c->pid));
}

/* In which cgroup: that of its container, one below it (an exec's are), or another. */
static bool is_inside(const struct rt_isolation *x, const struct workload *w)
{
	const char *root = rt_engine_cgroups(w->agent->engine)->path;
	const char *at = strstr(x->cgroup, root);
	size_t n = strlen(w->spec->id);

	if (!at || at[strlen(root)] != '/')
		return false;
	at += strlen(root) + 1;
	return !strncmp(at, w->spec->id, n) && (at[n] == '\0' || at[n] == '/');
}

static json_t *process_json(struct observe *o, const struct workload *w,
			    const struct rt_isolation *x)
{
	char state[2] = { x->state, '\0' };

	if (x->pid == w->container->pid)
		return json_null();
	return json_pack("{s:i, s:o, s:o, s:s, s:b, s:b, s:o}", "pid", (int)x->pid, "start_time",
			 start_time_json(x->pid), "executable", executable_json(x->pid), "state",
			 state, "in_cgroup", is_inside(x, w), "as_started",
			 read_as_started(o, w, x->pid), "environment", environment_json(x->pid));
}

json_t *observe_capabilities(uint64_t set)
{
	return json_sprintf("0x%016llx", (unsigned long long)set);
}

static json_t *security_json(const struct rt_isolation *x)
{
	return json_pack("{s:b, s:i, s:b, s:o, s:o}", "own_namespaces", x->own_namespaces,
			 "seccomp", x->seccomp, "no_new_privs", x->no_new_privs, "capabilities",
			 observe_capabilities(x->cap_effective), "capability_bounds",
			 observe_capabilities(x->cap_bounding));
}

json_t *observe_container(struct observe *o, const struct workload *w)
{
	struct rt_isolation x;
	int strangers;

	if (!w->container || rt_isolation_read(w->container->pid, &x, NULL) < 0)
		return json_null();
	strangers = rt_cgroup_strangers(w->container->cgroup_fd, NULL);
	return json_pack("{s:o, s:o, s:i, s:o, s:o, s:o, s:o, s:o, s:o}", "init",
			 init_json(w->container), "process", process_json(o, w, &x), "strangers",
			 strangers > 0 ? strangers : 0, "uids", uids_json(x.pid), "security",
			 security_json(&x), "mounts", observe_mounts(w, x.pid), "cgroup",
			 observe_cgroup(w), "rlimits", observe_rlimits(w, x.pid), "sysctls",
			 observe_sysctls(w));
}
