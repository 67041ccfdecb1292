/*
 * Connections: a list of who is there, and the sweep that cuts off those who take longer than the
 * idle timeout to send a whole request head (MHD only notices silence, not a byte every now and
 * then).
 */
#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/socket.h>

#include "base/httpd_impl.h"
#include "base/time.h"

static void sweep(struct sp_httpd *d)
{
	struct sp_list *conns = &d->conns;
	int64_t now = sp_time_mono_ns();
	struct httpd_conn *c;

	pthread_mutex_lock(&d->lock);
	SP_LIST_EACH (conns, c, link) {
		if (!c->in_request && now - c->since_ns > d->idle_timeout_ns)
			shutdown(c->fd, SHUT_RDWR); /* MHD reads the end and closes */
	}
	pthread_mutex_unlock(&d->lock);
}

static void on_sweep(struct sp_timer *t)
{
	struct sp_httpd *d = t->owner;

	if (atomic_load(&d->stopping)) {
		httpd_finish(d);
		return;
	}
	sweep(d);
	if (!sp_list_empty(&d->conns))
		(void)sp_timer_arm_in(d->loop, t, HTTPD_SWEEP_PERIOD);
}

static void deadline_after(int64_t ns, struct timespec *ret)
{
	int64_t at = sp_time_mono_ns() + ns;

	*ret = (struct timespec){ .tv_sec = at / SP_NS_PER_S, .tv_nsec = at % SP_NS_PER_S };
}

static void *run_sweeper(void *arg)
{
	struct sp_httpd *d = arg;

	while (!atomic_load(&d->stopping)) {
		struct timespec until;

		sweep(d);
		deadline_after(HTTPD_SWEEP_PERIOD, &until);
		pthread_mutex_lock(&d->lock);
		if (sp_list_empty(&d->conns) && !atomic_load(&d->stopping))
			pthread_cond_wait(&d->changed, &d->lock);
		else if (!atomic_load(&d->stopping))
			pthread_cond_timedwait(&d->changed, &d->lock, &until);
		pthread_mutex_unlock(&d->lock);
	}
	return NULL;
}

int httpd_sweeper_start(struct sp_httpd *d, struct sp_err *err)
{
	int r;

	d->sweep = (struct sp_timer){ .fn = on_sweep, .owner = d };
	if (d->loop)
		return 0;
	r = pthread_create(&d->sweeper, NULL, run_sweeper, d);
	if (r)
		return sp_fail_errno(err, r, "thread of the HTTP server");
	d->has_sweeper = true;
	return 0;
}

void httpd_sweeper_stop(struct sp_httpd *d)
{
	sp_timer_cancel(&d->sweep);
	pthread_mutex_lock(&d->lock);
	pthread_cond_broadcast(&d->changed);
	pthread_mutex_unlock(&d->lock);
	if (d->has_sweeper)
		pthread_join(d->sweeper, NULL);
	d->has_sweeper = false;
}

static void conn_start(struct httpd_listener *l, struct MHD_Connection *c, void **context)
{
	struct httpd_conn *conn = calloc(1, sizeof(*conn));
	const union MHD_ConnectionInfo *info =
		MHD_get_connection_info(c, MHD_CONNECTION_INFO_CONNECTION_FD);

	*context = conn;
	if (!conn) /* the first request finds no connection, and is refused */
		return;
	conn->listener = l;
	conn->tls = l->tls;
	conn->fd = info->connect_fd;
	conn->since_ns = sp_time_mono_ns();
	pthread_mutex_lock(&l->d->lock);
	sp_list_append(&l->d->conns, &conn->link);
	pthread_cond_broadcast(&l->d->changed);
	pthread_mutex_unlock(&l->d->lock);
	if (l->d->loop && !l->d->sweep.due_ns)
		(void)sp_timer_arm_in(l->d->loop, &l->d->sweep, HTTPD_SWEEP_PERIOD);
}

static void conn_end(struct httpd_listener *l, void **context)
{
	struct httpd_conn *conn = *context;

	if (!conn)
		return;
	pthread_mutex_lock(&l->d->lock);
	sp_list_remove(&conn->link);
	pthread_mutex_unlock(&l->d->lock);
	free(conn);
	*context = NULL;
	/* MHD looks at the backlog again only in its next run. */
	if (l->d->loop && !atomic_load(&l->d->stopping))
		httpd_drive_soon(l);
}

void httpd_conn_notify(void *cls, struct MHD_Connection *c, void **context,
		       enum MHD_ConnectionNotificationCode code)
{
	if (code == MHD_CONNECTION_NOTIFY_STARTED)
		conn_start(cls, c, context);
	else
		conn_end(cls, context);
}

struct httpd_conn *httpd_conn_of(struct MHD_Connection *c)
{
	const union MHD_ConnectionInfo *info =
		MHD_get_connection_info(c, MHD_CONNECTION_INFO_SOCKET_CONTEXT);

	return info ? info->socket_context : NULL;
}
