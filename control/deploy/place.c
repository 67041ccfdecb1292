/* The place step: a node, an address and the final spec for each workload; see deploy.h. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/str.h"
#include "control/deploy/plan_pins.h"
#include "control/deploy/tasks.h"
#include "control/deps/deps.h"
#include "control/snapshot/snapshot.h"
#include "control/store/resource.h"
#include "control/validate/validate.h"

#define ADDRESS_MAX 20

static const struct stack_service *service_of(const struct deploy *d, size_t i)
{
	return &d->desired.stack->services[d->desired.list[i].service];
}

int deploy_fill_constraints(const struct stack_service *s, struct place_request *q)
{
	struct place_constraint *c = calloc(s->n_constraints + 1, sizeof(*c));

	if (!c)
		return -1;
	for (size_t i = 0; i < s->n_constraints; i++)
		c[i] = (struct place_constraint){ .label = s->constraints[i].label,
						  .value = s->constraints[i].value,
						  .equal = s->constraints[i].equal };
	q->constraints = c;
	q->n_constraints = s->n_constraints;
	return 0;
}

static int fill_request(const struct deploy *d, size_t i, struct place_request *q,
			struct sp_err *err)
{
	const struct stack_service *s = service_of(d, i);
	const struct wire_workload *w = d->desired.list[i].spec;
	const struct plan_item *item = &d->plan.items[i];

	*q = (struct place_request){ .id = w->id,
				     .service = s->name,
				     .keep = PLACE_KEEP_NONE,
				     .untouched = item->action == PLAN_KEEP,
				     .ports = w->ports,
				     .n_ports = w->n_ports,
				     .limits = &w->limits,
				     .memory_bytes = s->reservation.memory_bytes,
				     .max_per_node = s->max_replicas_per_node };
	if (d->reasons)
		q->reasons = &d->reasons[i * d->cluster.rows.n];
	q->owner = sp_str_format("%s/%s-%u", w->stack, w->service, w->replica);
	if (item->current != PLAN_NONE)
		q->keep = cluster_find(&d->cluster, d->known.list[item->current].node);
	else if (d->request.was && snapshot_node(d->request.was, w->id))
		q->keep = cluster_find(&d->cluster, snapshot_node(d->request.was, w->id));
	if (!q->owner || deploy_fill_constraints(s, q) < 0)
		return sp_fail_nomem(err);
	return 0;
}

static void free_requests(struct place_request *q, size_t n)
{
	for (size_t i = 0; q && i < n; i++) {
		free((char *)q[i].owner);
		free((struct place_constraint *)q[i].constraints);
	}
	free(q);
}

static void tell_culprit(struct deploy *d, size_t i)
{
	const struct stack_service *s = service_of(d, i);

	d->misfit = s;
	snprintf(d->o->at.resource, sizeof(d->o->at.resource), "%s", d->desired.list[i].spec->id);
	snprintf(d->o->at.next, sizeof(d->o->at.next),
		 "ctl node ls, or change service '%s' in %s:%u", s->name, d->desired.bundle->file,
		 s->at.line);
}

int deploy_choose_nodes(struct deploy *d, struct sp_err *err)
{
	size_t n = d->desired.n, culprit = 0;
	struct place_request *q = calloc(n + 1, sizeof(*q));
	int r = cluster_read(d->o->store, d->o->row.stack, &d->cluster, err);

	d->targets = calloc(n + 1, sizeof(*d->targets));
	if (d->explain)
		d->reasons = calloc(n * d->cluster.rows.n + 1, sizeof(*d->reasons));
	if (r == 0 && (!q || !d->targets || (d->explain && !d->reasons)))
		r = sp_fail_nomem(err);

	for (size_t i = 0; r == 0 && i < n; i++)
		r = fill_request(d, i, &q[i], err);
	if (r == 0) {
		r = place(d->cluster.nodes, d->cluster.rows.n, q, n, &culprit, err);
		if (r < 0)
			tell_culprit(d, culprit);
	}
	for (size_t i = 0; r == 0 && i < n; i++)
		snprintf(d->targets[i].node, sizeof(d->targets[i].node), "%s",
			 d->cluster.rows.list[q[i].node].name);
	free_requests(q, n);
	return r;
}

int deploy_give_address(struct store *s, struct deploy *d, struct wire_workload *w, const char *on,
			struct sp_err *err)
{
	const struct store_node *node = &d->cluster.rows.list[cluster_find(&d->cluster, on)];
	int host, r;

	if (w->network_none)
		return 0;
	r = store_address_take(s, node->name, w->id, &host, err);
	if (r < 0)
		return r;
	free(w->address);
	w->address = sp_str_format("10.90.%d.%d", node->subnet, host);
	return w->address ? 0 : sp_fail_nomem(err);
}

static int add_host(struct wire_workload *w, char *name, const char *address)
{
	struct wire_host *hosts = reallocarray(w->hosts, w->n_hosts + 1, sizeof(*hosts));
	char *copy = strdup(address);

	if (hosts)
		w->hosts = hosts;
	if (!hosts || !copy || !name) {
		free(copy);
		free(name);
		return -1;
	}
	w->hosts[w->n_hosts++] = (struct wire_host){ .name = name, .address = copy };
	return 0;
}

void deploy_drop_names(struct wire_workload *w, size_t keep)
{
	for (; w->n_hosts > keep; w->n_hosts--) {
		free(w->hosts[w->n_hosts - 1].name);
		free(w->hosts[w->n_hosts - 1].address);
	}
}

int deploy_name_the_others(struct deploy *d, struct wire_workload *w, struct sp_err *err)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < d->desired.n; i++) {
		const struct wire_workload *other = d->desired.list[i].spec;

		if (!other->address)
			continue;
		r = add_host(w, strdup(other->service), other->address);
		if (r == 0)
			r = add_host(w, sp_str_format("%s-%u", other->service, other->replica),
				     other->address);
	}
	return r < 0 ? sp_fail_nomem(err) : 0;
}

/* Compare the final spec with what the agent was last told. */
static void settle_target(struct deploy *d, size_t i)
{
	struct plan_item *item = &d->plan.items[i];
	struct deploy_target *t = &d->targets[i];
	const struct store_workload *old =
		item->current == PLAN_NONE ? NULL : &d->known.list[item->current];
	autojson json_t *was = old ? json_loads(old->spec, 0, NULL) : NULL;

	t->put = item->action != PLAN_KEEP || !json_equal(was, t->spec);
	if (old && strcmp(old->node, t->node) != 0)
		plan_turn_to_update(&d->plan, i, "moves from %s to %s", old->node, t->node);
	t->gated = item->action != PLAN_KEEP;
}

