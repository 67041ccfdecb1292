/*
 * See exec_probe.h. One struct run for each attempt, in a list of the agent. What the command
 * prints is read away while it runs, and the start of it kept; who prints without end is killed
 * (CVE-2022-31030). A process left behind that holds the pipe open does not hold up the verdict:
 * the end of the command is what counts.
 */
#include "agentd/exec_probe.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "agentd/agent.h"
#include "agentd/exec_leftover.h"
#include "agentd/launch.h"
#include "agentd/watch.h"
#include "agentd/workload.h"
#include "base/fd.h"
#include "base/list.h"
#include "base/log.h"
#include "base/mem.h"
#include "images/image.h"
#include "runtime/exec.h"

#define PIECE_BYTES  16384
#define OUTPUT_BYTES (1 << 20) /* that one attempt may print */

struct run {
	struct sp_list link;
	struct workload *workload;
	struct probe *probe;
	struct rt_exec *exec;
	struct watch *ended, *readable;
	int output_fd;
	char output[PROBE_REPLY_MAX]; /* how it began */
	size_t kept, taken;
};

static void run_free(struct run *r)
{
	watch_drop(r->ended);
	watch_drop(r->readable);
	exec_leftover_end(r->workload->agent, r->exec);
	sp_close(&r->output_fd);
	sp_list_remove(&r->link);
	free(r);
}

static void finish(struct run *r, int status, const char *text, size_t len)
{
	char copy[PROBE_REPLY_MAX];
	struct probe *probe = r->probe;

	memcpy(copy, text, len);
	run_free(r);
	probe_exec_done(probe, status, copy, len);
}

/* True while there is more to come, now or later. */
static bool take_output(struct run *r)
{
	char piece[PIECE_BYTES];
	ssize_t n = read(r->output_fd, piece, sizeof(piece));
	size_t room = sizeof(r->output) - r->kept, got = n > 0 ? (size_t)n : 0;

	memcpy(r->output + r->kept, piece, got < room ? got : room);
	r->kept += got < room ? got : room;
	r->taken += got;
	return n > 0 || (n < 0 && (errno == EAGAIN || errno == EINTR));
}

static void on_readable(void *owner)
{
	static const char too_much[] = "more than 1 MiB of output";
	struct run *r = owner;
	struct sp_err err = { 0 };
	bool more = take_output(r);

	r->readable = NULL;
	if (r->taken > OUTPUT_BYTES)
		finish(r, 128 + SIGKILL, too_much, sizeof(too_much) - 1);
	else if (more && watch_new(r->workload->agent->loop, r->output_fd, EPOLLIN, on_readable, r,
				   &r->readable, &err) < 0)
		sp_log(SP_LOG_WARN, "probe.output", SP_STR("id", r->workload->spec->id),
		       SP_ERR(&err)); /* it is held up at the pipe, until its time is over */
}

static void on_ended(void *owner)
{
	struct run *r = owner;
	int status = 255;

	r->ended = NULL;
	(void)take_output(r);
	if (rt_exec_reap(r->exec, 0, &status, NULL) < 0)
		sp_log(SP_LOG_WARN, "probe.reap", SP_STR("id", r->workload->spec->id));
	finish(r, status, r->output, r->kept);
}

static int start_in(struct run *r, char *const *argv, struct sp_err *err)
{
	struct workload *w = r->workload;
	auto_(img_image_free) struct img_image *image = NULL;
	autoclose int out = -1;
	struct rt_exec_spec spec = { .security = launch_security(w->spec) };
	char **env = NULL;
	int fds[2], rc;

	rc = img_resolve(w->agent->images, w->spec->image_digest, &image, err);
	if (rc < 0)
		return rc;
	rc = launch_environment(image->config.env, w->spec->environment, &env, err);
	if (rc < 0)
		return rc;
	if (pipe2(fds, O_CLOEXEC) < 0) {
		sp_strv_free(env);
		return sp_fail_errno(err, errno, "pipe");
	}
	r->output_fd = fds[0];
	out = fds[1];
	spec.process =
		(struct rt_process){ .args = argv,
				     .name_hidden = probe_program_hidden(r->probe),
				     .environment = env,
				     .cwd = w->spec->working_dir ? w->spec->working_dir
								 : image->config.working_dir,
				     .user = w->spec->user ? w->spec->user : image->config.user,
				     .stdin_fd = -1,
				     .stdout_fd = out,
				     .stderr_fd = out };
	rc = sp_fd_set_nonblock(r->output_fd, err);
	if (rc == 0)
		rc = rt_exec_start(w->agent->engine, w->container, &spec, &r->exec, err);
	sp_strv_free(env);
	return rc;
}

static int exec_start(void *owner, struct probe *p, char *const *argv, struct sp_err *err)
{
	struct workload *w = owner;
	struct run *r = calloc(1, sizeof(*r));
	int rc;

	if (!r)
		return sp_fail_nomem(err);
	*r = (struct run){ .workload = w, .probe = p, .output_fd = -1 };
	sp_list_init(&r->link);
	sp_list_append(&w->agent->probe_runs, &r->link);
	rc = start_in(r, argv, err);
	if (rc == 0)
		rc = watch_new(w->agent->loop, r->exec->pidfd, EPOLLIN, on_ended, r, &r->ended,
			       err);
	if (rc == 0)
		rc = watch_new(w->agent->loop, r->output_fd, EPOLLIN, on_readable, r, &r->readable,
			       err);
	if (rc < 0)
		run_free(r);
	return rc;
}

static void exec_cancel(void *owner, struct probe *p)
{
	struct workload *w = owner;
	struct run *r;

	SP_LIST_EACH (&w->agent->probe_runs, r, link)
		if (r->probe == p) {
			run_free(r);
			return;
		}
}

const struct probe_exec_ops exec_probe_ops = { .start = exec_start, .cancel = exec_cancel };
