/*
 * A request that waits, for a deferred reply or for the next bytes of a stream. On a loop its
 * connection is suspended, and since MHD does not watch a suspended connection, an op of our own
 * does: the op ends (client gone, or woken and cancelled) before the connection is resumed. With
 * threads the connection's own thread blocks on the client's socket and an eventfd.
 */
#include <errno.h>
#include <poll.h>
#include <sys/eventfd.h>

#include "base/httpd_impl.h"

static void on_watch(struct sp_op *op, int res, bool more)
{
	struct sp_httpd_req *req = op->owner;
	struct sp_httpd *d = req->d;

	(void)more;
	sp_list_remove(&req->link);
	req->asleep = req->woken = false;
	if (res > 0)
		atomic_store(&req->gone, true);
	MHD_resume_connection(req->mhd);
	httpd_drive_soon(req->conn->listener);
	if (atomic_load(&d->stopping))
		httpd_finish_later(d);
}

int httpd_sleep_open(struct sp_httpd_req *req)
{
	if (req->d->loop || req->wake_fd >= 0)
		return 0;
	req->wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	return req->wake_fd < 0 ? -errno : 0;
}

static void sleep_on_loop(struct sp_httpd_req *req)
{
	if (req->woken) {
		req->woken = false;
		return;
	}
	req->asleep = true;
	sp_list_append(&req->d->sleepers, &req->link);
	MHD_suspend_connection(req->mhd);
	req->watch = (struct sp_op){ .fn = on_watch, .owner = req };
	sp_op_poll(req->d->loop, &req->watch, req->conn->fd, EPOLLRDHUP);
}

static void sleep_in_thread(struct sp_httpd_req *req)
{
	struct pollfd fds[2] = { { .fd = req->wake_fd, .events = POLLIN },
				 { .fd = req->conn->fd, .events = POLLRDHUP } };
	eventfd_t count;

	pthread_mutex_lock(&req->d->lock);
	sp_list_append(&req->d->sleepers, &req->link);
	pthread_mutex_unlock(&req->d->lock);
	if (!atomic_load(&req->d->stopping) && poll(fds, 2, -1) > 0 && fds[1].revents)
		atomic_store(&req->gone, true);
	(void)eventfd_read(req->wake_fd, &count);
	pthread_mutex_lock(&req->d->lock);
	sp_list_remove(&req->link);
	pthread_mutex_unlock(&req->d->lock);
}

void httpd_sleep(struct sp_httpd_req *req)
{
	if (req->d->loop)
		sleep_on_loop(req);
	else
		sleep_in_thread(req);
}

void httpd_wake(struct sp_httpd_req *req)
{
	if (!req->d->loop)
		(void)eventfd_write(req->wake_fd, 1);
	else if (req->asleep)
		sp_op_cancel(&req->watch);
	else
		req->woken = true;
}

void httpd_wake_all(struct sp_httpd *d)
{
	struct sp_list *sleepers = &d->sleepers;
	struct sp_httpd_req *req;

	pthread_mutex_lock(&d->lock);
	SP_LIST_EACH (sleepers, req, link) {
		httpd_wake(req);
	}
	pthread_mutex_unlock(&d->lock);
}
