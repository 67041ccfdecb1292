/* See wait.h. A waiter knows its workload by id, so that it survives the removal. */
#include "agentd/wait.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "agentd/agent.h"
#include "agentd/api.h"
#include "agentd/reply.h"
#include "agentd/state_socket.h"
#include "agentd/status.h"
#include "base/str.h"

struct waiter {
	struct sp_list link;
	struct agent *agent;
	struct sp_httpd_req *req;
	char id[SP_ID_MAX + 1];
	enum wait_for what;
	struct sp_timer timeout;
};

static void waiter_free(struct waiter *x)
{
	sp_timer_cancel(&x->timeout);
	sp_list_remove(&x->link);
	free(x);
}

static bool has_ended(const struct workload *w)
{
	return w->state == WORKLOAD_EXITED || w->state == WORKLOAD_FAILED ||
	       w->state == WORKLOAD_STOPPED;
}

static void reply(const struct workload *w, struct sp_httpd_req *req, enum wait_for what)
{
	reply_json(req, 200, what == WAIT_ASKED ? api_state_json(w) : status_json(w));
}

static bool is_over(const struct workload *w, enum wait_for what)
{
	bool anew = w->restart_now || strcmp(w->made_digest, w->spec_digest) != 0;

	if (what == WAIT_GONE)
		return false;
	if (what == WAIT_ASKED)
		return state_socket_has_question(w) || (!anew && has_ended(w));
	if (w->held || w->deleted)
		return w->state == WORKLOAD_STOPPED;
	return !anew && (w->ready || w->state == WORKLOAD_FAILED || w->state == WORKLOAD_EXITED);
}

static void finish(struct waiter *x, const struct workload *w)
{
	struct sp_httpd_req *req = x->req;
	enum wait_for what = x->what;

	waiter_free(x);
	reply(w, req, what);
}

static void on_timeout(struct sp_timer *t)
{
	struct waiter *x = t->owner;
	const struct workload *w = workload_find(x->agent, x->id);

	if (w)
		finish(x, w);
}

void wait_begin(struct workload *w, struct sp_httpd_req *req, enum wait_for what,
		int64_t timeout_ns)
{
	struct waiter *x = is_over(w, what) ? NULL : calloc(1, sizeof(*x));

	if (!x) {
		reply(w, req, what);
		return;
	}
	*x = (struct waiter){ .agent = w->agent, .req = req, .what = what };
	snprintf(x->id, sizeof(x->id), "%s", w->spec->id);
	x->timeout = (struct sp_timer){ .fn = on_timeout, .owner = x };
	sp_list_init(&x->link);
	sp_list_append(&w->agent->waiters, &x->link);
	sp_httpd_defer(req);
	if (sp_timer_arm_in(w->agent->loop, &x->timeout, timeout_ns) < 0)
		finish(x, w);
}

void wait_changed(struct workload *w)
{
	struct waiter *x;

	SP_LIST_EACH (&w->agent->waiters, x, link)
		if (!strcmp(x->id, w->spec->id) && is_over(w, x->what))
			finish(x, w);
}

void wait_gone(struct agent *a, const char *id)
{
	struct waiter *x;

	SP_LIST_EACH (&a->waiters, x, link) {
		struct sp_httpd_req *req = x->req;
		enum wait_for what = x->what;

		if (strcmp(x->id, id) != 0)
			continue;
		waiter_free(x);
		if (what == WAIT_GONE)
			reply_json(req, 200, json_pack("{s:s, s:b}", "id", id, "removed", 1));
		else
			reply_fail(a, req, id, SP_E_NOT_FOUND, "workload '%s' was removed", id);
	}
}

void wait_end_all(struct agent *a)
{
	struct waiter *x;

	SP_LIST_EACH (&a->waiters, x, link) {
		struct sp_httpd_req *req = x->req;

		waiter_free(x);
		reply_fail(a, req, NULL, SP_E_INTERRUPTED, "agentd is stopping");
	}
}
