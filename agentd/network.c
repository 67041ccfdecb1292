/* See network.h. */
#include "agentd/network.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "agentd/rules.h"
#include "base/fd.h"
#include "base/log.h"
#include "base/mem.h"
#include "netcfg/nat.h"
#include "runtime/container.h"

bool network_publishes(const struct workload *w)
{
	if (!w->spec->n_ports || w->deleted || w->held)
		return workload_has_container(w) && w->spec->n_ports;
	return w->state != WORKLOAD_EXITED && w->state != WORKLOAD_FAILED;
}

int network_ports(const struct wire_workload *spec, struct net_port *ret, struct sp_err *err)
{
	for (size_t i = 0; i < spec->n_ports; i++) {
		const struct wire_port *p = &spec->ports[i];
		int r = 0;

		ret[i] = (struct net_port){ .host_port = p->host_port,
					    .udp = p->udp,
					    .port = p->container_port,
					    .workload = spec->id };
		if (p->host_address)
			r = net_address_parse(p->host_address, &ret[i].host_address, err);
		if (r == 0)
			r = net_address_parse(spec->address, &ret[i].address, err);
		if (r < 0)
			return r;
	}
	return 0;
}

/* The ports of all workloads but `except` (NULL: of all), on the heap. */
static int all_ports(struct agent *a, const char *except, struct net_port **ret, size_t *ret_n,
		     struct sp_err *err)
{
	autofree struct net_port *ports = NULL;
	struct workload *w;
	size_t n = 0;

	SP_LIST_EACH (&a->workloads, w, link)
		n += w->spec->n_ports;
	ports = calloc(n ? n : 1, sizeof(*ports));
	if (!ports)
		return sp_fail_nomem(err);
	n = 0;
	SP_LIST_EACH (&a->workloads, w, link) {
		int r;

		if (!network_publishes(w) || (except && !strcmp(except, w->spec->id)))
			continue;
		r = network_ports(w->spec, ports + n, err);
		if (r < 0)
			return r;
		n += w->spec->n_ports;
	}
	*ret = take_ptr(ports);
	*ret_n = n;
	return 0;
}

/* Every node but this one, as routes. */
static struct net_peer *other_nodes(const struct agent *a, size_t *ret_n)
{
	struct net_peer *peers = calloc(a->peers.n ? a->peers.n : 1, sizeof(*peers));
	size_t n = 0;

	for (size_t i = 0; peers && i < a->peers.n; i++) {
		const struct peer *p = &a->peers.list[i];

		if (!p->subnet.length || !strcmp(p->name, a->config.name) ||
		    net_prefix_eq(&p->subnet, &a->peers.subnet))
			continue;
		peers[n++] = (struct net_peer){ .name = p->name,
						.address = p->address,
						.subnet = p->subnet };
	}
	*ret_n = n;
	return peers;
}

/* The plan as of now, with arrays of its own. */
struct plan {
	struct net_plan net;
	struct net_port *ports;
	struct net_peer *peers;
};

static void plan_fini(struct plan *p)
{
	free(p->ports);
	free(p->peers);
}

#define autoplan __attribute__((cleanup(plan_fini)))

static int make_plan(struct agent *a, struct plan *p, struct sp_err *err)
{
	int r = all_ports(a, NULL, &p->ports, &p->net.n_ports, err);

	if (r < 0)
		return r;
	p->peers = other_nodes(a, &p->net.n_peers);
	if (!p->peers)
		return sp_fail_nomem(err);
	p->net.subnet = a->peers.subnet;
	p->net.ports = p->ports;
	p->net.peers = p->peers;
	return 0;
}

/* A peer that is away keeps nobody from his work; its route comes with the link that leads to it,
 * or with the next call. */
static int apply_routes(struct agent *a, const struct net_plan *plan, struct sp_err *err)
{
	struct sp_err why = { 0 };
	int r = net_node_apply_part(a->net, plan, NET_PART_ROUTES, &why);

	if (r < 0 && why.code == SP_E_UNREACHABLE) {
		sp_log(SP_LOG_WARN, "network.peer", SP_ERR(&why));
		a->uplink.lost = true;
		return 0;
	}
	if (r < 0 && err)
		*err = why;
	return r;
}

