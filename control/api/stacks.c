/* Stacks: list, show, deploy, destroy. */
#include <stdio.h>

#include "base/json.h"
#include "base/str.h"
#include "control/api/api.h"
#include "control/api/handlers.h"
#include "control/api/lock.h"
#include "control/api/stack_facts.h"
#include "control/api/stack_view.h"
#include "control/deploy/destroy.h"
#include "control/deploy/request.h"
#include "control/deps/deps.h"
#include "control/node/statuses.h"
#include "control/operation/worker.h"
#include "control/stack/desired.h"
#include "control/store/operation.h"

/* Stacks as they are at one moment. */
struct present {
	json_t *statuses;
	struct deps deps;
	bool facts; /* show what the rows know besides */
};

static void present_fini(struct present *p)
{
	json_decref(p->statuses);
	deps_fini(&p->deps);
}

/* name NULL: of all stacks, as always without the facts. */
static int present_read(struct api *a, const char *name, struct present *p, struct sp_err *err)
{
	autojson json_t *away = NULL;
	int r;

	r = statuses_read_fields(a->control, a->store, name,
				 p->facts ? "id,stack,state,reason,since,ready,restarts,address"
					  : "id,stack,ready",
				 &p->statuses, &away, err);
	return r < 0 || !p->facts ? r : deps_read(a->store, NULL, &p->deps, err);
}

static int view_of(struct api *a, const struct store_stack *stack, const struct present *p,
		   json_t **ret, struct sp_err *err)
{
	autojson json_t *view = NULL;
	int r = stack_view(a->store, stack, p->statuses, &view, err);

	if (r == 0 && p->facts)
		r = stack_facts_add(a->store, &p->deps, stack->name, p->statuses, view, err);
	if (r == 0)
		*ret = take_ptr(view);
	return r;
}

API_HANDLER(stacks_list)
{
	autostacks struct store_stacks stacks = { 0 };
	__attribute__((cleanup(present_fini))) struct present p = { .facts = api_query_flag(
									    a, "status") };
	autojson json_t *list = json_array();
	int r = store_stack_list(a->store, &stacks, err);

	if (r == 0)
		r = present_read(a, NULL, &p, err);
	for (size_t i = 0; r == 0 && i < stacks.n; i++) {
		json_t *view = NULL;

		r = view_of(a, &stacks.list[i], &p, &view, err);
		if (r == 0)
			json_array_append_new(list, view);
	}
	return r < 0 ? r : api_reply_as(a, "stacks", take_ptr(list), err);
}

API_HANDLER(stacks_get)
{
	const char *name = sp_httpd_param(a->req, "name");
	__attribute__((cleanup(present_fini))) struct present p = { .facts = true };
	struct store_stack stack;
	json_t *view = NULL;
	int r = store_stack_get(a->store, name, &stack, err);

	if (r == 0)
		r = present_read(a, name, &p, err);
	if (r == 0)
		r = view_of(a, &stack, &p, &view, err);
	return r < 0 ? r : api_reply(a, 200, view, err);
}

struct begin {
	struct store_operation_request q;
	char id[STORE_NAME_MAX];
};

static int try_begin(struct api *a, void *state, struct sp_err *err)
{
	struct begin *b = state;
	int r = store_operation_begin(a->store, &b->q, b->id, err);

	if (r == STORE_OPERATION_BEGUN)
		return workers_queue(a->control->workers, b->id, err);
	return r < 0 ? r : r == STORE_OPERATION_WAITS;
}

int api_begin(struct api *a, const struct api_begin *q, struct sp_err *err)
{
	struct begin b = { .q = { .kind = q->kind,
				  .stack = q->stack,
				  .request = q->request,
				  .allow = q->allow,
				  .allow_state = q->allow_state } };
	struct lock_ask ask;
	int r = lock_ask_read(a, &ask, err);

	if (r < 0)
		return r;
	b.q.requested_by = ask.requester;
	b.q.idempotency_key = ask.key;
	b.q.lock = lock_request(a, &ask);
	b.q.lock.heedless = q->heedless;
	snprintf(a->at.resource, sizeof(a->at.resource), "%s", q->stack);
	r = lock_wait(a, q->stack, &ask, try_begin, &b, err);
	return r < 0 ? r : api_reply_accepted(a, b.id, err);
}

/* What it requires is there and runs. */
static int allow_deploy(struct api *a, const struct desired *d, struct sp_err *err)
{
	struct deps_refusal refusal = { 0 };
	int r = deps_allow_deploy(a->store, d->stack, d->bundle->file, &refusal, err);

	if (r < 0)
		deps_refusal_tell(&refusal, d->bundle->file, &a->at);
	return r;
}

static int allow_destroy(struct store *s, void *state, struct sp_err *err)
{
	const struct api *a = state;

	return deps_allow_destroy(s, sp_httpd_param(a->req, "name"), err);
}

/* The file is read here once already: a bad one is refused before anything is recorded. */
API_HANDLER(stacks_deploy)
{
	autojson json_t *body = NULL;
	autofree char *request = NULL;
	struct deploy_request q = { 0 };
	struct desired d = { 0 };
	int r = api_body(a, &body, err);

	if (r < 0)
		return r;
	request = sp_json_canonical(body);
	if (!request)
		return sp_fail_nomem(err);
	r = deploy_request_read(request, &q, err);
	if (r == 0)
		r = desired_read(q.bundle, &d, err);
	if (r == 0)
		r = allow_deploy(a, &d, err);
	else
		snprintf(a->at.next, sizeof(a->at.next), "ctl validate FILE");
	if (r == 0)
		r = api_begin(a,
			      &(struct api_begin){ .kind = "deploy",
						   .stack = d.stack->name,
						   .request = request,
						   .heedless = !d.stack->policy.require_lock },
			      err);
	desired_fini(&d);
	deploy_request_fini(&q);
	return r;
}

API_HANDLER(stacks_destroy)
{
	const char *name = sp_httpd_param(a->req, "name");
	bool force = api_query_flag(a, "force");
	struct api_begin b = { .kind = "destroy",
			       .stack = name,
			       .heedless = lock_is_heedless(a->store, name),
			       .allow = force ? NULL : allow_destroy,
			       .allow_state = a };
	autofree char *request = NULL;
	struct store_stack stack;
	int r = store_stack_get(a->store, name, &stack, err);

	if (r == 0)
		r = destroy_request(api_query_flag(a, "volumes"), force, &request, err);
	if (r < 0)
		return r;
	b.request = request;
	r = api_begin(a, &b, err);
	if (r < 0 && err->stage == SP_STAGE_VALIDATE)
		snprintf(a->at.next, sizeof(a->at.next),
			 "ctl deps show %s, or ctl destroy --force %s", name, name);
	return r;
}
