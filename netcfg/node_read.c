/* A node's network as it is; see node_read.h. */
#include "netcfg/node_read.h"

#include <stdlib.h>

#include "base/str.h"
#include "netcfg/node_impl.h"
#include "netcfg/ruleset.h"
#include "netcfg/sysctl.h"
#include "netcfg/veth.h"

static int read_links(struct net_node *node, struct net_node_facts *f, struct sp_err *err)
{
	int n = net_link_list(node->nl, &f->links, err);

	f->n_links = n < 0 ? 0 : (size_t)n;
	for (size_t i = 0; i < f->n_links; i++)
		if (sp_str_eq(f->links[i].name, NET_BRIDGE) &&
		    sp_str_eq(f->links[i].kind, "bridge"))
			f->bridge = &f->links[i];
	return n < 0 ? n : 0;
}

static int read_addresses(struct net_node *node, struct net_node_facts *f, struct sp_err *err)
{
	int n = net_addr_list(node->nl, &f->addresses, err);

	for (int i = 0; i < n; i++)
		if (f->bridge && f->addresses[i].index == f->bridge->index)
			f->addresses[f->n_addresses++] = f->addresses[i];
	return n < 0 ? n : 0;
}

static int read_routes(struct net_node *node, struct net_node_facts *f, struct sp_err *err)
{
	int n = net_route_list(node->nl, &f->routes, err);

	f->n_routes = n < 0 ? 0 : (size_t)n;
	return n < 0 ? n : 0;
}

static bool is_set(const char *name)
{
	char value[16];

	return net_sysctl_get(-1, name, value, sizeof(value), NULL) == 0 && sp_str_eq(value, "1");
}

static int read_rules(struct net_node *node, const struct net_plan *plan, struct net_node_facts *f,
		      struct sp_err *err)
{
	autobuf struct sp_buf wanted = SP_BUF_INIT;
	int r = net_ruleset_render(plan, &wanted, err);

	return r < 0 ? r
		     : net_ruleset_compare(wanted.data, net_nat_table(node->nat), &f->rules_missing,
					   &f->rules_extra, err);
}

int net_node_read(struct net_node *node, const struct net_plan *plan, struct net_node_facts *ret,
		  struct sp_err *err)
{
	struct net_node_facts f = { 0 };
	int r = read_links(node, &f, err);

	if (r == 0)
		r = read_addresses(node, &f, err);
	if (r == 0)
		r = read_routes(node, &f, err);
	if (r == 0 && plan->subnet.length)
		r = read_rules(node, plan, &f, err);
	f.forwarding = is_set("net.ipv4.ip_forward") &&
		       (!f.bridge || is_set("net.ipv4.conf." NET_BRIDGE ".route_localnet"));
	if (r < 0)
		net_node_facts_fini(&f);
	else
		*ret = f;
	return r;
}

void net_node_facts_fini(struct net_node_facts *f)
{
	free(f->links);
	free(f->addresses);
	free(f->routes);
	sp_strv_free(f->rules_missing);
	sp_strv_free(f->rules_extra);
	*f = (struct net_node_facts){ 0 };
}

const struct net_link *net_node_facts_link(const struct net_node_facts *f, const char *workload)
{
	for (size_t i = 0; i < f->n_links; i++)
		if (net_veth_is_ours(&f->links[i]) && sp_str_eq(f->links[i].alias, workload))
			return &f->links[i];
	return NULL;
}
