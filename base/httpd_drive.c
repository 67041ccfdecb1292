/*
 * MHD on a completion loop. MHD keeps all its sockets in one epoll set; the loop polls that set,
 * one shot at a time so that readiness left over by MHD_run() is told again, and a timer stands for
 * MHD's own timeouts.
 */
#include "base/httpd_impl.h"
#include "base/time.h"

void httpd_drive_soon(struct httpd_listener *l)
{
	l->soon = true; /* also when called from inside MHD_run() */
	(void)sp_timer_arm_in(l->d->loop, &l->timer, 0);
}

static void drive(struct httpd_listener *l)
{
	MHD_UNSIGNED_LONG_LONG ms;

	l->soon = false;
	MHD_run(l->mhd);
	if (l->soon)
		httpd_drive_soon(l);
	else if (MHD_get_timeout(l->mhd, &ms) == MHD_YES)
		(void)sp_timer_arm_in(l->d->loop, &l->timer, (int64_t)ms * SP_NS_PER_MS);
	else
		sp_timer_cancel(&l->timer);
}

static void on_readable(struct sp_op *op, int res, bool more)
{
	struct httpd_listener *l = op->owner;

	(void)more;
	if (res >= 0) {
		drive(l);
		sp_op_poll(l->d->loop, &l->poll, l->epoll_fd, EPOLLIN);
	}
	if (atomic_load(&l->d->stopping))
		httpd_finish_later(l->d);
}

static void on_timeout(struct sp_timer *t)
{
	struct httpd_listener *l = t->owner;

	drive(l);
}

void httpd_drive_start(struct httpd_listener *l)
{
	const union MHD_DaemonInfo *info = MHD_get_daemon_info(l->mhd, MHD_DAEMON_INFO_EPOLL_FD);

	l->epoll_fd = info->epoll_fd;
	l->poll = (struct sp_op){ .fn = on_readable, .owner = l };
	l->timer = (struct sp_timer){ .fn = on_timeout, .owner = l };
	sp_op_poll(l->d->loop, &l->poll, l->epoll_fd, EPOLLIN);
}

void httpd_drive_stop(struct httpd_listener *l)
{
	sp_timer_cancel(&l->timer);
	sp_op_cancel(&l->poll);
}

bool httpd_drive_idle(const struct httpd_listener *l)
{
	return !sp_op_busy(&l->poll);
}
