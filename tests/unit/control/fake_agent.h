/*
 * An agent for tests of controld: the API of docs/api.md over real TLS, with workloads that only
 * exist as rows. What was asked of it is kept in order ("PUT demo-db-1,DELETE demo-api-1,").
 *
 * How a workload behaves follows from its service's name and its command: a service "bad..." or a
 * command "fail" fails, "slow..." is never ready, "job..." exits with status 0; all others run and
 * are ready.
 */
#pragma once

#include <criterion/criterion.h>
#include <inttypes.h>
#include <jansson.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/fd.h"
#include "base/httpd.h"
#include "base/json.h"
#include "base/str.h"
#include "control/node/ca.h"
#include "wire/workload.h"

#define FAKE_WORKLOADS_MAX 32

static const char *fake_bad_user; /* workloads with it fail, from now on */

struct fake_agent {
	const char *name;
	struct sp_httpd *httpd;
	pthread_mutex_t lock;
	json_t *specs[FAKE_WORKLOADS_MAX];
	size_t n_specs;
	struct sp_buf calls, starts; /* starts: "demo-db-1," for each PUT that changed a spec */
	int64_t token;               /* the highest seen */
	int refusals;                /* of so many PUT: "agentd is stopping" */
	atomic_bool slow_deletes;    /* a DELETE is answered when this is over */
	bool stopped;                /* GET /v1/workloads shows all as stopped, until a restart */
	char peers_digest[SP_DIGEST_MAX];
	json_t *peers;                  /* as it was told them */
	atomic_bool extra;              /* a cgroup that no workload owns: demo-old-1 */
	json_t *events;                 /* of GET /v1/events */
	json_t *questions, *answers;    /* of its tasks, about the state */
	char task_image[SP_DIGEST_MAX]; /* manifest of the last task */
	char cert[160], key[160], ca[160];
};

static void fake_note(struct fake_agent *f, const char *verb, const char *what)
{
	sp_buf_printf(&f->calls, "%s %s,", verb, what);
}

static size_t fake_find(const struct fake_agent *f, const char *id)
{
	for (size_t i = 0; i < f->n_specs; i++)
		if (sp_str_eq(json_string_value(json_object_get(f->specs[i], "id")), id))
			return i;
	return f->n_specs;
}

static json_t *fake_status(const json_t *spec)
{
	const char *service = json_string_value(json_object_get(spec, "service"));
	const char *command =
		json_string_value(json_array_get(json_object_get(spec, "command"), 0));
	const char *user = json_string_value(json_object_get(spec, "user"));
	bool bad = sp_str_starts(service, "bad") || sp_str_eq(command, "fail") ||
		   (user && sp_str_eq(user, fake_bad_user));
	bool slow = sp_str_starts(service, "slow"), job = sp_str_starts(service, "job");
	int code = bad ? 3 : 0;

	return json_pack(
		"{s:O, s:O, s:O, s:O, s:s, s:s, s:b, s:b, s:i, s:i, s:i, s:{s:i, s:i, s:b}}", "id",
		json_object_get(spec, "id"), "stack", json_object_get(spec, "stack"), "service",
		json_object_get(spec, "service"), "replica", json_object_get(spec, "replica"),
		"state",
		bad   ? "failed"
		: job ? "exited"
		      : "running",
		"reason", bad ? "exited with status 3" : "", "ready", !bad && !slow && !job, "live",
		1, "pid", 7, "incarnation", 1, "restarts", 0, "last_exit", "code", code, "signal",
		0, "oom", 0);
}

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

/* A real agent starts a workload anew when its spec has changed in more than its hosts. */
static bool fake_differs(const json_t *old, const json_t *new)
{
	autojson json_t *a = json_copy((json_t *)old), *b = json_copy((json_t *)new);

	json_object_del(a, "hosts");
	json_object_del(b, "hosts");
	return !json_equal(a, b);
}

static void fake_put(struct sp_httpd_req *req, void *owner)
{
	struct fake_agent *f = owner;
	const char *id = sp_httpd_param(req, "id"), *token = sp_httpd_query(req, "token");
	json_t *spec = NULL;
	size_t at;

	if (f->refusals > 0) {
		f->refusals--;
		sp_httpd_reply_json(req, 503,
				    json_pack("{s:{s:s, s:s}}", "error", "code", "interrupted",
					      "message", "agentd is stopping"));
		return;
	}
	sp_httpd_body_json(req, &spec, NULL);
	pthread_mutex_lock(&f->lock);
	at = fake_find(f, id);
	if (at == f->n_specs || fake_differs(f->specs[at], spec))
		sp_buf_printf(&f->starts, "%s,", id);
	if (at == f->n_specs)
		f->n_specs++;
	else
		json_decref(f->specs[at]);
	f->specs[at] = spec;
	f->token = (int64_t)strtoll(token, NULL, 10);
	if (json_is_true(json_object_get(spec, "state_socket")))
		snprintf(f->task_image, sizeof(f->task_image), "%s",
			 json_string_value(json_object_get(spec, "image_digest")));
	fake_note(f, "PUT", id);
	pthread_mutex_unlock(&f->lock);
	sp_httpd_reply_json(req, 200, fake_status(spec));
}

