/*
 * One more process in a running container. The agent's child has joined its namespaces before it
 * became us; the process we make is the agent's own child (CLONE_PARENT), inside the container's
 * pid namespace, so none of us stays.
 */
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

#include "runtime/init/channel.h"
#include "runtime/init/modes.h"
#include "runtime/init/process.h"
#include "runtime/init/pty.h"

static int set_up(const struct init_orders *in, struct process *p, struct pty *pty,
		  struct sp_err *err)
{
	int root = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC), r;

	if (root < 0)
		return sp_fail_errno(err, errno, "the container's root");
	r = process_prepare(in, root, 0, p, err);
	if (r == 0 && in->head->tty) {
		r = pty_open(root, p->user.uid, in->head->rows, in->head->columns, pty, err);
		p->tty = 1;
		for (int i = 0; i < 3; i++)
			p->stdio[i] = pty->peer;
	}
	if (r < 0)
		return r;
	p->parent_death = SIGKILL; /* whoever asked for it is gone with the agent */
	return process_confine(in, err);
}

int mode_exec(void)
{
	static struct init_orders in;
	struct rt_report report = { .kind = RT_REPORT_STARTED };
	struct process p = { 0 };
	struct pty pty = { -1, -1 };
	int r = channel_receive(&in, &report.err);

	if (r == 0)
		r = set_up(&in, &p, &pty, &report.err);
	if (r == 0)
		r = process_spawn(&p, CLONE_PARENT, &report.pid, &report.err);
	if (r < 0)
		report.kind = RT_REPORT_FAILED;
	channel_report(&report, r < 0 ? -1 : pty.master);
	return r < 0;
}