static int put_row(struct store *s, struct deploy *d, size_t i, struct sp_err *err)
{
	const struct desired_workload *w = &d->desired.list[i];
	autofree char *spec = sp_json_canonical(d->targets[i].spec);
	struct store_workload row = { .revision = d->revision,
				      .replica = w->spec->replica,
				      .position = w->position,
				      .gate = w->gate,
				      .spec = spec };

	if (!spec)
		return sp_fail_nomem(err);
	snprintf(row.id, sizeof(row.id), "%s", w->spec->id);
	snprintf(row.stack, sizeof(row.stack), "%s", w->spec->stack);
	snprintf(row.service, sizeof(row.service), "%s", w->spec->service);
	snprintf(row.node, sizeof(row.node), "%s", d->targets[i].node);
	snprintf(row.template, sizeof(row.template), "%s", w->template);
	return store_workload_put(s, &row, err);
}

static int give_addresses(struct store *s, struct deploy *d, struct sp_err *err)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < d->desired.n; i++) {
		deploy_drop_names(d->desired.list[i].spec, d->targets[i].own_hosts);
		r = deploy_give_address(s, d, d->desired.list[i].spec, d->targets[i].node, err);
	}
	for (size_t i = 0; r == 0 && i < d->desired.n; i++)
		r = deploy_name_the_others(d, d->desired.list[i].spec, err);
	for (size_t i = 0; r == 0 && i < d->desired.n; i++) {
		json_decref(d->targets[i].spec);
		d->targets[i].spec = NULL;
		r = wire_workload_encode(d->desired.list[i].spec, &d->targets[i].spec, err);
	}
	return r;
}

static int allow(struct store *s, struct deploy *d, struct sp_err *err)
{
	const char *file = d->desired.bundle->file;
	struct deps_refusal refusal = { 0 };
	int r = deps_allow_deploy(s, d->desired.stack, file, &refusal, err);

	if (r < 0)
		deps_refusal_tell(&refusal, file, &d->o->at);
	return r;
}

/* In one transaction: an address is only taken together with the row that needs it, and a stack
 * that is required is not destroyed once these rows are there. */
static int write_rows(struct store *s, void *state, struct sp_err *err)
{
	struct deploy *d = state;
	char digest[SP_DIGEST_MAX];
	const char *bundle = d->request.bundle;
	int r = sp_digest_of(bundle, strlen(bundle), digest, err);

	if (r == 0)
		r = allow(s, d, err);
	if (r == 0)
		r = store_stack_set_state(s, d->o->row.stack, STORE_STACK_DEPLOYING, d->o->row.id,
					  err);
	if (r == 0)
		r = give_addresses(s, d, err);
	if (r == 0)
		r = store_revision_add(s, d->o->row.stack, digest, bundle, &d->revision, err);
	if (r == 0)
		r = store_resources_put(s, d->desired.stack, d->revision, err);
	if (r == 0)
		r = store_operation_set_revision(s, d->o->row.id, d->revision, d->stack.state, err);
	for (size_t i = 0; r == 0 && i < d->desired.n; i++)
		r = put_row(s, d, i, err);
	return r < 0 ? r : deploy_tasks_write(s, d, err);
}

static void say_where(struct operation *o, const struct deploy *d)
{
	size_t used = 0;

	for (size_t i = 0; i < d->cluster.rows.n; i++) {
		size_t here = 0;

		for (size_t j = 0; j < d->desired.n; j++)
			here += !strcmp(d->targets[j].node, d->cluster.rows.list[i].name);
		if (here && used < sizeof(o->message))
			used += (size_t)snprintf(o->message + used, sizeof(o->message) - used,
						 "%s%zu on %s", used ? ", " : "", here,
						 d->cluster.rows.list[i].name);
	}
}

static int place_anew(struct deploy *d, struct sp_err *err)
{
	int r = deploy_choose_nodes(d, err);

	for (size_t i = 0; r == 0 && i < d->desired.n; i++)
		d->targets[i].own_hosts = d->desired.list[i].spec->n_hosts;
	if (r == 0)
		r = deploy_tasks_place(d, err);
	if (r == 0)
		r = plan_pins_check_actions(d, err);
	if (r == 0)
		r = validate_before(d, err);
	if (r == 0)
		r = store_transact(d->o->store, write_rows, d, err);
	if (r < 0)
		d->revision = 0;
	return r;
}

int deploy_place(struct operation *o, void *deploy, struct sp_err *err)
{
	struct deploy *d = deploy;
	int r = d->revision ? deploy_adopt_places(d, err) : place_anew(d, err);

	for (size_t i = 0; r == 0 && i < d->desired.n; i++)
		settle_target(d, i);
	if (r == 0)
		say_where(o, d);
	return r;
}
