/* What the network of a node shall be; see plan.h. */
#include "netcfg/plan.h"

#include "base/str.h"

#define SUBNET_MIN 8
#define SUBNET_MAX 30 /* the network, the bridge, one container, the broadcast address */

struct in_addr net_plan_gateway(const struct net_plan *plan)
{
	return net_prefix_nth(&plan->subnet, 1);
}

static int check_subnet(const struct net_prefix *p, const char *whose, struct sp_err *err)
{
	char text[NET_PREFIX_TEXT_MAX];

	if (p->length >= SUBNET_MIN && p->length <= SUBNET_MAX)
		return 0;
	net_prefix_format(p, text);
	return sp_fail(err, SP_E_INVALID, "subnet %s of %s: its length must be %d to %d", text,
		       whose, SUBNET_MIN, SUBNET_MAX);
}

static int check_apart(const struct net_prefix *a, const char *whose_a, const struct net_prefix *b,
		       const char *whose_b, struct sp_err *err)
{
	char text_a[NET_PREFIX_TEXT_MAX], text_b[NET_PREFIX_TEXT_MAX];

	if (!net_prefix_overlaps(a, b))
		return 0;
	net_prefix_format(a, text_a);
	net_prefix_format(b, text_b);
	return sp_fail(err, SP_E_CONFLICT, "subnet %s of %s overlaps with %s of %s", text_a,
		       whose_a, text_b, whose_b);
}

static int check_pair(const struct net_peer *a, const struct net_peer *b, struct sp_err *err)
{
	char text[INET_ADDRSTRLEN];

	if (a->address.s_addr != b->address.s_addr)
		return check_apart(&a->subnet, a->name, &b->subnet, b->name, err);
	net_address_format(a->address, text);
	return sp_fail(err, SP_E_CONFLICT, "nodes '%s' and '%s' have the same address %s", a->name,
		       b->name, text);
}

/* A peer against the node itself and the peers before it. */
static int check_peer(const struct net_plan *plan, size_t i, struct sp_err *err)
{
	const struct net_peer *p = &plan->peers[i];
	int r;

	if (!sp_id_valid(p->name))
		return sp_fail(err, SP_E_INVALID, "'%s' is not a node name", p->name);
	r = check_subnet(&p->subnet, p->name, err);
	if (r == 0)
		r = check_apart(&p->subnet, p->name, &plan->subnet, "this node", err);
	for (size_t k = 0; r == 0 && k < i; k++)
		r = check_pair(p, &plan->peers[k], err);
	return r;
}

static int check_port(const struct net_plan *plan, size_t i, struct sp_err *err)
{
	const struct net_port *p = &plan->ports[i];
	char text[NET_PORT_TEXT_MAX];

	net_port_format(p, text);
	if (!sp_id_valid(p->workload))
		return sp_fail(err, SP_E_INVALID, "'%s' is not a workload id", p->workload);
	if (p->host_port == 0 || p->port == 0)
		return sp_fail(err, SP_E_INVALID, "port %s of '%s': 0 is not a port", text,
			       p->workload);
	for (size_t k = 0; k < i; k++)
		if (net_port_clashes(p, &plan->ports[k]))
			return sp_fail(err, SP_E_CONFLICT,
				       "port %s is already published by '%s', and wanted by '%s'",
				       text, plan->ports[k].workload, p->workload);
	return 0;
}

int net_plan_check(const struct net_plan *plan, struct sp_err *err)
{
	int r = check_subnet(&plan->subnet, "this node", err);

	for (size_t i = 0; r == 0 && i < plan->n_peers; i++)
		r = check_peer(plan, i, err);
	for (size_t i = 0; r == 0 && i < plan->n_ports; i++)
		r = check_port(plan, i, err);
	return r;
}
