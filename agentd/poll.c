/* See poll.h. */
#include "agentd/poll.h"

#include <stdlib.h>

#include "agentd/events.h"
#include "agentd/reply.h"

struct poller {
	struct sp_list link;
	struct agent *agent;
	struct sp_httpd_req *req;
	uint64_t after;
	size_t limit;
	struct events_watch watch;
	struct sp_timer timeout;
};

static void reply_events(struct agent *a, struct sp_httpd_req *req, uint64_t after, size_t limit)
{
	struct sp_err err = { 0 };
	json_t *list = NULL;
	uint64_t next;

	if (events_read(a->events, after, limit, &list, &next, &err) < 0)
		reply_err(a, req, NULL, &err);
	else
		reply_json(req, 200,
			   json_pack("{s:o, s:I}", "events", list, "next", (json_int_t)next));
}

static void finish(struct poller *p)
{
	struct poller copy = *p;

	sp_timer_cancel(&p->timeout);
	events_unwatch(&p->watch);
	sp_list_remove(&p->link);
	free(p);
	reply_events(copy.agent, copy.req, copy.after, copy.limit);
}

static void on_event(struct events_watch *w)
{
	finish(sp_container_of(w, struct poller, watch));
}

static void on_timeout(struct sp_timer *t)
{
	finish(t->owner);
}

void poll_events(struct agent *a, struct sp_httpd_req *req, uint64_t after, size_t limit,
		 int64_t wait_ns)
{
	struct poller *p = NULL;

	if (wait_ns > 0 && after == events_last(a->events))
		p = calloc(1, sizeof(*p));
	if (!p) {
		reply_events(a, req, after, limit);
		return;
	}
	*p = (struct poller){ .agent = a, .req = req, .after = after, .limit = limit };
	p->watch.fn = on_event;
	p->timeout = (struct sp_timer){ .fn = on_timeout, .owner = p };
	sp_list_init(&p->link);
	sp_list_append(&a->pollers, &p->link);
	events_watch(a->events, &p->watch);
	sp_httpd_defer(req);
	if (sp_timer_arm_in(a->loop, &p->timeout, wait_ns) < 0)
		finish(p);
}

void poll_end_all(struct agent *a)
{
	struct poller *p;

	SP_LIST_EACH (&a->pollers, p, link)
		finish(p);
}
