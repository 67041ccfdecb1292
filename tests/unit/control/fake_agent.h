/*
 * An agent for tests of controld: the API of docs/api.md over real TLS, with workloads that only
 * exist as rows. What was asked of it is kept in order ("PUT demo-db-1,DELETE demo-api-1,").
 *
 * How a workload behaves follows from its service's name and its command: a service "bad..." or a
 * command "fail" fails, "slow..." is never ready, "job..." exits with status 0, "flaky..." so at
 * every second start only; all others run and are ready.
 */
#pragma once

#include "tests/unit/control/fake_agent_node.h"
#include "tests/unit/control/fake_agent_workloads.h"

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
