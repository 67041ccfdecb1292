/* The node's own network: the bridge, routes to the other nodes, the rules. */
#include <string.h>

#include "agentd/observe.h"
#include "base/str.h"

static json_t *strings_json(char *const *list)
{
	json_t *array = json_array();

	for (; array && list && *list; list++)
		json_array_append_new(array, json_string(*list));
	return array;
}

static json_t *address_json(struct in_addr address, uint8_t length)
{
	char text[INET_ADDRSTRLEN];

	net_address_format(address, text);
	return json_sprintf("%s/%u", text, length);
}

static json_t *bridge_json(const struct net_node_facts *f)
{
	json_t *addresses = json_array();

	if (!f->bridge) {
		json_decref(addresses);
		return json_null();
	}
	for (size_t i = 0; addresses && i < f->n_addresses; i++)
		json_array_append_new(
			addresses, address_json(f->addresses[i].address, f->addresses[i].length));
	return json_pack("{s:s, s:b, s:o}", "name", f->bridge->name, "up", f->bridge->up,
			 "addresses", addresses);
}

static json_t *routes_json(const struct net_node_facts *f)
{
	json_t *list = json_array();

	for (size_t i = 0; list && i < f->n_routes; i++) {
		char to[NET_PREFIX_TEXT_MAX], via[INET_ADDRSTRLEN];

		net_prefix_format(&f->routes[i].to, to);
		net_address_format(f->routes[i].via, via);
		json_array_append_new(list, json_pack("{s:s, s:s}", "to", to, "via", via));
	}
	return list;
}

json_t *observe_node(const struct observe *o)
{
	const struct net_node_facts *f = &o->network;
	char subnet[NET_PREFIX_TEXT_MAX] = "";

	if (o->agent->peers.subnet.length)
		net_prefix_format(&o->agent->peers.subnet, subnet);
	return json_pack("{s:s, s:s, s:o, s:b, s:o, s:o, s:o}", "subnet", subnet, "peers_digest",
			 o->agent->peers.digest, "bridge", bridge_json(f), "forwarding",
			 f->forwarding, "routes", routes_json(f), "rules_missing",
			 strings_json(f->rules_missing), "rules_extra",
			 strings_json(f->rules_extra));
}
