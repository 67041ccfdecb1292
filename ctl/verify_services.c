/* Checks of what the services publish, from where their users are. */
#include <stdio.h>
#include <string.h>

#include "base/digest.h"
#include "base/json.h"
#include "base/str.h"
#include "base/time.h"
#include "ctl/output.h"
#include "ctl/verify.h"
#include "ctl/verify_wire.h"

/* "demo/api on worker1", "192.168.56.11:8080/health" and the command that looks closer. */
struct place {
	char name[200], address[300], next[100];
};

static struct verify_subject subject_of(const char *check, const struct verify_endpoint *e,
					const char *path, struct place *p)
{
	snprintf(p->name, sizeof(p->name), "%s/%s on %s", e->stack, e->service, e->node->name);
	snprintf(p->address, sizeof(p->address), "%s:%u%s", e->address, e->port, path);
	snprintf(p->next, sizeof(p->next), e->ran ? "ctl drift detect %s" : "ctl events --stack %s",
		 e->stack);
	return (struct verify_subject){ .check = check,
					.name = p->name,
					.address = p->address,
					.stack = e->stack,
					.next = p->next };
}

void verify_ports(struct verify *v)
{
	struct verify_subject none = { .check = "service port", .name = "services" };

	if (v->silence.err.code)
		verify_report_add(&v->report, VERIFY_SKIP, 0, &none, "controld does not answer");
	else if (!v->n_endpoints)
		verify_report_add(&v->report, VERIFY_WARN, 0, &none, "no service publishes a port");
	for (size_t i = 0; i < v->n_endpoints; i++) {
		struct verify_endpoint *e = &v->endpoints[i];
		struct place p = { 0 };
		struct verify_subject s = subject_of("service port", e, "", &p);
		struct sp_err err = { 0 };
		int64_t took;

		e->open = verify_tcp(e->address, e->port, &took, &err) == 0;
		verify_report_add(&v->report, e->open ? VERIFY_PASS : VERIFY_FAIL, took, &s, "%s",
				  err.message);
	}
}

/* The path of the service's own http probe; NULL when it has none on the port that e publishes. */
static const char *probe_path(const struct verify_endpoint *e, const char *probe)
{
	const json_t *p = json_object_get(json_object_get(e->json, "probes"), probe), *port;
	const json_t *target;
	size_t i;

	if (strcmp(ctl_json_text(p, "type"), "http"))
		return NULL;
	json_array_foreach (json_object_get(e->json, "ports"), i, port) {
		target = json_object_get(port, "target");
		if (json_integer_value(json_object_get(port, "published")) == e->port &&
		    json_equal(target, json_object_get(p, "port")))
			return *ctl_json_text(p, "path") ? ctl_json_text(p, "path") : "/";
	}
	return NULL;
}

static bool is_closed(struct verify *v, const struct verify_endpoint *e,
		      const struct verify_subject *s)
{
	if (e->open)
		return false;
	verify_report_add(&v->report, VERIFY_SKIP, 0, s, "its port is closed");
	return true;
}

static void check_path(struct verify *v, const struct verify_endpoint *e, const char *path,
		       const struct verify_subject *s)
{
	struct sp_err err = { 0 };
	int64_t took;
	int status;

	if (is_closed(v, e, s))
		return;
	status = verify_http_call(e->address, e->port, "GET", path, NULL, NULL, &took, &err);
	if (status < 0)
		verify_report_add(&v->report, VERIFY_FAIL, took, s, "%s", err.message);
	else
		verify_report_add(&v->report,
				  status >= 200 && status < 400 ? VERIFY_PASS : VERIFY_FAIL, took,
				  s, "status %d", status);
}

void verify_http(struct verify *v, const char *probe, const char *check)
{
	for (size_t i = 0; i < v->n_endpoints; i++) {
		const struct verify_endpoint *e = &v->endpoints[i];
		const char *path = probe_path(e, probe);
		struct place p = { 0 };
		struct verify_subject s = subject_of(check, e, path ? path : "", &p);

		if (path)
			check_path(v, e, path, &s);
		else
			verify_report_add(&v->report, VERIFY_WARN, 0, &s,
					  "the stack declares no http %s probe on this port",
					  probe);
	}
}

/* Endpoint i is the first of its service. */
static bool is_first(const struct verify *v, size_t i)
{
	for (size_t k = 0; k < i; k++)
		if (v->endpoints[k].json == v->endpoints[i].json)
			return false;
	return true;
}

