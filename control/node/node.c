/* What follows from a node's answer; see node.h. */
#include "control/node/node.h"

#include <stdio.h>
#include <string.h>

#include "base/json.h"
#include "base/log.h"
#include "base/str.h"
#include "base/time.h"
#include "control/control.h"
#include "control/node/peers.h"

#define EVENTS_AT_ONCE 500

struct poll {
	struct control *control;
	struct store *store;
	struct store_node node;
	struct agent *agent;
};

void node_subnet(const struct store_node *n, char ret[NODE_SUBNET_MAX])
{
	snprintf(ret, NODE_SUBNET_MAX, NODE_SUBNET_FORMAT, n->subnet);
}

json_t *node_view(const struct store_node *n)
{
	char subnet[NODE_SUBNET_MAX], url[160];
	json_t *labels = json_object_get(n->info, "labels");

	node_subnet(n, subnet);
	snprintf(url, sizeof(url), "https://%s:%u", n->address, n->port);
	return json_pack("{s:s, s:s, s:s, s:s, s:s, s:o, s:O?, s:o, s:s}", "name", n->name,
			 "address", n->address, "url", url, "subnet", subnet, "state",
			 store_node_state_name(n->state), "last_seen",
			 sp_json_stamp(n->last_seen_ns), "info", n->info, "labels",
			 labels ? json_incref(labels) : json_object(), "error", n->error);
}

/* The certificate says who answers; this says so in words. A changed name is a wrong node. */
static int check_identity(const struct poll *p, const json_t *info, struct sp_err *err)
{
	const char *name = json_string_value(json_object_get(info, "name"));

	if (sp_str_eq(name, p->node.name))
		return 0;
	return sp_fail(err, SP_E_CONFLICT, "the agent at %s says it is '%s'", p->node.address,
		       name ? name : "");
}

static int push_peers(const struct poll *p, const json_t *info, struct sp_err *err)
{
	const char *has = json_string_value(json_object_get(info, "peers_digest"));
	autojson json_t *peers = NULL;
	char digest[SP_DIGEST_MAX];
	int r = peers_for(p->store, &p->node, &peers, digest, err);

	if (r < 0 || sp_str_eq(has, digest))
		return r;
	return agent_put_peers(p->agent, peers, err);
}

/* All that is new; an agent that counts from lower again (its state was lost) is read anew. */
static int pull_events(const struct poll *p, const json_t *info, struct sp_err *err)
{
	int64_t last = json_integer_value(json_object_get(info, "last_event"));
	int64_t cursor = p->node.event_cursor > last ? 0 : p->node.event_cursor;
	int r = 0;

	while (r == 0 && cursor < last) {
		autojson json_t *reply = NULL;
		json_t *events;
		int64_t next;

		r = agent_events(p->agent, cursor, EVENTS_AT_ONCE, &reply, err);
		if (r < 0)
			return r;
		events = json_object_get(reply, "events");
		next = json_integer_value(json_object_get(reply, "next"));
		if (!json_array_size(events) || next <= cursor)
			break;
		r = store_node_take_events(p->store, p->node.name, events, next, err);
		cursor = next;
	}
	return r;
}

static int set_reached(const struct poll *p, const json_t *info, struct sp_err *err)
{
	if (p->node.state == STORE_NODE_READY)
		return store_node_seen(p->store, p->node.name, info, err);
	sp_log(SP_LOG_INFO, "node.ready", SP_STR("node", p->node.name));
	return store_node_set_state(p->store, p->node.name, STORE_NODE_READY, info, "answers", err);
}

/* One lost answer is not yet a lost node. */
static void set_missed(const struct poll *p, const struct sp_err *why)
{
	int64_t heard = p->node.last_seen_ns > p->node.joined_at_ns ? p->node.last_seen_ns
								    : p->node.joined_at_ns;
	struct sp_err err;

	if (sp_time_real_ns() - heard < p->control->config.node_timeout_ns)
		return;
	if (p->node.state == STORE_NODE_UNREACHABLE || why->code == SP_E_INTERRUPTED)
		return;
	sp_log(SP_LOG_WARN, "node.unreachable", SP_STR("node", p->node.name), SP_ERR(why));
	if (store_node_set_state(p->store, p->node.name, STORE_NODE_UNREACHABLE, NULL, why->message,
				 &err) < 0)
		sp_log(SP_LOG_ERROR, "poller.store", SP_ERR(&err));
}

static void ask(struct poll *p)
{
	autojson json_t *info = NULL;
	struct sp_err err;
	int r = agent_node(p->agent, &info, &err);

	if (r == 0)
		r = check_identity(p, info, &err);
	if (r < 0) {
		set_missed(p, &err);
		return;
	}
	r = push_peers(p, info, &err);
	if (r == 0)
		r = set_reached(p, info, &err);
	if (r == 0)
		r = pull_events(p, info, &err);
	if (r < 0)
		sp_log(SP_LOG_WARN, "poller.node", SP_STR("node", p->node.name), SP_ERR(&err));
}

void node_poll(struct control *c, const char *name, void (*hold)(void *owner, struct agent *a),
	       void *owner)
{
	struct poll p = { .control = c };
	struct agent_access access = c->access;
	struct sp_err err;
	int r = store_pool_take(c->stores, &p.store, &err);

	access.connect_timeout_ns = c->config.poll_interval_ns;
	if (r == 0)
		r = store_node_get(p.store, name, &p.node, &err);
	if (r == 0)
		r = agent_open(&access, &p.node, &p.agent, &err);
	if (r == 0) {
		hold(owner, p.agent);
		ask(&p);
		hold(owner, NULL);
	} else if (err.code != SP_E_NOT_FOUND) {
		sp_log(SP_LOG_ERROR, "poller.node", SP_STR("node", name), SP_ERR(&err));
	}
	agent_close(p.agent);
	store_node_fini(&p.node);
	store_pool_give(c->stores, p.store);
}
