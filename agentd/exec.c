/* See exec.h. The process is started before the connection is switched, so that what cannot be run
 * is an ordinary refusal. */
#include "agentd/exec.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "agentd/api.h"
#include "agentd/exec_leftover.h"
#include "agentd/exec_session.h"
#include "agentd/launch.h"
#include "agentd/reply.h"
#include "agentd/workload.h"
#include "base/fd.h"
#include "base/json.h"
#include "base/mem.h"
#include "base/str.h"
#include "images/image.h"

#define TERMINAL_ROWS    24
#define TERMINAL_COLUMNS 80
#define TERMINAL_MAX     4096

/* The body of the request. */
struct asked {
	char **command, **environment;
	const char *user, *working_dir; /* borrowed from the JSON */
	bool tty;
	uint16_t rows, columns;
};

/* The ends of the process's streams: ours, and its own. */
struct pipes {
	int ours[3], theirs[3];
};

static void asked_fini(struct asked *q)
{
	sp_strv_free(q->command);
	sp_strv_free(q->environment);
}

static int decode(json_t *json, struct asked *ret, struct sp_err *err)
{
	struct sp_json_reader r;

	*ret = (struct asked){ 0 };
	sp_json_open(&r, json, "exec", err);
	ret->command = sp_json_strv(&r, "command");
	ret->environment = sp_json_strv(&r, "environment");
	ret->user = sp_json_str(&r, "user", NULL);
	ret->working_dir = sp_json_str(&r, "working_dir", NULL);
	ret->tty = sp_json_bool(&r, "tty", false);
	ret->rows = (uint16_t)sp_json_int(&r, "rows", 1, TERMINAL_MAX, TERMINAL_ROWS);
	ret->columns = (uint16_t)sp_json_int(&r, "columns", 1, TERMINAL_MAX, TERMINAL_COLUMNS);
	if (!r.error && (!ret->command || !ret->command[0]))
		sp_json_refuse(&r, "command", "is empty");
	return sp_json_done(&r);
}

static void pipes_close(struct pipes *p)
{
	for (int i = 0; i < 3; i++) {
		sp_close(&p->ours[i]);
		sp_close(&p->theirs[i]);
	}
}

static int pipes_open(struct pipes *p, struct sp_err *err)
{
	for (int i = 0; i < 3; i++) {
		int fds[2], r;

		if (pipe2(fds, O_CLOEXEC) < 0)
			return sp_fail_errno(err, errno, "pipe");
		p->ours[i] = fds[i == 0 ? 1 : 0];
		p->theirs[i] = fds[i == 0 ? 0 : 1];
		r = sp_fd_set_nonblock(p->ours[i], err);
		if (r < 0)
			return r;
	}
	return 0;
}

/* The pty is read through one descriptor and written through another, each with an end of its own.
 */
static int pty_ends(struct rt_exec *x, struct pipes *p, struct sp_err *err)
{
	p->ours[0] = fcntl(x->pty_fd, F_DUPFD_CLOEXEC, 3);
	p->ours[1] = fcntl(x->pty_fd, F_DUPFD_CLOEXEC, 3);
	return p->ours[0] < 0 || p->ours[1] < 0 ? sp_fail_errno(err, errno, "pty") : 0;
}

static int start_process(struct workload *w, const struct asked *q, struct pipes *p,
			 struct rt_exec **ret, struct sp_err *err)
{
	auto_(img_image_free) struct img_image *image = NULL;
	struct rt_exec_spec spec = { .security = launch_security(w->spec),
				     .tty = q->tty,
				     .rows = q->rows,
				     .columns = q->columns };
	char **base = NULL, **env = NULL;
	int r = img_resolve(w->agent->images, w->spec->image_digest, &image, err);

	if (r == 0)
		r = launch_environment(image->config.env, w->spec->environment, &base, err);
	if (r == 0)
		r = launch_environment(base, q->environment, &env, err);
	if (r == 0) {
		spec.process = (struct rt_process){ .args = q->command,
						    .environment = env,
						    .cwd = q->working_dir ? q->working_dir
							   : w->spec->working_dir
								   ? w->spec->working_dir
								   : image->config.working_dir,
						    .user = q->user         ? q->user
							    : w->spec->user ? w->spec->user
									    : image->config.user,
						    .stdin_fd = p->theirs[0],
						    .stdout_fd = p->theirs[1],
						    .stderr_fd = p->theirs[2] };
		r = rt_exec_start(w->agent->engine, w->container, &spec, ret, err);
		if (r < 0)
			sp_err_at(err, SP_STAGE_PREPARE);
	}
	sp_strv_free(base);
	sp_strv_free(env);
	return r;
}

static int open_session(struct workload *w, const struct asked *q, struct exec_session **ret,
			struct sp_err *err)
{
	struct pipes p = { { -1, -1, -1 }, { -1, -1, -1 } };
	struct rt_exec *x = NULL;
	int r = q->tty ? 0 : pipes_open(&p, err);

	if (r == 0)
		r = start_process(w, q, &p, &x, err);
	if (r == 0 && q->tty)
		r = pty_ends(x, &p, err);
	if (r == 0)
		r = exec_session_new(w->agent, x, q->tty, p.ours, ret, err);
	if (r < 0)
		exec_leftover_end(w->agent, x);
	else
		p.ours[0] = p.ours[1] = p.ours[2] = -1; /* the session's now */
	pipes_close(&p);
	return r;
}

static void on_upgraded(void *state, int fd, const char *early, size_t early_len, void *handle)
{
	exec_session_begin(state, fd, early, early_len, handle);
}

void api_exec(struct sp_httpd_req *req, void *owner)
{
	struct agent *a = owner;
	const char *id = sp_httpd_param(req, "id");
	struct workload *w = workload_find(a, id);
	autojson json_t *json = NULL;
	struct exec_session *s = NULL;
	struct asked q = { 0 };
	struct sp_err err = { 0 };
	int r = sp_httpd_body_json(req, &json, &err);

	if (r == 0)
		r = decode(json, &q, &err);
	if (r == 0 && !w)
		r = sp_fail(&err, SP_E_NOT_FOUND, "workload '%s' is not on node '%s'", id,
			    a->config.name);
	if (r == 0 && w->state != WORKLOAD_RUNNING)
		r = sp_fail(&err, SP_E_CONFLICT, "workload '%s' is %s", id,
			    workload_state_name(w->state));
	if (r == 0)
		r = open_session(w, &q, &s, &err);
	asked_fini(&q);
	if (r < 0)
		reply_err(a, req, id, &err);
	else
		sp_httpd_upgrade(req, WIRE_EXEC_PROTOCOL, on_upgraded, s);
}

void exec_end_all(struct agent *a)
{
	struct exec_session *s;

	SP_LIST_EACH (&a->sessions, s, link)
		exec_session_close(s);
}
