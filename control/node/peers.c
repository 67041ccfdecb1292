/* Peers of a node; see peers.h. */
#include "control/node/peers.h"

#include <string.h>

#include "base/json.h"
#include "control/node/node.h"

static int add_peer(json_t *list, const struct store_node *n)
{
	char subnet[NODE_SUBNET_MAX];

	node_subnet(n, subnet);
	return json_array_append_new(list, json_pack("{s:s, s:s, s:s}", "name", n->name, "address",
						     n->address, "subnet", subnet));
}

int peers_for(struct store *s, const struct store_node *node, json_t **ret,
	      char ret_digest[SP_DIGEST_MAX], struct sp_err *err)
{
	autonodes struct store_nodes nodes = { 0 };
	autojson json_t *list = json_array(), *peers = NULL;
	autofree char *text = NULL;
	char subnet[NODE_SUBNET_MAX];
	int r = store_node_list(s, &nodes, err);

	if (r < 0)
		return r;
	for (size_t i = 0; i < nodes.n; i++)
		if (add_peer(list, &nodes.list[i]) < 0)
			return sp_fail_nomem(err);
	node_subnet(node, subnet);
	peers = json_pack("{s:s, s:O}", "subnet", subnet, "nodes", list);
	text = peers ? sp_json_canonical(peers) : NULL;
	if (!text)
		return sp_fail_nomem(err);
	r = sp_digest_of(text, strlen(text), ret_digest, err);
	if (r == 0)
		*ret = take_ptr(peers);
	return r;
}