static void fake_get(struct sp_httpd_req *req, void *owner)
{
	struct fake_agent *f = owner;
	json_t *status = NULL;
	size_t at;

	pthread_mutex_lock(&f->lock);
	at = fake_find(f, sp_httpd_param(req, "id"));
	if (at < f->n_specs)
		status = fake_status(f->specs[at]);
	pthread_mutex_unlock(&f->lock);
	sp_httpd_reply_json(req, status ? 200 : 404, status ? status : json_object());
}

/* A task asks f->questions, one after the other, and what is answered is kept. */
static void fake_state(struct sp_httpd_req *req, void *owner)
{
	struct fake_agent *f = owner;
	autojson json_t *body = NULL, *question = NULL;
	json_t *status = NULL;
	size_t at;

	sp_httpd_body_json(req, &body, NULL);
	pthread_mutex_lock(&f->lock);
	if (json_is_object(json_object_get(body, "answer")))
		json_array_append(f->answers, json_object_get(body, "answer"));
	question = json_incref(json_array_get(f->questions, 0));
	json_array_remove(f->questions, 0);
	at = fake_find(f, sp_httpd_param(req, "id"));
	if (at < f->n_specs)
		status = fake_status(f->specs[at]);
	if (question)
		json_object_set_new(status, "state", json_string("running"));
	pthread_mutex_unlock(&f->lock);
	sp_httpd_reply_json(req, status ? 200 : 404,
			    json_pack("{s:O?, s:o?}", "question", question, "status", status));
}

static void fake_list(struct sp_httpd_req *req, void *owner)
{
	struct fake_agent *f = owner;
	json_t *list = json_array();

	pthread_mutex_lock(&f->lock);
	for (size_t i = 0; i < f->n_specs; i++)
		json_array_append_new(list, fake_status(f->specs[i]));
	for (size_t i = 0; f->stopped && i < json_array_size(list); i++)
		json_object_set_new(json_array_get(list, i), "state", json_string("stopped"));
	pthread_mutex_unlock(&f->lock);
	sp_httpd_reply_json(req, 200, json_pack("{s:o}", "workloads", list));
}

static void fake_delete(struct sp_httpd_req *req, void *owner)
{
	struct fake_agent *f = owner;
	const char *id = sp_httpd_param(req, "id");
	size_t at;

	while (atomic_load(&f->slow_deletes))
		nanosleep(&(struct timespec){ .tv_nsec = 1000000 }, NULL);
	pthread_mutex_lock(&f->lock);
	at = fake_find(f, id);
	if (at < f->n_specs) {
		json_decref(f->specs[at]);
		f->specs[at] = f->specs[--f->n_specs];
	}
	fake_note(f, "DELETE", id);
	pthread_mutex_unlock(&f->lock);
	sp_httpd_reply_json(req, 200, json_object());
}

static void fake_restart(struct sp_httpd_req *req, void *owner)
{
	struct fake_agent *f = owner;

	pthread_mutex_lock(&f->lock);
	fake_note(f, "RESTART", sp_httpd_param(req, "id"));
	f->stopped = false;
	pthread_mutex_unlock(&f->lock);
	sp_httpd_reply_json(req, 200, json_object());
}

static void fake_start(struct sp_httpd_req *req, void *owner)
{
	struct fake_agent *f = owner;

	pthread_mutex_lock(&f->lock);
	fake_note(f, "START", sp_httpd_param(req, "id"));
	f->stopped = false;
	pthread_mutex_unlock(&f->lock);
	sp_httpd_reply_json(req, 200, json_object());
}

static void fake_volumes(struct sp_httpd_req *req, void *owner)
{
	struct fake_agent *f = owner;

	pthread_mutex_lock(&f->lock);
	fake_note(f, "VOLUMES", sp_httpd_param(req, "stack"));
	pthread_mutex_unlock(&f->lock);
	sp_httpd_reply_json(req, 200, json_object());
}

