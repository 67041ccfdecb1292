/*
 * The node's nftables table; see ruleset.h.
 *
 * guard:     sp0 routes 127.0.0.0/8 so that a port published on localhost works; nothing that comes
 *            from a container may use that.
 * published: one rule a port, for what arrives from outside (arriving) and what the node itself
 *            sends (local).
 * leaving:   a container's address is known in the cluster and nowhere else, so it is replaced by
 *            the node's on the way out. Where a container reaches a neighbour by a published port,
 *            or the node does by localhost, it is replaced too, or the answer would go past us.
 * passing:   into the containers goes what was asked for, what a published port let in, and the
 *            cluster's own; what is not for the bridge is none of our business.
 */
#include "netcfg/ruleset.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

static int compare_prefixes(const void *a, const void *b)
{
	uint32_t x = ntohl(((const struct net_prefix *)a)->network.s_addr);
	uint32_t y = ntohl(((const struct net_prefix *)b)->network.s_addr);

	return (x > y) - (x < y);
}

/* nft lists a set in ascending order. Single addresses are written without their length. */
static void render_set(struct sp_buf *out, const char *name, const char *flags,
		       struct net_prefix *elements, size_t n)
{
	qsort(elements, n, sizeof(*elements), compare_prefixes);
	sp_buf_printf(out, "set %s {\ntype ipv4_addr\n%s", name, flags);
	for (size_t i = 0; i < n; i++) {
		char text[NET_PREFIX_TEXT_MAX];

		net_prefix_format(&elements[i], text);
		if (elements[i].length == 32)
			*strchr(text, '/') = '\0';
		sp_buf_printf(out, "%s%s", i ? ", " : "elements = { ", text);
	}
	sp_buf_puts(out, n ? " }\n}\n" : "}\n");
}

static int render_sets(struct sp_buf *out, const struct net_plan *plan, struct sp_err *err)
{
	size_t n = plan->n_peers;
	autofree struct net_prefix *elements = calloc(n + 1, sizeof(*elements));

	if (!elements)
		return sp_fail_nomem(err);
	for (size_t i = 0; i < n; i++)
		elements[i] = plan->peers[i].subnet;
	elements[n] = plan->subnet;
	render_set(out, "subnets", "flags interval\n", elements, n + 1);
	for (size_t i = 0; i < n; i++)
		elements[i] = net_prefix_of(plan->peers[i].address, 32);
	render_set(out, "nodes", "", elements, n);
	return 0;
}

static void render_published(struct sp_buf *out, const struct net_plan *plan)
{
	sp_buf_puts(out, "chain published {\n");
	for (size_t i = 0; i < plan->n_ports; i++) {
		const struct net_port *p = &plan->ports[i];
		char host[INET_ADDRSTRLEN], container[INET_ADDRSTRLEN];

		net_address_format(p->host_address, host);
		net_address_format(p->address, container);
		if (p->host_address.s_addr != INADDR_ANY)
			sp_buf_printf(out, "ip daddr %s ", host);
		sp_buf_printf(out, "%s dport %u dnat to %s:%u comment \"%s\"\n",
			      p->udp ? "udp" : "tcp", p->host_port, container, p->port,
			      p->workload);
	}
	sp_buf_puts(out, "}\n");
}

static void render_chains(struct sp_buf *out, const struct net_plan *plan)
{
	char subnet[NET_PREFIX_TEXT_MAX];

	net_prefix_format(&plan->subnet, subnet);
	sp_buf_puts(out, "chain guard {\n"
			 "type filter hook prerouting priority raw; policy accept;\n"
			 "iifname \"" NET_BRIDGE "\" ip daddr 127.0.0.0/8 drop\n"
			 "}\n");
	render_published(out, plan);
	sp_buf_puts(out, "chain arriving {\n"
			 "type nat hook prerouting priority dstnat; policy accept;\n"
			 "fib daddr type local jump published\n"
			 "}\n"
			 "chain local {\n"
			 "type nat hook output priority -100; policy accept;\n"
			 "fib daddr type local jump published\n"
			 "}\n");
	sp_buf_printf(out,
		      "chain leaving {\n"
		      "type nat hook postrouting priority srcnat; policy accept;\n"
		      "oifname \"" NET_BRIDGE "\" ip saddr 127.0.0.0/8 masquerade\n"
		      "oifname \"" NET_BRIDGE "\" ip saddr %s ct status dnat masquerade\n"
		      "oifname != \"" NET_BRIDGE "\" ip saddr %s ip daddr != @subnets masquerade\n"
		      "}\n",
		      subnet, subnet);
	sp_buf_puts(out, "chain passing {\n"
			 "type filter hook forward priority filter; policy accept;\n"
			 "oifname != \"" NET_BRIDGE "\" accept\n"
			 "ct state established,related accept\n"
			 "ct status dnat accept\n"
			 "iifname \"" NET_BRIDGE "\" accept\n"
			 "ip saddr @subnets accept\n"
			 "ip saddr @nodes accept\n"
			 "drop\n"
			 "}\n");
}

int net_ruleset_render(const struct net_plan *plan, struct sp_buf *out, struct sp_err *err)
{
	int r;

	sp_buf_puts(out, "table ip " NET_TABLE " {\n");
	r = render_sets(out, plan, err);
	if (r < 0)
		return r;
	render_chains(out, plan);
	sp_buf_puts(out, "}\n");
	return sp_buf_check(out, err);
}

static const char *skip_space(const char *s)
{
	while (isspace((unsigned char)*s))
		s++;
	return s;
}

bool net_ruleset_same(const char *a, const char *b)
{
	for (;; a++, b++) {
		bool space_a = isspace((unsigned char)*a), space_b = isspace((unsigned char)*b);

		a = skip_space(a);
		b = skip_space(b);
		if (*a != *b || (space_a != space_b && *a))
			return false;
		if (!*a)
			return true;
	}
}
