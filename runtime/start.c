/* The short half of a launch: the word to go, and spinit's answer. See container.h. */
#include <errno.h>
#include <stdlib.h>
#include <sys/socket.h>

#include "base/fd.h"
#include "runtime/build.h"
#include "runtime/container.h"
#include "runtime/orders.h"

/* Nobody there to hear it: why, the report will tell. */
static int say_go(struct rt_container *c, struct sp_err *err)
{
	if (send(c->socket, "", 1, MSG_NOSIGNAL) == 1 || errno == EPIPE || errno == ECONNRESET)
		return 0;
	return sp_fail_errno(err, errno, "start the workload");
}

static int await_report(struct rt_container *c, struct sp_err *err)
{
	struct rt_report report;
	int fd = -1, r = rt_report_receive(c->socket, &report, &fd, err);

	sp_close(&fd);
	return r;
}

/* spinit has been executed, or is dead: its stack and what only a start needs can go. */
static void end_of_start(struct rt_container *c)
{
	sp_close(&c->socket);
	sp_close(&c->userns_fd);
	rt_build_close_layers(c);
	free(c->stack);
	c->stack = NULL;
}

int rt_start(struct rt_container *c, struct sp_err *err)
{
	int r = say_go(c, err);

	if (r == 0)
		r = await_report(c, err);
	if (r < 0) {
		rt_kill(c, NULL);
		return r;
	}
	end_of_start(c);
	c->started = true;
	return 0;
}
