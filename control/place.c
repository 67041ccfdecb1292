/* Placement; see place.h. The rules are place_fit.c, the choice among what fits is here. */
#include "control/place.h"

#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/mem.h"
#include "control/place_fit.h"

#define NOT_PLACED SIZE_MAX

struct placing {
	struct place_node *nodes;
	size_t n_nodes;
	struct place_request *requests;
	size_t n_requests;
};

int place_port_add(struct place_node *node, const struct place_port *port, struct sp_err *err)
{
	struct place_port *ports = reallocarray(node->ports, node->n_ports + 1, sizeof(*ports));

	if (!ports)
		return sp_fail_nomem(err);
	node->ports = ports;
	node->ports[node->n_ports++] = *port;
	return 0;
}

static size_t replicas_on(const struct placing *p, const char *service, size_t node)
{
	size_t n = 0;

	for (size_t i = 0; i < p->n_requests; i++)
		n += p->requests[i].node == node && !strcmp(p->requests[i].service, service);
	return n;
}

static int settle(struct placing *p, struct place_request *q, size_t at, struct sp_err *err)
{
	struct place_node *node = &p->nodes[at];
	int r = 0;

	q->node = at;
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

static bool is_better(const struct placing *p, const char *service, size_t a, size_t b)
{
	size_t replicas_a = replicas_on(p, service, a), replicas_b = replicas_on(p, service, b);

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
		if (!place_fits(&p->nodes[i], q, replicas_on(p, q->service, i), reason))
			continue;
		if (best == NOT_PLACED || is_better(p, q->service, i, best))
			best = i;
	}
	return best;
}

static int refuse(const struct placing *p, const struct place_request *q, struct sp_err *err)
{
	autobuf struct sp_buf text = SP_BUF_INIT;
	char reason[PLACE_REASON_MAX];
	int r;

	for (size_t i = 0; i < p->n_nodes; i++) {
		if (place_fits(&p->nodes[i], q, replicas_on(p, q->service, i), reason))
			continue;
		sp_buf_printf(&text, "%s%s: %s", text.len ? "; " : "", p->nodes[i].name, reason);
	}
	r = sp_fail(err, SP_E_UNPLACEABLE, "no node for '%s': %s", q->id,
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
		    place_fits(&p->nodes[q->keep], q, replicas_on(p, q->service, q->keep), reason))
			r = settle(p, q, q->keep, err);
	}
	return r;
}

int place(struct place_node *nodes, size_t n_nodes, struct place_request *requests,
	  size_t n_requests, size_t *ret_culprit, struct sp_err *err)
{
	struct placing p = { nodes, n_nodes, requests, n_requests };
	int r;

	for (size_t i = 0; i < n_requests; i++)
		requests[i].node = NOT_PLACED;
	r = keep_placed(&p, err);
	for (size_t i = 0; r == 0 && i < n_requests; i++) {
		size_t at = requests[i].node == NOT_PLACED ? choose(&p, &requests[i]) : NOT_PLACED;

		if (ret_culprit)
			*ret_culprit = i;
		if (requests[i].node != NOT_PLACED)
			continue;
		r = at == NOT_PLACED ? refuse(&p, &requests[i], err)
				     : settle(&p, &requests[i], at, err);
	}
	return r;
}
