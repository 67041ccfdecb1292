/* A workload's link: the end on the node, and what is inside. */
#include <stdlib.h>

#include "agentd/observe.h"
#include "base/mem.h"
#include "netcfg/inside.h"
#include "runtime/container.h"

json_t *observe_link(const struct observe *o, const struct workload *w)
{
	const struct net_link *link = net_node_facts_link(&o->network, w->spec->id);
	const struct net_link *bridge = o->network.bridge;

	if (!link)
		return json_null();
	return json_pack("{s:s, s:b, s:b}", "name", link->name, "up", link->up, "on_bridge",
			 bridge && link->master == bridge->index);
}

static json_t *inside_json(const struct net_inside *i)
{
	json_t *addresses = json_array();
	char text[INET_ADDRSTRLEN] = "";

	for (size_t k = 0; addresses && k < i->n_addresses; k++) {
		net_address_format(i->addresses[k].address, text);
		json_array_append_new(addresses,
				      json_sprintf("%s/%u", text, i->addresses[k].length));
	}
	text[0] = '\0';
	if (i->gateway.s_addr)
		net_address_format(i->gateway, text);
	return json_pack("{s:b, s:b, s:o, s:s}", "present", i->present, "up", i->up, "addresses",
			 addresses, "gateway", text);
}

json_t *observe_inside(const struct workload *w)
{
	struct net_inside inside;
	json_t *json;

	if (!w->container || net_inside_read(w->container->netns_fd, &inside, NULL) < 0)
		return json_null();
	json = inside_json(&inside);
	free(inside.addresses);
	return json;
}
