/* See rules.h. */
#include "agentd/rules.h"

#include <sys/epoll.h>

#include "agentd/agent.h"
#include "agentd/network.h"
#include "agentd/watch.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/time.h"
#include "netcfg/nat.h"
#include "netcfg/nft.h"

static void go_on(void *owner);

static struct net_nat *nat_of(struct agent *a)
{
	return net_node_nat(a->net);
}

static bool is_busy(struct agent *a)
{
	return net_nat_fd(nat_of(a)) >= 0;
}

/* Collect what is ending of the runs that are over, when it has ended. */
static void tend(struct agent *a);

static void on_ended(void *owner)
{
	struct agent *a = owner;

	a->rules.ending = NULL;
	net_nat_collect(nat_of(a));
	tend(a);
}

static void tend(struct agent *a)
{
	int pidfd = net_nat_ending(nat_of(a));
	struct sp_err err = { 0 };

	if (pidfd < 0 || a->rules.ending)
		return;
	if (watch_new(a->loop, pidfd, EPOLLIN, on_ended, a, &a->rules.ending, &err) < 0)
		sp_log(SP_LOG_WARN, "network.tend", SP_ERR(&err));
}

static int follow(struct agent *a, struct sp_err *err)
{
	return watch_new(a->loop, net_nat_fd(nat_of(a)), EPOLLIN, go_on, a, &a->rules.answer, err);
}

/* 0 or RULES_UNDER_WAY. */
static int begin(struct agent *a, bool list, struct sp_err *err)
{
	struct rules *r = &a->rules;
	int n = list ? net_nat_begin_list(nat_of(a), err) : network_begin_rules(a, err);

	if (n != NET_NAT_UNDER_WAY)
		return n < 0 ? n : 0;
	n = follow(a, err);
	if (n == 0 &&
	    sp_timer_arm_in(a->loop, &r->patience, NET_NFT_PATIENCE_MS * SP_NS_PER_MS) < 0)
		n = sp_fail_nomem(err);
	if (n == 0)
		return RULES_UNDER_WAY;
	watch_drop(take_ptr(r->answer));
	net_nat_give_up(nat_of(a), NULL);
	tend(a);
	return n;
}

static void tell(struct sp_list *those, int r, const struct sp_err *err)
{
	while (!sp_list_empty(those)) {
		struct rules_wait *w = sp_container_of(those->next, struct rules_wait, link);

		sp_list_remove(&w->link);
		w->fn(w, r, err);
	}
}

/* Those at the head of the queue that ask for the same. */
static bool take_batch(struct rules *r, struct sp_list *ret)
{
	bool list = !sp_list_empty(&r->waiting) &&
		    sp_container_of(r->waiting.next, struct rules_wait, link)->list;

	while (!sp_list_empty(&r->waiting)) {
		struct rules_wait *w = sp_container_of(r->waiting.next, struct rules_wait, link);

		if (w->list != list)
			break;
		sp_list_remove(&w->link);
		sp_list_append(ret, &w->link);
	}
	r->wanted &= list;
	return list;
}

static void next(struct agent *a)
{
	struct rules *r = &a->rules;

	while (!is_busy(a) && (r->wanted || !sp_list_empty(&r->waiting))) {
		struct sp_err err = { 0 };
		int n = begin(a, take_batch(r, &r->served), &err);

		if (n == RULES_UNDER_WAY)
			return;
		if (n < 0)
			sp_log(SP_LOG_ERROR, "network.rules", SP_ERR(&err));
		tell(&r->served, n, &err);
	}
}

static void log_end(struct agent *a, int r, const struct sp_err *err)
{
	int flows = r < 0 ? 0 : net_nat_flows(nat_of(a));

	if (r < 0)
		sp_log(SP_LOG_ERROR, "network.rules", SP_ERR(err));
	if (flows > 0)
		sp_log(SP_LOG_INFO, "network.flows", SP_INT("dropped", flows));
	if (flows < 0)
		sp_log(SP_LOG_WARN, "network.flows", SP_INT("errno", -flows));
}

/* Whoever is told may ask again: he comes after those who wait. */
static void finish(struct agent *a, int r, const struct sp_err *err)
{
	struct sp_list served = SP_LIST_INIT(served);

	sp_timer_cancel(&a->rules.patience);
	watch_drop(take_ptr(a->rules.answer));
	log_end(a, r, err);
	tend(a);
	while (!sp_list_empty(&a->rules.served)) {
		struct sp_list *first = a->rules.served.next;

		sp_list_remove(first);
		sp_list_append(&served, first);
	}
	tell(&served, r < 0 ? r : 0, err);
	next(a);
}

static void go_on(void *owner)
{
	struct agent *a = owner;
	struct sp_err err = { 0 };
	int r;

	a->rules.answer = NULL;
	r = net_nat_go_on(nat_of(a), &err);
	if (r != NET_NAT_UNDER_WAY) {
		finish(a, r, &err);
		return;
	}
	r = follow(a, &err);
	if (r == 0)
		return;
	net_nat_give_up(nat_of(a), NULL);
	finish(a, r, &err);
}

static void on_patience_over(struct sp_timer *t)
{
	struct agent *a = t->owner;
	struct sp_err err = { 0 };
	int r;

	watch_drop(take_ptr(a->rules.answer));
	r = net_nat_give_up(nat_of(a), &err);
	finish(a, r, &err);
}

static int ask(struct agent *a, struct rules_wait *wait, bool list, struct sp_err *err)
{
	struct rules *r = &a->rules;
	struct sp_list *queue = &r->waiting;

	if (!is_busy(a) && sp_list_empty(&r->waiting)) {
		int n = begin(a, list, err);

		if (n != RULES_UNDER_WAY)
			return n;
		queue = &r->served;
	} else if (!wait) {
		r->wanted = true;
	}
	if (wait) {
		wait->list = list;
		sp_list_append(queue, &wait->link);
	}
	return RULES_UNDER_WAY;
}

int rules_apply(struct agent *a, struct rules_wait *wait, struct sp_err *err)
{
	return ask(a, wait, false, err);
}

int rules_list(struct agent *a, struct rules_wait *wait, struct sp_err *err)
{
	return ask(a, wait, true, err);
}

void rules_wait_init(struct rules_wait *wait, rules_fn fn, void *owner)
{
	*wait = (struct rules_wait){ .fn = fn, .owner = owner };
	sp_list_init(&wait->link);
}

void rules_wait_drop(struct rules_wait *wait)
{
	sp_list_remove(&wait->link);
}

void rules_init(struct agent *a)
{
	sp_list_init(&a->rules.waiting);
	sp_list_init(&a->rules.served);
	a->rules.patience = (struct sp_timer){ .fn = on_patience_over, .owner = a };
}

void rules_close(struct agent *a)
{
	struct rules *r = &a->rules;
	struct sp_err err;
	int n = sp_fail(&err, SP_E_INTERRUPTED, "agentd is stopping");

	sp_timer_cancel(&r->patience);
	watch_drop(take_ptr(r->answer));
	watch_drop(take_ptr(r->ending));
	tell(&r->served, n, &err);
	tell(&r->waiting, n, &err);
}
