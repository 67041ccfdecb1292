/* How a node joins; see node.h. */
#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/json.h"
#include "base/log.h"
#include "base/str.h"
#include "control/control.h"
#include "control/node/node.h"
#include "control/node/poller.h"
#include "control/node/token.h"

struct join {
	struct control *control;
	const struct node_join_request *q;
	struct store_node node;
	char *cert;
};

static int check(const struct node_join_request *q, struct sp_err *err)
{
	unsigned char ip[16];

	if (!sp_id_valid(q->name))
		return sp_fail(err, SP_E_INVALID, "'%.80s' is not a node name", q->name);
	if (inet_pton(AF_INET, q->address, ip) != 1 && inet_pton(AF_INET6, q->address, ip) != 1)
		return sp_fail(err, SP_E_INVALID, "'%.80s' is not an IP address", q->address);
	return 0;
}

static int sign(struct join *j, struct sp_err *err)
{
	const char *names[] = { j->q->name, j->q->address };
	struct ca_subject who = { .name = j->q->name,
				  .role = "node",
				  .names = names,
				  .n_names = 2,
				  .server = true,
				  .client = true };

	return ca_sign(j->control->ca, j->q->csr, &who, &j->cert, j->node.key_id, err);
}

/* The token first: whoever has none learns nothing from the other checks. */
static int join(struct store *s, void *state, struct sp_err *err)
{
	struct join *j = state;
	int r = token_use(s, ca_fingerprint(j->control->ca), j->q->token, j->q->name, err);

	if (r == 0 && !j->cert)
		r = sign(j, err);
	if (r == 0)
		r = store_node_join(s, &j->node, err);
	return r;
}

int node_join(struct control *c, struct store *s, const struct node_join_request *q, json_t **ret,
	      struct sp_err *err)
{
	struct join j = { .control = c, .q = q };
	char subnet[NODE_SUBNET_MAX];
	int r = check(q, err);

	if (r < 0)
		return r;
	snprintf(j.node.name, sizeof(j.node.name), "%s", q->name);
	snprintf(j.node.address, sizeof(j.node.address), "%s", q->address);
	j.node.port = q->port;
	r = store_transact(s, join, &j, err);
	if (r == 0) {
		node_subnet(&j.node, subnet);
		*ret = json_pack("{s:s, s:s, s:s, s:s}", "name", j.node.name, "certificate", j.cert,
				 "ca", ca_pem(c->ca), "subnet", subnet);
		sp_log(SP_LOG_INFO, "node.joined", SP_STR("node", j.node.name),
		       SP_STR("address", j.node.address));
		poller_kick(c->poller);
		r = *ret ? 0 : sp_fail_nomem(err);
	}
	free(j.cert);
	return r;
}
