/* See launch.h. */
#include "agentd/launch.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "agentd/agent.h"
#include "agentd/hosts.h"
#include "agentd/launch_mounts.h"
#include "agentd/logs.h"
#include "agentd/state_socket.h"
#include "base/fd.h"
#include "base/mem.h"
#include "base/signame.h"
#include "base/str.h"

static bool same_name(const char *a, const char *b)
{
	size_t n = strcspn(a, "=");

	return !strncmp(a, b, n) && b[n] == '=';
}

static bool is_set_in(char *const *list, const char *entry)
{
	for (; list && *list; list++)
		if (same_name(entry, *list))
			return true;
	return false;
}

int launch_environment(char *const *image, char *const *spec, char ***ret, struct sp_err *err)
{
	char **env = calloc(1, sizeof(*env));
	int r = env ? 0 : -ENOMEM;

	for (; r == 0 && image && *image; image++)
		if (!is_set_in(spec, *image))
			r = sp_strv_push(&env, *image);
	for (; r == 0 && spec && *spec; spec++)
		r = sp_strv_push(&env, *spec);
	if (r < 0) {
		sp_strv_free(env);
		return sp_fail_nomem(err);
	}
	*ret = env;
	return 0;
}

/* As Compose has it: a new entrypoint also drops the image's command. */
int launch_args(const struct img_config *image, const struct wire_workload *spec, char ***ret,
		struct sp_err *err)
{
	char *const *entrypoint = spec->entrypoint ? spec->entrypoint : image->entrypoint;
	char *const *command = spec->command ? spec->command : image->cmd;
	char *const *parts[2] = { entrypoint, command };
	char **args = calloc(1, sizeof(*args));
	int r = args ? 0 : -ENOMEM;

	if (spec->entrypoint && !spec->command)
		parts[1] = NULL;
	for (int i = 0; i < 2; i++)
		for (char *const *s = parts[i]; r == 0 && s && *s; s++)
			r = sp_strv_push(&args, *s);
	if (r == 0 && args[0]) {
		*ret = args;
		return 0;
	}
	sp_strv_free(args);
	if (r < 0)
		return sp_fail_nomem(err);
	return sp_fail(err, SP_E_INVALID, "neither image '%s' nor the spec says what to run",
		       spec->image);
}

/* Whether the first word of launch_args() is one of the spec's. */
static bool begins_in_spec(const struct img_config *image, const struct wire_workload *spec)
{
	return spec->entrypoint || !image->entrypoint || !image->entrypoint[0];
}

static int resolve_image(struct workload *w, struct launch *l, struct sp_err *err)
{
	struct sp_err why = { 0 };
	int r = img_resolve(w->agent->images, w->spec->image_digest, &l->image, &why);

	if (r == -ENOENT || (r == 0 && !l->image->unpacked))
		return sp_fail(err, SP_E_NOT_FOUND, "image '%s' (%s) is not on node '%s'",
			       w->spec->image, w->spec->image_digest, w->agent->config.name);
	if (r < 0) {
		*err = why;
		return sp_err_prefix(err, "image '%s'", w->spec->image);
	}
	return 0;
}

struct rt_security launch_security(const struct wire_workload *spec)
{
	return (struct rt_security){ .cap_add = spec->cap_add, .cap_drop = spec->cap_drop };
}

struct rt_limits launch_limits(const struct agent *a, const struct wire_workload *spec)
{
	const struct wire_limits *l = &spec->limits;
	bool has_pids =
		a->engine && rt_engine_cgroups(a->engine)->controllers >> RT_CONTROLLER_PIDS & 1;

	return (struct rt_limits){
		.memory_max_bytes = l->memory_max_bytes,
		.memory_high_bytes = l->memory_high_bytes,
		.memory_low_bytes = l->memory_low_bytes,
		.cpu_max_milli = l->cpu_max_milli,
		.cpu_weight = l->cpu_weight,
		.pids_max = l->pids_max ? l->pids_max
			    : has_pids  ? a->config.pids_max
					: 0,
		.io_weight = l->io_weight,
		.best_effort = config_best_effort(&a->config),
	};
}

int launch_stop_signal(const struct launch *l, const struct wire_workload *spec)
{
	const char *name = spec->stop_signal ? spec->stop_signal : l->image->config.stop_signal;
	int number = name ? sp_signal_parse(name) : SIGTERM;

	return number > 0 ? number : SIGTERM;
}

static int make_dir(struct workload *w, struct launch *l, struct sp_err *err)
{
	char name[SP_ID_MAX + 32];
	int r;

	snprintf(name, sizeof(name), "%s/" LAUNCH_DIR, w->spec->id);
	r = trash_put(&w->agent->trash, w->agent->dirs.workloads, name, err);
	if (r < 0)
		return r;
	if (mkdirat(w->agent->dirs.workloads, name, 0700) < 0)
		return sp_fail_errno(err, errno, "'%s'", name);
	l->dir = sp_str_format("%s/workloads/%s", w->agent->dirs.state_path, name);
	return l->dir ? 0 : sp_fail_nomem(err);
}

