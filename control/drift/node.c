/* A node's own network, which all its workloads hang on, and the rules for published ports, each of
 * which belongs to one of them. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "base/str.h"
#include "control/drift/impl.h"
#include "control/node/node.h"

#define PUBLISHED "chain published: "

/* A rule for a published port bears its workload as comment. */
static bool is_of(const char *rule, const char *workload)
{
	autofree char *comment = sp_str_format("comment \"%s\"", workload);

	return comment && sp_str_starts(rule, PUBLISHED) && sp_str_ends(rule, comment);
}

/* "tcp dport 8080" of a rule, as "ports.tcp dport 8080". */
static void find_port(struct drift_scope *s, const char *rule)
{
	const char *what = rule + strlen(PUBLISHED), *end = strstr(what, " dnat ");
	autofree char *field =
		sp_str_format("ports.%.*s", (int)(end ? end - what : (long)strlen(what)), what);

	if (field)
		drift_add(s, DRIFT_RULE_PORT, field, what, "missing");
	else
		s->error = -ENOMEM;
}

void drift_ports(struct drift_scope *s)
{
	const json_t *missing = drift_at(s->node->seen, "network.rules_missing"), *one;
	size_t i;

	json_array_foreach (missing, i, one) {
		if (is_of(json_string_value(one), s->spec->id))
			find_port(s, json_string_value(one));
	}
}

static void find_rule(struct drift_scope *s, const char *rule, bool missing)
{
	autofree char *field = sp_str_format("rules.%s", rule);

	if (!field)
		s->error = -ENOMEM;
	else if (missing)
		drift_add(s, DRIFT_RULE_RULE, field, "present", "missing");
	else
		drift_add(s, DRIFT_RULE_RULE, field, "none", "present");
}

/* A published port that is missing is told by its workload, which may be another stack's. */
static void compare_rules(struct drift_scope *s, const json_t *network)
{
	const json_t *one;
	size_t i;

	json_array_foreach (json_object_get(network, "rules_missing"), i, one) {
		if (!sp_str_starts(json_string_value(one), PUBLISHED))
			find_rule(s, json_string_value(one), true);
	}
	json_array_foreach (json_object_get(network, "rules_extra"), i, one) {
		find_rule(s, json_string_value(one), false);
	}
}

static const char *via_of(const json_t *routes, const char *to)
{
	const json_t *one;
	size_t i;

	json_array_foreach (routes, i, one) {
		if (!strcmp(drift_text(one, "to"), to))
			return drift_text(one, "via");
	}
	return NULL;
}

static void find_route(struct drift_scope *s, const char *to, const char *expected,
		       const char *actual)
{
	autofree char *field = sp_str_format("routes.%s", to);

	if (field)
		drift_add(s, DRIFT_RULE_ROUTE, field, expected, actual);
	else
		s->error = -ENOMEM;
}

static bool is_subnet_of_other(const struct drift_scope *s, const char *to)
{
	char subnet[NODE_SUBNET_MAX];

	for (size_t i = 0; i < s->in->n_nodes; i++) {
		node_subnet(s->in->nodes[i].row, subnet);
		if (&s->in->nodes[i] != s->node && !strcmp(subnet, to))
			return true;
	}
	return false;
}

static void compare_routes(struct drift_scope *s, const json_t *routes)
{
	char subnet[NODE_SUBNET_MAX];
	const json_t *one;
	size_t i;

	for (i = 0; i < s->in->n_nodes; i++) {
		const struct drift_node *other = &s->in->nodes[i];
		const char *via;

		if (other == s->node)
			continue;
		node_subnet(other->row, subnet);
		via = via_of(routes, subnet);
		if (!sp_str_eq(via, other->row->address))
			find_route(s, subnet, other->row->address, via ? via : "none");
	}
	json_array_foreach (routes, i, one) {
		if (!is_subnet_of_other(s, drift_text(one, "to")))
			find_route(s, drift_text(one, "to"), "none", drift_text(one, "via"));
	}
}

/* The bridge has the first address of the node's subnet, and no other. */
static void compare_bridge(struct drift_scope *s, const json_t *bridge)
{
	const json_t *addresses = drift_at(bridge, "addresses"), *one;
	char subnet[NODE_SUBNET_MAX], wanted[64], *last;
	bool has = false;
	size_t i;

	node_subnet(s->node->row, subnet);
	last = strrchr(subnet, '.');
	snprintf(wanted, sizeof(wanted), "%.*s.1%s", (int)(last - subnet), subnet,
		 strchr(subnet, '/'));
	if (!json_is_object(bridge)) {
		drift_add(s, DRIFT_RULE_BRIDGE, "bridge", "present", "missing");
		return;
	}
	if (!json_is_true(drift_at(bridge, "up")))
		drift_add(s, DRIFT_RULE_BRIDGE, "bridge.state", "up", "down");
	json_array_foreach (addresses, i, one) {
		if (sp_str_eq(json_string_value(one), wanted))
			has = true;
		else
			drift_add(s, DRIFT_RULE_BRIDGE, "bridge.address.extra", "none",
				  json_string_value(one));
	}
	if (!has)
		drift_add(s, DRIFT_RULE_BRIDGE, "bridge.address", wanted, "missing");
}

void drift_node(struct drift_scope *s)
{
	const json_t *network = drift_at(s->seen, "network");
	const char *told = drift_text(network, "peers_digest");

	if (strcmp(told, s->node->peers_digest) != 0) {
		drift_add(s, DRIFT_RULE_PEERS, "peers", "the cluster's nodes", "others");
		return;
	}
	compare_bridge(s, drift_at(network, "bridge"));
	if (!json_is_true(drift_at(network, "forwarding")))
		drift_add(s, DRIFT_RULE_FORWARDING, "forwarding", "on", "off");
	compare_routes(s, drift_at(network, "routes"));
	compare_rules(s, network);
}