static int apply_links(struct agent *a, struct sp_err *err)
{
	autoplan struct plan p = { 0 };
	int r = make_plan(a, &p, err);

	if (r == 0)
		r = net_node_check(a->net, &p.net, err);
	if (r == 0)
		r = net_node_apply_part(a->net, &p.net, NET_PART_BRIDGE, err);
	if (r >= 0)
		r = net_node_apply_part(a->net, &p.net, NET_PART_FORWARDING, err);
	return r < 0 ? r : apply_routes(a, &p.net, err);
}

int network_apply(struct agent *a, struct rules_wait *wait, struct sp_err *err)
{
	int r;

	if (!a->peers.subnet.length)
		return 0;
	r = apply_links(a, err);
	return r < 0 ? r : rules_apply(a, wait, err);
}

void network_withdraw(struct workload *w)
{
	struct sp_err err = { 0 };

	if (w->spec->n_ports && !network_publishes(w) && network_apply(w->agent, NULL, &err) < 0)
		sp_log(SP_LOG_ERROR, "network.withdraw", SP_STR("id", w->spec->id), SP_ERR(&err));
}

int network_apply_part(struct agent *a, enum net_part part, struct sp_err *err)
{
	autoplan struct plan p = { 0 };
	int r;

	if (!a->peers.subnet.length)
		return 0;
	r = make_plan(a, &p, err);
	return r < 0 ? r : net_node_apply_part(a->net, &p.net, part, err);
}

int network_begin_rules(struct agent *a, struct sp_err *err)
{
	autoplan struct plan p = { 0 };
	int r;

	if (!a->peers.subnet.length)
		return NET_NAT_DONE;
	r = make_plan(a, &p, err);
	return r < 0 ? r : net_nat_begin_apply(net_node_nat(a->net), &p.net, err);
}

int network_read(struct agent *a, struct net_node_facts *ret, struct sp_err *err)
{
	autoplan struct plan p = { 0 };
	int r = make_plan(a, &p, err);

	return r < 0 ? r : net_node_read(a->net, &p.net, ret, err);
}

static int check_address(struct agent *a, const struct wire_workload *spec, struct sp_err *err)
{
	struct in_addr address;
	struct workload *w;
	int r;

	if (!spec->address)
		return 0;
	r = net_address_parse(spec->address, &address, err);
	if (r < 0)
		return r;
	if (a->peers.subnet.length && !net_prefix_contains(&a->peers.subnet, address))
		return sp_fail(err, SP_E_INVALID, "address %s is outside of the node's subnet",
			       spec->address);
	SP_LIST_EACH (&a->workloads, w, link)
		if (!w->deleted && strcmp(w->spec->id, spec->id) != 0 && w->spec->address &&
		    !strcmp(w->spec->address, spec->address))
			return sp_fail(err, SP_E_CONFLICT, "address %s belongs to '%s'",
				       spec->address, w->spec->id);
	return 0;
}

int network_check(struct agent *a, const struct wire_workload *spec, struct sp_err *err)
{
	autofree struct net_port *others = NULL, *mine = NULL;
	size_t n;
	int r = check_address(a, spec, err);

	if (r < 0 || !spec->n_ports)
		return r;
	mine = calloc(spec->n_ports, sizeof(*mine));
	if (!mine)
		return sp_fail_nomem(err);
	r = all_ports(a, spec->id, &others, &n, err);
	if (r == 0)
		r = network_ports(spec, mine, err);
	for (size_t i = 0; i < spec->n_ports && r >= 0; i++)
		r = net_port_check(&mine[i], others, n, err);
	return r;
}

int network_attach(struct workload *w, struct sp_err *err)
{
	struct agent *a = w->agent;
	struct net_attachment at = { .workload = w->spec->id, .netns = w->container->netns_fd };
	int r;

	if (w->spec->network_none)
		return 0;
	if (!a->peers.subnet.length)
		return sp_fail(err, SP_E_UNHEALTHY, "node '%s' has no subnet yet (PUT /v1/peers)",
			       a->config.name);
	r = net_address_parse(w->spec->address, &at.address, err);
	return r < 0 ? r : net_node_attach(a->net, &at, err);
}