static int copy_lists(struct launch *l, const struct wire_workload *spec, struct sp_err *err)
{
	l->files = calloc(spec->n_files + 1, sizeof(*l->files));
	l->rlimits = calloc(spec->n_ulimits + 1, sizeof(*l->rlimits));
	l->sysctls = calloc(spec->n_sysctls + 1, sizeof(*l->sysctls));
	if (!l->files || !l->rlimits || !l->sysctls)
		return sp_fail_nomem(err);
	for (size_t i = 0; i < spec->n_files; i++) {
		const struct wire_file *f = &spec->files[i];

		l->files[i] =
			(struct rt_file){ f->target, f->content, f->len, f->mode, f->uid, f->gid };
	}
	for (size_t i = 0; i < spec->n_ulimits; i++) {
		const struct wire_ulimit *u = &spec->ulimits[i];

		l->rlimits[i] = (struct rt_rlimit){ u->name, u->soft, u->hard };
	}
	for (size_t i = 0; i < spec->n_sysctls; i++)
		l->sysctls[i] = (struct rt_sysctl){ spec->sysctls[i].key, spec->sysctls[i].value };
	return 0;
}

static void fill_spec(const struct workload *w, struct launch *l)
{
	const struct wire_workload *spec = w->spec;
	const struct img_config *config = &l->image->config;
	struct rt_spec *s = &l->spec;

	s->id = spec->id;
	s->dir = l->dir;
	s->layers = (const char *const *)l->image->layer_dirs;
	s->n_layers = sp_strv_count(l->image->layer_dirs);
	s->first_uid = w->first_uid;
	s->n_uids = UIDRANGE_SIZE;
	s->process = (struct rt_process){
		.args = l->args,
		.name_hidden = spec->program_hidden && begins_in_spec(config, spec),
		.environment = l->environment,
		.cwd = spec->working_dir ? spec->working_dir : config->working_dir,
		.user = spec->user ? spec->user : config->user,
		.stdin_fd = -1,
		.stdout_fd = l->stdout_fd,
		.stderr_fd = l->stderr_fd
	};
	s->security = launch_security(spec);
	s->hostname = hosts_name(spec);
	s->mounts = l->mounts;
	s->files = l->files;
	s->n_files = spec->n_files;
	s->rlimits = l->rlimits;
	s->n_rlimits = spec->n_ulimits;
	s->sysctls = l->sysctls;
	s->n_sysctls = spec->n_sysctls;
	s->read_only = spec->read_only;
	s->limits = launch_limits(w->agent, spec);
}

static int open_state(struct workload *w, struct launch *l, struct sp_err *err)
{
	int r = w->spec->state_socket ? state_socket_open(w, err) : 0;

	if (r < 0 || !w->state_socket || is_set_in(l->environment, WIRE_STATE_VARIABLE "="))
		return r;
	r = sp_strv_push(&l->environment, WIRE_STATE_VARIABLE "=" WIRE_STATE_SOCKET);
	return r < 0 ? sp_fail_nomem(err) : 0;
}

static int prepare(struct workload *w, struct launch *l, struct sp_err *err)
{
	int r = resolve_image(w, l, err);

	if (r == 0)
		r = launch_args(&l->image->config, w->spec, &l->args, err);
	if (r == 0)
		r = launch_environment(l->image->config.env, w->spec->environment, &l->environment,
				       err);
	if (r == 0)
		r = hosts_write(w, err);
	if (r == 0)
		r = make_dir(w, l, err);
	if (r == 0)
		r = open_state(w, l, err);
	if (r == 0)
		r = launch_mounts(w, l, err);
	if (r == 0)
		r = copy_lists(l, w->spec, err);
	if (r == 0)
		r = logs_stdio(w->logs, &l->stdout_fd, &l->stderr_fd, err);
	if (r == 0)
		fill_spec(w, l);
	return r;
}

int launch_prepare(struct workload *w, struct launch *ret, struct sp_err *err)
{
	int r;

	*ret = (struct launch){ .stdout_fd = -1, .stderr_fd = -1 };
	r = prepare(w, ret, err);
	if (r < 0) {
		state_socket_close(w);
		launch_fini(ret);
	}
	return r;
}

void launch_fini(struct launch *l)
{
	sp_close(&l->stdout_fd);
	sp_close(&l->stderr_fd);
	img_image_free(l->image);
	sp_strv_free(l->args);
	for (char **s = l->environment; s && *s; s++)
		explicit_bzero(*s, strlen(*s));
	sp_strv_free(l->environment);
	sp_strv_free(l->sources);
	for (size_t i = 0; i < l->n_opened; i++)
		close(l->opened[i]);
	free(l->opened);
	free(l->dir);
	free(l->mounts);
	free(l->files);
	free(l->rlimits);
	free(l->sysctls);
	*l = (struct launch){ .stdout_fd = -1, .stderr_fd = -1 };
}
