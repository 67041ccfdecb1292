/* The node of a pretend agent: what it is, its images, and what is seen on it; see fake_agent.h. */
#pragma once

#include "tests/unit/control/fake_agent_state.h"

static void fake_node(struct sp_httpd_req *req, void *owner)
{
	struct fake_agent *f = owner;
	json_t *node;

	pthread_mutex_lock(&f->lock);
	node = json_pack("{s:s, s:s, s:i, s:I, s:s, s:[], s:I, s:s, s:{s:s}}", "name", f->name,
			 "address", "127.0.0.1", "cpus", 4, "memory_bytes", (json_int_t)1 << 32,
			 "limits", "strict", "missing_controllers", "last_event",
			 (json_int_t)json_array_size(f->events), "peers_digest", f->peers_digest,
			 "labels", "disk", "ssd");
	pthread_mutex_unlock(&f->lock);
	sp_httpd_reply_json(req, 200, node);
}

static void fake_peers(struct sp_httpd_req *req, void *owner)
{
	struct fake_agent *f = owner;
	autojson json_t *body = NULL;
	autofree char *text = NULL;

	sp_httpd_body_json(req, &body, NULL);
	text = sp_json_canonical(body);
	pthread_mutex_lock(&f->lock);
	sp_digest_of(text, strlen(text), f->peers_digest, NULL);
	json_decref(f->peers);
	f->peers = json_incref(body);
	fake_note(f, "PEERS", json_string_value(json_object_get(body, "subnet")));
	pthread_mutex_unlock(&f->lock);
	sp_httpd_reply_json(req, 200, json_object());
}

static void fake_events(struct sp_httpd_req *req, void *owner)
{
	struct fake_agent *f = owner;
	const char *after = sp_httpd_query(req, "after");
	json_t *list = json_array();
	json_int_t next;

	pthread_mutex_lock(&f->lock);
	next = (json_int_t)json_array_size(f->events);
	for (size_t i = (size_t)strtoul(after, NULL, 10); i < (size_t)next; i++)
		json_array_append(list, json_array_get(f->events, i));
	pthread_mutex_unlock(&f->lock);
	sp_httpd_reply_json(req, 200, json_pack("{s:o, s:I}", "events", list, "next", next));
}

static void fake_images(struct sp_httpd_req *req, void *owner)
{
	(void)owner;
	sp_httpd_reply_json(req, 200, json_pack("{s:[]}", "images"));
}

static void fake_has_blob(struct sp_httpd_req *req, void *owner)
{
	(void)owner;
	sp_httpd_reply_json(req, 404, json_object());
}

static void fake_put_blob(struct sp_httpd_req *req, void *owner)
{
	struct fake_agent *f = owner;

	pthread_mutex_lock(&f->lock);
	fake_note(f, "BLOB", "");
	pthread_mutex_unlock(&f->lock);
	sp_httpd_reply_json(req, 201, json_object());
}

static void fake_put_image(struct sp_httpd_req *req, void *owner)
{
	struct fake_agent *f = owner;

	pthread_mutex_lock(&f->lock);
	fake_note(f, "IMAGE", sp_httpd_param(req, "reference"));
	pthread_mutex_unlock(&f->lock);
	sp_httpd_reply_json(req, 200, json_object());
}

/* A workload as the drift comparison reads it: by its spec, and whether it was stopped. */
static json_t *fake_seen(const struct fake_agent *f, json_t *spec)
{
	struct wire_workload *w = NULL;
	char digest[SP_DIGEST_MAX] = "";

	if (wire_workload_decode(spec, &w, NULL) == 0)
		wire_workload_digest(w, digest, NULL);
	wire_workload_free(w);
	return json_pack("{s:O, s:O, s:s, s:b, s:O, s:s, s:b}", "id", json_object_get(spec, "id"),
			 "stack", json_object_get(spec, "stack"), "state", "running", "held",
			 f->stopped, "image_digest", json_object_get(spec, "image_digest"),
			 "spec_digest", digest, "made_of_spec", 0);
}

/* The node's own network, exactly as it was told to be. */
static json_t *fake_network(const struct fake_agent *f)
{
	const char *subnet = json_string_value(json_object_get(f->peers, "subnet"));
	json_t *routes = json_array(), *node;
	char address[64];
	size_t i;

	json_array_foreach (json_object_get(f->peers, "nodes"), i, node) {
		if (!json_equal(json_object_get(node, "subnet"),
				json_object_get(f->peers, "subnet")))
			json_array_append_new(routes,
					      json_pack("{s:O, s:O}", "to",
							json_object_get(node, "subnet"), "via",
							json_object_get(node, "address")));
	}
	snprintf(address, sizeof(address), "%.*s.1%s",
		 subnet ? (int)(strrchr(subnet, '.') - subnet) : 0, subnet ? subnet : "",
		 subnet ? strchr(subnet, '/') : "");
	return json_pack("{s:s, s:{s:b, s:[s]}, s:b, s:o, s:[], s:[]}", "peers_digest",
			 f->peers_digest, "bridge", "up", 1, "addresses", address, "forwarding", 1,
			 "routes", routes, "rules_missing", "rules_extra");
}

static void fake_observed(struct sp_httpd_req *req, void *owner)
{
	struct fake_agent *f = owner;
	json_t *list = json_array(), *extra = json_array(), *network;

	pthread_mutex_lock(&f->lock);
	for (size_t i = 0; i < f->n_specs; i++)
		json_array_append_new(list, fake_seen(f, f->specs[i]));
	network = fake_network(f);
	pthread_mutex_unlock(&f->lock);
	if (f->extra)
		json_array_append_new(
			extra, json_pack("{s:s, s:s}", "kind", "cgroup", "name", "demo-old-1"));
	sp_httpd_reply_json(req, 200,
			    json_pack("{s:s, s:o, s:o, s:o}", "node", f->name, "network", network,
				      "workloads", list, "extra", extra));
}

static void fake_remove_extra(struct sp_httpd_req *req, void *owner)
{
	struct fake_agent *f = owner;

	pthread_mutex_lock(&f->lock);
	fake_note(f, "EXTRA", sp_httpd_param(req, "name"));
	pthread_mutex_unlock(&f->lock);
	f->extra = false;
	sp_httpd_reply_json(req, 200, json_object());
}
