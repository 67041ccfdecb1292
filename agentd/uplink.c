/* See uplink.h. Nothing is polled: each return of a link or an address is one try, and a try that
 * fails waits for the next. */
#include "agentd/uplink.h"

#include <string.h>
#include <sys/epoll.h>

#include "agentd/agent.h"
#include "agentd/network.h"
#include "agentd/watch.h"
#include "base/fd.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/time.h"
#include "netcfg/monitor.h"

#define SETTLE_NS      (200 * SP_NS_PER_MS)
#define AGAIN_FIRST_NS (100 * SP_NS_PER_MS)
#define AGAIN_MAX_NS   (30 * SP_NS_PER_S)

static void on_settled(struct sp_timer *t)
{
	struct agent *a = t->owner;
	struct sp_err err = { 0 };
	int r = network_apply_part(a, NET_PART_ROUTES, &err);

	a->uplink.lost = r < 0;
	if (r < 0)
		sp_log(SP_LOG_WARN, "network.routes", SP_STR("link", a->uplink.link), SP_ERR(&err));
	if (r <= 0)
		return;
	sp_log(SP_LOG_INFO, "network.restored", SP_STR("link", a->uplink.link));
	events_emit(a->events, "network.restored", NULL, NULL,
		    json_pack("{s:s}", "link", a->uplink.link),
		    "link '%s' is back, and with it the routes to the other nodes", a->uplink.link);
}

static void on_news(void *owner);

static int listen_again(struct agent *a, struct sp_err *err)
{
	return watch_new(a->loop, a->uplink.fd, EPOLLIN, on_news, a, &a->uplink.watch, err);
}

static void settle_soon(struct agent *a)
{
	if (a->uplink.settle.due_ns == 0)
		sp_timer_arm_in(a->loop, &a->uplink.settle, SETTLE_NS);
}

/* Deaf until it is opened again, ever later while that fails. */
static void open_later(struct agent *a, const struct sp_err *why)
{
	struct uplink *u = &a->uplink;

	sp_log(SP_LOG_ERROR, "network.uplink", SP_ERR(why), SP_DURATION("again_in", u->delay_ns));
	watch_drop(take_ptr(u->watch));
	sp_close(&u->fd);
	sp_timer_arm_in(a->loop, &u->again, u->delay_ns);
	u->delay_ns = 2 * u->delay_ns < AGAIN_MAX_NS ? 2 * u->delay_ns : AGAIN_MAX_NS;
}

/* What was missed meanwhile may have taken routes along. */
static void on_again(struct sp_timer *t)
{
	struct agent *a = t->owner;
	struct uplink *u = &a->uplink;
	struct sp_err err = { 0 };
	int r = u->fd = net_monitor_open(&err);

	if (r >= 0)
		r = listen_again(a, &err);
	if (r < 0) {
		open_later(a, &err);
		return;
	}
	u->lost = true;
	settle_soon(a);
}

static void on_news(void *owner)
{
	struct agent *a = owner;
	struct uplink *u = &a->uplink;
	char link[IFNAMSIZ];
	struct sp_err err = { 0 };
	int news = net_monitor_read(u->fd, link, &err);

	u->watch = NULL;
	if (news >= 0 && listen_again(a, &err) < 0)
		news = -1;
	if (news < 0) {
		open_later(a, &err);
		return;
	}
	u->delay_ns = AGAIN_FIRST_NS;
	u->lost |= (news & NET_NEWS_GONE) != 0;
	if (!u->lost || !(news & NET_NEWS_BACK))
		return;
	memcpy(u->link, link, sizeof(link));
	settle_soon(a);
}

int uplink_open(struct agent *a, struct sp_err *err)
{
	struct uplink *u = &a->uplink;

	u->settle = (struct sp_timer){ .fn = on_settled, .owner = a };
	u->again = (struct sp_timer){ .fn = on_again, .owner = a };
	u->delay_ns = AGAIN_FIRST_NS;
	u->fd = net_monitor_open(err);
	return u->fd < 0 ? u->fd : listen_again(a, err);
}

void uplink_close(struct agent *a)
{
	struct uplink *u = &a->uplink;

	sp_timer_cancel(&u->settle);
	sp_timer_cancel(&u->again);
	watch_drop(u->watch);
	sp_close(&u->fd);
	*u = (struct uplink){ .fd = -1 };
}
