/* See watch.h. */
#include "control/drift/watch.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/ticker.h"
#include "base/time.h"
#include "control/drift/detect.h"
#include "control/drift/fix.h"
#include "control/stack/revision.h"
#include "control/store/drift.h"

#define ROUND_NS SP_NS_PER_S

struct drift_watch {
	struct control *control;
	struct sp_ticker *ticker;
	/* what each stack's revision says, so that no file is read twice */
	struct plan {
		char stack[STORE_NAME_MAX];
		int64_t revision, interval_ns;
		bool fix;
	} * plans;
	size_t n_plans;
};

static struct plan *find_plan(struct drift_watch *w, const char *stack)
{
	struct plan *list;

	for (size_t i = 0; i < w->n_plans; i++)
		if (!strcmp(w->plans[i].stack, stack))
			return &w->plans[i];
	list = reallocarray(w->plans, w->n_plans + 1, sizeof(*list));
	if (!list)
		return NULL;
	w->plans = list;
	list[w->n_plans] = (struct plan){ .revision = -1 };
	memcpy(list[w->n_plans].stack, stack, strlen(stack) + 1);
	return &list[w->n_plans++];
}

static int read_plan(struct drift_watch *w, struct store *s, const struct store_stack *stack,
		     struct plan *p, struct sp_err *err)
{
	autorevision struct revision rev = { 0 };
	int r;

	if (p->revision == stack->revision)
		return 0;
	r = revision_read(s, stack->name, stack->revision, &rev, err);
	if (r < 0)
		return r;
	p->revision = stack->revision;
	p->fix = rev.stack->policy.auto_drift_fix;
	p->interval_ns = rev.stack->policy.auto_drift_detect_ns;
	if (!p->interval_ns)
		p->interval_ns = w->control->config.drift_interval_ns;
	return 0;
}

static int is_due(struct store *s, const struct plan *p, struct sp_err *err)
{
	int64_t last, now;
	int r;

	if (!p->interval_ns)
		return 0;
	r = store_drift_at(s, p->stack, &last, err);
	if (r == 0)
		r = store_now(s, &now, err);
	return r < 0 ? r : now - last >= p->interval_ns;
}

static int look(struct drift_watch *w, struct store *s, const struct plan *p, struct sp_err *err)
{
	struct drift_report report = { 0 };
	int r = drift_detect(w->control, s, p->stack, NULL, &report, err);

	if (r < 0)
		return r;
	if (report.findings.n)
		sp_log(SP_LOG_WARN, "drift.detected", SP_STR("stack", p->stack),
		       SP_INT("findings", report.findings.n));
	if (report.findings.n && p->fix)
		r = drift_fix_by_itself(w->control, s, p->stack, err);
	drift_report_fini(&report);
	return r;
}

/* A stack that is being changed has its turn later. */
static void take(struct drift_watch *w, struct store *s, const struct store_stack *stack)
{
	struct plan *p = find_plan(w, stack->name);
	struct sp_err err = { 0 };
	int r;

	if (!p || !stack->revision || strcmp(stack->state, "running") != 0)
		return;
	r = read_plan(w, s, stack, p, &err);
	if (r == 0)
		r = is_due(s, p, &err);
	if (r > 0)
		r = look(w, s, p, &err);
	if (r < 0 && err.code != SP_E_CONFLICT && err.code != SP_E_LOCKED)
		sp_log(SP_LOG_ERROR, "drift.watch", SP_STR("stack", stack->name), SP_ERR(&err));
}

static int64_t go_round(struct sp_ticker *t, void *owner)
{
	struct drift_watch *w = owner;
	autostacks struct store_stacks stacks = { 0 };
	struct store *s = NULL;
	struct sp_err err = { 0 };
	int r = store_pool_take(w->control->stores, &s, &err);

	if (r == 0)
		r = store_stack_list(s, &stacks, &err);
	for (size_t i = 0; r == 0 && i < stacks.n && !sp_ticker_stopping(t); i++)
		take(w, s, &stacks.list[i]);
	store_pool_give(w->control->stores, s);
	if (r < 0)
		sp_log(SP_LOG_ERROR, "drift.watch", SP_ERR(&err));
	return ROUND_NS;
}

int drift_watch_new(struct control *c, struct drift_watch **ret, struct sp_err *err)
{
	struct drift_watch *w = calloc(1, sizeof(*w));
	const struct sp_ticker_conf conf = {
		.name = "drift watch", .act = go_round, .owner = w, .first_ns = ROUND_NS
	};
	int r;

	if (!w)
		return sp_fail_nomem(err);
	w->control = c;
	r = sp_ticker_new(&conf, &w->ticker, err);
	if (r < 0)
		free(w);
	else
		*ret = w;
	return r;
}

void drift_watch_free(struct drift_watch *w)
{
	if (!w)
		return;
	sp_ticker_free(w->ticker);
	free(w->plans);
	free(w);
}