static void fake_logs(struct sp_httpd_req *req, void *owner)
{
	(void)owner;
	sp_httpd_reply_text(req, 200, "text/plain", "t stderr F cannot open the database\n");
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

static const struct sp_httpd_route fake_routes[] = {
	{ "GET", "/v1/node", fake_node, NULL, 0, 0 },
	{ "PUT", "/v1/peers", fake_peers, NULL, 0, 0 },
	{ "GET", "/v1/events", fake_events, NULL, 0, 0 },
	{ "GET", "/v1/workloads", fake_list, NULL, 0, 0 },
	{ "PUT", "/v1/workloads/{id}", fake_put, NULL, 0, 0 },
	{ "GET", "/v1/workloads/{id}", fake_get, NULL, 0, 0 },
	{ "DELETE", "/v1/workloads/{id}", fake_delete, NULL, 0, 0 },
	{ "POST", "/v1/workloads/{id}/restart", fake_restart, NULL, 0, 0 },
	{ "POST", "/v1/workloads/{id}/start", fake_start, NULL, 0, 0 },
	{ "GET", "/v1/observed", fake_observed, NULL, 0, 0 },
	{ "DELETE", "/v1/extra/{kind}/{name}", fake_remove_extra, NULL, 0, 0 },
	{ "POST", "/v1/workloads/{id}/state", fake_state, NULL, 0, 0 },
	{ "GET", "/v1/workloads/{id}/logs", fake_logs, NULL, 0, 0 },
	{ "DELETE", "/v1/stacks/{stack}/volumes", fake_volumes, NULL, 0, 0 },
	{ "GET", "/v1/images", fake_images, NULL, 0, 0 },
	{ "HEAD", "/v1/blobs/{digest}", fake_has_blob, NULL, 0, 0 },
	{ "PUT", "/v1/blobs/{digest}", fake_put_blob, NULL, 0, 0 },
	{ "PUT", "/v1/images/{reference...}", fake_put_image, NULL, 0, 0 },
	{ 0 },
};

/* Only controld may call, as with a real agent. */
static bool fake_authorize(const struct sp_http_peer *peer, const struct sp_httpd_route *route,
			   void *owner)
{
	(void)route;
	(void)owner;
	return !strcmp(peer->role, "control");
}

static void fake_agent_start(struct fake_agent *f, const char *name, const struct ca *ca,
			     const char *dir)
{
	const char *names[] = { name, "127.0.0.1" };
	struct ca_subject who = {
		.name = name, .role = "node", .names = names, .n_names = 2, .server = true
	};
	struct sp_httpd_conf conf = { .tls_address = "127.0.0.1:0",
				      .cert_file = f->cert,
				      .key_file = f->key,
				      .ca_file = f->ca,
				      .routes = fake_routes,
				      .authorize = fake_authorize,
				      .owner = f };
	char sub[128];
	struct sp_err err = { 0 };

	*f = (struct fake_agent){ .name = name,
				  .events = json_array(),
				  .questions = json_array(),
				  .answers = json_array() };
	pthread_mutex_init(&f->lock, NULL);
	snprintf(sub, sizeof(sub), "%s/%s", dir, name);
	snprintf(f->cert, sizeof(f->cert), "%s/%s.crt", sub, name);
	snprintf(f->key, sizeof(f->key), "%s/%s.key", sub, name);
	snprintf(f->ca, sizeof(f->ca), "%s/ca.crt", sub);
	cr_assert_eq(ca_export(ca, sub, name, &who, &err), 0, "%s", err.message);
	cr_assert_eq(sp_httpd_new(&conf, &f->httpd, &err), 0, "%s", err.message);
}

/* It knows of no workload any more. */
static void fake_agent_forget(struct fake_agent *f)
{
	pthread_mutex_lock(&f->lock);
	while (f->n_specs)
		json_decref(f->specs[--f->n_specs]);
	pthread_mutex_unlock(&f->lock);
}

static void fake_agent_stop(struct fake_agent *f)
{
	sp_httpd_free(f->httpd);
	fake_agent_forget(f);
	json_decref(f->events);
	json_decref(f->peers);
	json_decref(f->questions);
	json_decref(f->answers);
	sp_buf_fini(&f->calls);
	sp_buf_fini(&f->starts);
}

/* What was asked since the last time, on the heap; it is forgotten. */
static char *fake_agent_calls(struct fake_agent *f)
{
	char *calls;

	pthread_mutex_lock(&f->lock);
	calls = sp_buf_take(&f->calls);
	f->calls = (struct sp_buf){ 0 };
	pthread_mutex_unlock(&f->lock);
	return calls;
}

/* A member of the spec it has of that workload, borrowed; NULL. */
static inline json_t *fake_agent_member(struct fake_agent *f, const char *id, const char *member)
{
	size_t at;
	json_t *spec = NULL;

	pthread_mutex_lock(&f->lock);
	at = fake_find(f, id);
	if (at < f->n_specs)
		spec = json_object_get(f->specs[at], member);
	pthread_mutex_unlock(&f->lock);
	return spec;
}
