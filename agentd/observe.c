/* See observe.h. */
#include "agentd/observe.h"

#include <stdlib.h>
#include <string.h>

#include "agentd/api.h"
#include "agentd/network.h"
#include "agentd/reply.h"
#include "base/json.h"
#include "base/str.h"
#include "base/time.h"

const struct img_image *observe_image(struct observe *o, const struct workload *w)
{
	if (o->image && !strcmp(o->image->digest, w->spec->image_digest))
		return o->image;
	img_image_free(o->image);
	o->image = NULL;
	if (img_resolve(o->agent->images, w->spec->image_digest, &o->image, NULL) < 0)
		return NULL;
	return o->image;
}

static json_t *workload_json(struct observe *o, const struct workload *w)
{
	const struct wire_workload *s = w->spec;

	return json_pack("{s:s, s:s, s:s, s:s, s:s, s:b, s:s, s:s, s:b, s:o, s:o, s:o, s:o, s:o}",
			 "id", s->id, "stack", s->stack, "service", s->service, "state",
			 workload_state_name(w->state), "reason", w->reason, "held", w->held,
			 "image_digest", s->image_digest, "spec_digest", w->spec_digest,
			 "made_of_spec", !strcmp(w->made_digest, w->spec_digest), "container",
			 observe_container(o, w), "link", observe_link(o, w), "inside",
			 observe_inside(w), "hosts", observe_hosts(w), "granted",
			 observe_granted(o, w));
}

static json_t *workloads_json(struct observe *o, const char *stack)
{
	json_t *list = json_array();
	const struct workload *w;

	SP_LIST_EACH (&o->agent->workloads, w, link)
		if (list && !w->deleted && (!stack || !strcmp(stack, w->spec->stack)))
			json_array_append_new(list, workload_json(o, w));
	return list;
}

/* stack NULL: every workload of the node. */
static int observe_all(struct agent *a, const char *stack, json_t **ret, struct sp_err *err)
{
	struct observe o = { .agent = a };
	char now[SP_TIME_STAMP_MAX];
	int r = network_read(a, &o.network, err);

	if (r < 0)
		return r;
	sp_time_format(sp_time_real_ns(), now);
	*ret = json_pack("{s:s, s:s, s:o, s:o, s:o}", "node", a->config.name, "at", now, "network",
			 observe_node(&o), "workloads", workloads_json(&o, stack), "extra",
			 observe_extra(&o));
	net_node_facts_fini(&o.network);
	img_image_free(o.image);
	return *ret ? 0 : sp_fail_nomem(err);
}

struct observation {
	struct rules_wait wait;
	struct agent *agent;
	struct sp_httpd_req *req;
	char *stack; /* NULL: all */
};

static void on_rules(struct rules_wait *wait, int r, const struct sp_err *err)
{
	struct observation *x = wait->owner;
	struct sp_err why = { 0 };
	json_t *json = NULL;

	if (r < 0)
		why = *err;
	else
		r = observe_all(x->agent, x->stack, &json, &why);
	if (r < 0)
		reply_err(x->agent, x->req, NULL, &why);
	else
		reply_json(x->req, 200, json);
	free(x->stack);
	free(x);
}

static struct observation *observation_new(struct agent *a, struct sp_httpd_req *req,
					   const char *stack)
{
	struct observation *x = calloc(1, sizeof(*x));

	if (!x)
		return NULL;
	*x = (struct observation){ .agent = a, .req = req, .stack = stack ? strdup(stack) : NULL };
	rules_wait_init(&x->wait, on_rules, x);
	if (!stack || x->stack)
		return x;
	free(x);
	return NULL;
}

void api_observed(struct sp_httpd_req *req, void *owner)
{
	struct agent *a = owner;
	const char *stack = sp_httpd_query(req, "stack");
	struct observation *x;
	struct sp_err err = { 0 };
	int r;

	if (stack && !sp_id_valid(stack)) {
		reply_fail(a, req, NULL, SP_E_INVALID, "'%.80s' is not a stack name", stack);
		return;
	}
	x = observation_new(a, req, stack);
	if (!x) {
		reply_fail(a, req, NULL, SP_E_NO_MEMORY, "out of memory");
		return;
	}
	sp_httpd_defer(req);
	r = rules_list(a, &x->wait, &err);
	if (r != RULES_UNDER_WAY)
		on_rules(&x->wait, r, &err);
}
