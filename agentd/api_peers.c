/* PUT /v1/peers: the cluster as the control plane knows it. Applied first, then kept: one that
 * clashes is refused and the former stays. */
#include <stdlib.h>

#include "agentd/api.h"
#include "agentd/hosts.h"
#include "agentd/network.h"
#include "agentd/reply.h"
#include "agentd/workload.h"
#include "base/json.h"
#include "base/log.h"

struct taking {
	struct rules_wait wait;
	struct agent *agent;
	struct sp_httpd_req *req;
	json_t *json;
	struct peers before;
};

/* Every container's /etc/hosts names the nodes. */
static void rewrite_hosts(struct agent *a)
{
	struct workload *w;

	SP_LIST_EACH (&a->workloads, w, link) {
		struct sp_err err = { 0 };

		if (workload_has_container(w) && hosts_write(w, &err) < 0)
			sp_log(SP_LOG_ERROR, "workload.hosts", SP_STR("id", w->spec->id),
			       SP_ERR(&err));
	}
}

static void taking_free(struct taking *t)
{
	t->agent->taking_peers = false;
	json_decref(t->json);
	free(t);
}

static void take_back(struct taking *t, const struct sp_err *why)
{
	struct agent *a = t->agent;

	peers_fini(&a->peers);
	a->peers = t->before;
	rewrite_hosts(a); /* of those that came meanwhile */
	reply_err(a, t->req, NULL, why);
	if (!a->stopping && network_apply(a, NULL, NULL) < 0)
		sp_log(SP_LOG_ERROR, "network.restore");
	taking_free(t);
}

static void keep(struct taking *t)
{
	struct agent *a = t->agent;

	peers_fini(&t->before);
	rewrite_hosts(a);
	reply_json(t->req, 200, json_pack("{s:s}", "peers_digest", a->peers.digest));
	taking_free(t);
}

static void on_rules(struct rules_wait *wait, int r, const struct sp_err *err)
{
	struct taking *t = wait->owner;
	struct sp_err why = { 0 };

	if (r < 0)
		why = *err;
	else
		r = peers_store(t->agent->dirs.state, t->json, &why);
	if (r < 0)
		take_back(t, &why);
	else
		keep(t);
}

static struct taking *taking_new(struct agent *a, struct sp_httpd_req *req, json_t *json)
{
	struct taking *t = calloc(1, sizeof(*t));

	if (!t)
		return NULL;
	t->agent = a;
	t->req = req;
	t->json = json_incref(json);
	t->before = a->peers;
	a->taking_peers = true;
	rules_wait_init(&t->wait, on_rules, t);
	return t;
}

static int take(struct agent *a, struct sp_httpd_req *req, json_t *json, struct sp_err *err)
{
	struct peers next;
	struct taking *t;
	int r = peers_decode(json, &next, err);

	if (r < 0)
		return r;
	t = taking_new(a, req, json);
	if (!t) {
		peers_fini(&next);
		return sp_fail_nomem(err);
	}
	a->peers = next;
	sp_httpd_defer(req);
	r = network_apply(a, &t->wait, err);
	if (r != RULES_UNDER_WAY)
		on_rules(&t->wait, r, err);
	return 0;
}

void api_peers(struct sp_httpd_req *req, void *owner)
{
	struct agent *a = owner;
	autojson json_t *json = NULL;
	struct sp_err err = { 0 };
	int r = sp_httpd_body_json(req, &json, &err);

	if (r == 0 && a->taking_peers)
		r = sp_fail(&err, SP_E_UNHEALTHY, "the peers of another request are being applied");
	if (r == 0)
		r = take(a, req, json, &err);
	if (r < 0)
		reply_err(a, req, NULL, &err);
}