void verify_spread(struct verify *v)
{
	for (size_t i = 0; i < v->n_endpoints; i++) {
		const struct verify_endpoint *e = &v->endpoints[i];
		const json_t *nodes = json_object_get(e->json, "nodes");
		autobuf struct sp_buf list = SP_BUF_INIT;
		struct place p = { 0 };
		struct verify_subject s = subject_of("runs on nodes", e, "", &p);
		json_int_t replicas = json_integer_value(json_object_get(e->json, "replicas"));

		if (!is_first(v, i))
			continue;
		ctl_put_value(nodes, &list);
		s.address = list.data;
		snprintf(p.name, sizeof(p.name), "%s/%s", e->stack, e->service);
		if (json_array_size(nodes) > 1)
			verify_report_add(&v->report, VERIFY_PASS, 0, &s, "%s", "");
		else
			verify_report_add(&v->report, replicas > 1 ? VERIFY_FAIL : VERIFY_WARN, 0,
					  &s, "%lld replicas, all on one node",
					  (long long)replicas);
	}
}

/* The path of the items check: asked for, or declared by the stack. */
static const char *items_path(const struct verify *v, const struct verify_endpoint *e)
{
	const char *declared = ctl_json_text(e->json, "verify.items");

	if (*declared == '/')
		return declared;
	return probe_path(e, "readiness") ? v->items : NULL;
}

/* Another node's endpoint of the same published port; e itself when there is none. */
static const struct verify_endpoint *counterpart(const struct verify *v,
						 const struct verify_endpoint *e)
{
	for (size_t i = 0; i < v->n_endpoints; i++) {
		const struct verify_endpoint *other = &v->endpoints[i];

		if (other->json == e->json && other->port == e->port && other->node != e->node)
			return other;
	}
	return e;
}

static bool holds(const json_t *reply, const char *name)
{
	const json_t *list = json_is_array(reply) ? reply : json_object_get(reply, "items");
	json_t *item;
	size_t i;

	json_array_foreach (list, i, item)
		if (sp_str_eq(ctl_json_text(item, "name"), name))
			return true;
	return false;
}

static int read_items(const struct verify_endpoint *e, const char *path, json_t **ret,
		      int64_t *ret_took, struct sp_err *err)
{
	int status = verify_http_call(e->address, e->port, "GET", path, NULL, ret, ret_took, err);

	if (status < 0 || (status >= 200 && status < 300))
		return status;
	return sp_fail(err, SP_E_UNHEALTHY, "reading through %s: status %d", e->node->name, status);
}

/* Write through one, read through the other. */
static void check_items(struct verify *v, const struct verify_endpoint *from,
			const struct verify_endpoint *to, const char *path,
			const struct verify_subject *s)
{
	char random[17], name[40];
	autojson json_t *body = NULL, *reply = NULL;
	struct sp_err err = { 0 };
	int64_t wrote = 0, took = 0;
	int status = sp_random_hex(random, 8, &err);

	snprintf(name, sizeof(name), "ctl-verify-%s", status < 0 ? "" : random);
	body = json_pack("{s:s}", "name", name);
	if (status == 0)
		status = verify_http_call(from->address, from->port, "POST", path, body, NULL,
					  &wrote, &err);
	if (status >= 200 && status < 300)
		status = read_items(to, path, &reply, &took, &err);
	else if (status >= 0)
		sp_fail(&err, SP_E_UNHEALTHY, "writing through %s: status %d", from->node->name,
			status);
	if (err.code)
		verify_report_add(&v->report, VERIFY_FAIL, wrote + took, s, "%s", err.message);
	else if (!holds(reply, name))
		verify_report_add(&v->report, VERIFY_FAIL, wrote + took, s,
				  "'%s' was written through %s and is not seen through %s", name,
				  from->node->name, to->node->name);
	else
		verify_report_add(&v->report, from == to ? VERIFY_WARN : VERIFY_PASS, wrote + took,
				  s, "%s",
				  from == to ? "written and read through one node only" : "");
}

void verify_items(struct verify *v)
{
	size_t checked = 0;

	for (size_t i = 0; i < v->n_endpoints; i++) {
		const struct verify_endpoint *e = &v->endpoints[i], *other;
		const char *path = items_path(v, e);
		struct verify_subject s;
		struct place p = { 0 };

		if (!path || !is_first(v, i))
			continue;
		other = counterpart(v, e);
		s = subject_of("items", e, path, &p);
		snprintf(p.name, sizeof(p.name), "%s/%s %s to %s", e->stack, e->service,
			 e->node->name, other->node->name);
		if (!is_closed(v, e, &s) && !is_closed(v, other, &s))
			check_items(v, e, other, path, &s);
		checked++;
	}
	if (!checked && v->n_endpoints)
		verify_report_add(&v->report, VERIFY_WARN, 0,
				  &(struct verify_subject){ .check = "items", .name = "services" },
				  "no stack declares an item check, and --items was not given");
}
