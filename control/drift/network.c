/* A workload's own network: the pair of links, and what is inside. Told from outside in; the first
 * thing that is wrong explains the rest. */
#include <stdio.h>
#include <string.h>

#include "base/str.h"
#include "control/drift/impl.h"
#include "control/node/node.h"

/* false: a finding says already why nothing inside works. */
static bool compare_outside(struct drift_scope *s)
{
	const json_t *link = drift_at(s->seen, "link");

	if (!json_is_object(link))
		drift_add(s, DRIFT_RULE_LINK, "link", "on the node", "missing");
	else if (!json_is_true(drift_at(link, "on_bridge")))
		drift_add(s, DRIFT_RULE_LINK, "link.bridge", "on the bridge", "detached");
	else if (!json_is_true(drift_at(link, "up")))
		drift_add(s, DRIFT_RULE_LINK, "link.state", "up", "down");
	return json_is_object(link);
}

static bool compare_inside(struct drift_scope *s)
{
	const json_t *inside = drift_at(s->seen, "inside");

	if (!json_is_true(drift_at(inside, "present")))
		drift_add(s, DRIFT_RULE_LINK, "eth0", "in the container", "missing");
	else if (!json_is_true(drift_at(inside, "up")))
		drift_add(s, DRIFT_RULE_LINK, "eth0.state", "up", "down");
	else
		return true;
	return false;
}

/* "10.90.1.2/24" of the node's subnet "10.90.1.0/24". */
static void wanted_address(const struct drift_scope *s, char *ret, size_t room)
{
	char subnet[NODE_SUBNET_MAX];

	node_subnet(s->node->row, subnet);
	snprintf(ret, room, "%s%s", s->spec->address, strchr(subnet, '/'));
}

/* false: without its address it has no route either. */
static bool compare_addresses(struct drift_scope *s)
{
	const json_t *list = drift_at(s->seen, "inside.addresses"), *one;
	char wanted[64];
	bool has = false;
	size_t i;

	wanted_address(s, wanted, sizeof(wanted));
	json_array_foreach (list, i, one) {
		if (sp_str_eq(json_string_value(one), wanted))
			has = true;
		else
			drift_add(s, DRIFT_RULE_ADDRESS, "address.extra", "none",
				  json_string_value(one));
	}
	if (!has)
		drift_add(s, DRIFT_RULE_ADDRESS, "address", wanted, "missing");
	return has;
}

/* The first address of the subnet is the bridge's. */
static void compare_gateway(struct drift_scope *s)
{
	const char *is = drift_text(s->seen, "inside.gateway");
	char wanted[NODE_SUBNET_MAX], *last;

	node_subnet(s->node->row, wanted);
	last = strrchr(wanted, '.');
	snprintf(last, sizeof(wanted) - (size_t)(last - wanted), ".1");
	drift_expect(s, DRIFT_RULE_GATEWAY, "gateway", wanted, *is ? is : "none");
}

void drift_link(struct drift_scope *s)
{
	if (s->spec->network_none)
		return;
	if (compare_outside(s) && compare_inside(s) && compare_addresses(s))
		compare_gateway(s);
}
