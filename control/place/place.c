/* Placement; see place.h. The rules are fit.c, the choice among what fits is here. */
#include "control/place/place.h"

#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/mem.h"
#include "control/place/fit.h"
#include "control/place/impl.h"

#define NOT_PLACED SIZE_MAX

int place_port_add(struct place_node *node, const struct place_port *port, struct sp_err *err)
{
	struct place_port *ports = reallocarray(node->ports, node->n_ports + 1, sizeof(*ports));

	if (!ports)
		return sp_fail_nomem(err);
	node->ports = ports;
	node->ports[node->n_ports++] = *port;
	return 0;
}

static size_t *count_of(const struct placing *p, const struct place_request *q, size_t node)
{
	return &p->replicas[p->services[q - p->requests] * p->n_nodes + node];
}

size_t placing_replicas(const struct placing *p, const struct place_request *q, size_t node)
{
	return *count_of(p, q, node);
}

static int settle(struct placing *p, struct place_request *q, size_t at, struct sp_err *err)
{
	struct place_node *node = &p->nodes[at];
	int r = 0;

	placing_explain(p, q, at, at == q->keep);
	q->node = at;
	++*count_of(p, q, at);
	node->workloads++;
	node->memory_taken_bytes += place_memory_of(q);
	for (size_t i = 0; r == 0 && i < q->n_ports; i++)
		if (q->ports[i].host_port)
			r = place_port_add(
				node,
				&(struct place_port){ .address = q->ports[i].host_address,
						      .port = q->ports[i].host_port,
						      .udp = q->ports[i].udp,
						      .owner = q->owner },
				err);
	return r;
}

static bool is_better(const struct placing *p, const struct place_request *q, size_t a, size_t b)
{
	size_t replicas_a = placing_replicas(p, q, a), replicas_b = placing_replicas(p, q, b);

	if (replicas_a != replicas_b)
		return replicas_a < replicas_b;
	if (p->nodes[a].workloads != p->nodes[b].workloads)
		return p->nodes[a].workloads < p->nodes[b].workloads;
	return strcmp(p->nodes[a].name, p->nodes[b].name) < 0;
}

static size_t choose(const struct placing *p, const struct place_request *q)
{
	char reason[PLACE_REASON_MAX];
	size_t best = NOT_PLACED;

	for (size_t i = 0; i < p->n_nodes; i++) {
		if (!place_fits(&p->nodes[i], q, placing_replicas(p, q, i), reason))
			continue;
		if (best == NOT_PLACED || is_better(p, q, i, best))
			best = i;
	}
	return best;
}

/* It fits but for the node's silence: then it is worth trying again. */
static bool would_fit(const struct placing *p, const struct place_request *q, size_t i)
{
	struct place_node awake = p->nodes[i];
	char reason[PLACE_REASON_MAX];

	awake.ready = true;
	return place_fits(&awake, q, placing_replicas(p, q, i), reason);
}

static int refuse(const struct placing *p, const struct place_request *q, struct sp_err *err)
{
	autobuf struct sp_buf text = SP_BUF_INIT;
	enum sp_err_code code = SP_E_UNPLACEABLE;
	char reason[PLACE_REASON_MAX];
	int r;

	for (size_t i = 0; i < p->n_nodes; i++) {
		if (would_fit(p, q, i))
			code = SP_E_UNREACHABLE;
		if (place_fits(&p->nodes[i], q, placing_replicas(p, q, i), reason))
			continue;
		sp_buf_printf(&text, "%s%s: %s", text.len ? "; " : "", p->nodes[i].name, reason);
	}
	r = sp_fail(err, code, "no node for '%s': %s", q->id,
		    text.len ? text.data : "the cluster has no nodes");
	sp_err_at(err, SP_STAGE_PLACE);
	return r;
}

/* Stay where it is, when that still fits. */
static int keep_placed(struct placing *p, struct sp_err *err)
{
	char reason[PLACE_REASON_MAX];
	int r = 0;

	for (size_t i = 0; r == 0 && i < p->n_requests; i++) {
		struct place_request *q = &p->requests[i];

		if (q->keep < p->n_nodes &&
		    place_fits(&p->nodes[q->keep], q, placing_replicas(p, q, q->keep), reason))
			r = settle(p, q, q->keep, err);
	}
	return r;
}

/* Replicas of one service mostly stand together, so the one before is asked first. */
static size_t number_of(const struct placing *p, size_t i, size_t n_services,
			const size_t *first_of)
{
	const char *service = p->requests[i].service;

	if (i && !strcmp(p->requests[i - 1].service, service))
		return p->services[i - 1];
	for (size_t k = 0; k < n_services; k++)
		if (!strcmp(p->requests[first_of[k]].service, service))
			return k;
	return n_services;
}

static int number_services(struct placing *p, struct sp_err *err)
{
	autofree size_t *first_of = calloc(p->n_requests + 1, sizeof(*first_of));
	size_t n = 0;

	p->services = calloc(p->n_requests + 1, sizeof(*p->services));
	if (!first_of || !p->services)
		return sp_fail_nomem(err);
	for (size_t i = 0; i < p->n_requests; i++) {
		p->services[i] = number_of(p, i, n, first_of);
		if (p->services[i] == n)
			first_of[n++] = i;
	}
	p->replicas = calloc(n * p->n_nodes + 1, sizeof(*p->replicas));
	return p->replicas ? 0 : sp_fail_nomem(err);
}

static int place_others(struct placing *p, size_t *ret_culprit, struct sp_err *err)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < p->n_requests; i++) {
		struct place_request *q = &p->requests[i];
		size_t at;

		if (q->node != NOT_PLACED)
			continue;
		at = choose(p, q);
		if (ret_culprit)
			*ret_culprit = i;
		r = at == NOT_PLACED ? refuse(p, q, err) : settle(p, q, at, err);
	}
	return r;
}

int place(struct place_node *nodes, size_t n_nodes, struct place_request *requests,
	  size_t n_requests, size_t *ret_culprit, struct sp_err *err)
{
	struct placing p = { nodes, n_nodes, requests, n_requests, NULL, NULL };
	int r = number_services(&p, err);

	for (size_t i = 0; i < n_requests; i++)
		requests[i].node = NOT_PLACED;
	if (r == 0)
		r = keep_placed(&p, err);
	if (r == 0)
		r = place_others(&p, ret_culprit, err);
	free(p.services);
	free(p.replicas);
	return r;
}
