/* The thread that tells and hears of commits; see bell.h. */
#include "control/store/bell.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>

#include "base/fd.h"
#include "base/log.h"
#include "base/time.h"
#include "control/store/db.h"

#define POLL_HEARING_NS (1 * SP_NS_PER_S)
#define POLL_DEAF_NS    (50 * SP_NS_PER_MS)
#define PAUSE_NS        (500 * SP_NS_PER_MS) /* between two tries to connect */

struct bell {
	struct watch *watch;
	struct db *db;   /* the thread's alone */
	int64_t poll_ns; /* as configured */
	int64_t last;    /* event known of */
	int rung;        /* eventfd */
	atomic_bool stopping;
	bool started;
	pthread_t thread;
};

static void drain(struct bell *b)
{
	eventfd_t ignored;

	eventfd_read(b->rung, &ignored);
}

/* 1: there are events that nobody was told of. */
static int look(struct bell *b, struct sp_err *err)
{
	auto_(db_rows_end) struct db_rows *rows = NULL;
	int64_t last = b->last;
	int r = db_select(b->db, &rows, err, "SELECT value FROM counters WHERE name = 'events'");

	if (r == 0)
		r = db_next(rows, err);
	if (r < 0)
		return r;
	b->last = r == 1 ? db_number(rows, 0) : 0;
	return b->last != last;
}

static int64_t pause_of(const struct bell *b, int socket)
{
	if (b->poll_ns)
		return b->poll_ns;
	return socket < 0 ? POLL_DEAF_NS : POLL_HEARING_NS;
}

/* Sleep until the own bell is rung, another's hint arrives, or it is time to look. */
static int attend_once(struct bell *b, int socket, struct sp_err *err)
{
	struct pollfd fds[] = { { .fd = b->rung, .events = POLLIN },
				{ .fd = socket, .events = POLLIN } };
	int n = poll(fds, 2, (int)(pause_of(b, socket) / SP_NS_PER_MS));
	int r = 0;

	if (n < 0 && errno != EINTR)
		return sp_fail_errno(err, errno, "poll");
	if (n > 0 && fds[1].revents & POLLNVAL)
		return sp_fail(err, SP_E_UNREACHABLE, "the connection was closed");
	if (n > 0 && fds[0].revents) {
		drain(b);
		if (socket >= 0 && !b->stopping)
			r = db_notify(b->db, err);
	}
	if (r >= 0 && socket >= 0)
		r = db_heard(b->db, err);
	if (r == 0 && n == 0)
		r = look(b, err);
	if (r > 0)
		watch_hint(b->watch);
	return r;
}

/* Until the connection breaks or we stop. What came while nobody listened is found by looking. */
static int attend(struct bell *b, struct sp_err *err)
{
	int socket = -1;
	int r = db_listen(b->db, &socket, err);

	if (r >= 0)
		r = look(b, err);
	if (r > 0)
		watch_hint(b->watch);
	while (r >= 0 && !b->stopping)
		r = attend_once(b, socket, err);
	return r;
}

static void *run(void *arg)
{
	struct bell *b = arg;
	struct sp_err err;

	while (!b->stopping) {
		struct pollfd fd = { .fd = b->rung, .events = POLLIN };

		if (attend(b, &err) >= 0)
			continue;
		sp_log(SP_LOG_WARN, "bell.lost", SP_ERR(&err));
		if (poll(&fd, 1, (int)(PAUSE_NS / SP_NS_PER_MS)) > 0 && !b->stopping)
			drain(b);
	}
	return NULL;
}

int bell_new(const struct bell_conf *conf, struct bell **ret, struct sp_err *err)
{
	auto_(bell_free) struct bell *b = calloc(1, sizeof(*b));
	int r;

	*ret = NULL;
	if (!b)
		return sp_fail_nomem(err);
	*b = (struct bell){ .watch = conf->watch, .poll_ns = conf->poll_ns, .rung = -1 };
	r = db_open(conf->url, &b->db, err);
	if (r < 0 || !db_has_others(b->db))
		return r;
	b->db->patience_ns = 0; /* the loop waits, and can be stopped */
	b->rung = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (b->rung < 0)
		return sp_fail_errno(err, errno, "eventfd");
	r = pthread_create(&b->thread, NULL, run, b);
	if (r != 0)
		return sp_fail_errno(err, r, "thread of the bell");
	b->started = true;
	*ret = take_ptr(b);
	return 0;
}

void bell_free(struct bell *b)
{
	if (!b)
		return;
	if (b->started) {
		b->stopping = true;
		eventfd_write(b->rung, 1);
		pthread_join(b->thread, NULL);
	}
	sp_close(&b->rung);
	db_close(b->db);
	free(b);
}

void bell_ring(void *bell)
{
	struct bell *b = bell;

	watch_hint(b->watch);
	eventfd_write(b->rung, 1);
}
