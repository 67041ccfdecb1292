/* Checks of the nodes and of the control plane. */
#include <stdio.h>
#include <string.h>

#include "base/json.h"
#include "base/time.h"
#include "ctl/output.h"
#include "ctl/verify.h"
#include "ctl/verify_wire.h"

void verify_node_tcp(struct verify *v)
{
	struct verify_subject none = { .check = "node tcp", .name = "cluster" };

	if (!v->n_nodes)
		verify_report_add(&v->report, VERIFY_FAIL, 0, &none, "%s",
				  v->silence.err.code ? v->silence.err.message
						      : "there are no nodes");
	for (size_t i = 0; i < v->n_nodes; i++) {
		struct verify_node *n = &v->nodes[i];
		char address[80], next[100];
		struct verify_subject s = {
			.check = "node tcp", .name = n->name, .address = address, .next = next
		};
		struct sp_err err = { 0 };
		int64_t took;

		snprintf(address, sizeof(address), "%s:%u", n->address, n->port);
		snprintf(next, sizeof(next), "ctl node show %s", n->name);
		n->reachable = verify_tcp(n->address, n->port, &took, &err) == 0;
		verify_report_add(&v->report, n->reachable ? VERIFY_PASS : VERIFY_FAIL, took, &s,
				  "%s", err.message);
	}
}

/* SKIP with the cause, when the ground for asking an agent is missing. */
static bool cannot_ask(struct verify *v, const struct verify_node *n,
		       const struct verify_subject *s, bool ready_too)
{
	if (!n->reachable)
		verify_report_add(&v->report, VERIFY_SKIP, 0, s, "node '%s' is not reachable",
				  n->name);
	else if (v->silence.err.code)
		verify_report_add(&v->report, VERIFY_SKIP, 0, s, "controld does not answer");
	else if (ready_too && !n->ready)
		verify_report_add(&v->report, VERIFY_SKIP, 0, s, "agent of '%s' is not ready",
				  n->name);
	else
		return false;
	return true;
}

/* One GET of an agent that has to succeed. */
static bool ask(struct verify *v, const struct verify_node *n, const struct verify_subject *s,
		const char *path)
{
	struct wire_failure fail = { 0 };
	int64_t took;
	bool good = verify_agent_get(v, n, path, NULL, &took, &fail) == 0;

	verify_report_add(&v->report, good ? VERIFY_PASS : VERIFY_FAIL, took, s, "%s",
			  fail.err.message);
	return good;
}

void verify_agents(struct verify *v)
{
	for (size_t i = 0; i < v->n_nodes; i++) {
		struct verify_node *n = &v->nodes[i];
		char next[100];
		struct verify_subject live = { .check = "agent live",
					       .name = n->name,
					       .address = "/v1/health",
					       .next = next };
		struct verify_subject ready = { .check = "agent ready",
						.name = n->name,
						.address = "/v1/ready",
						.next = next };

		snprintf(next, sizeof(next), "ctl node show %s", n->name);
		if (!cannot_ask(v, n, &live, false))
			n->ready = ask(v, n, &live, "/v1/health");
		if (!cannot_ask(v, n, &ready, true))
			n->ready = ask(v, n, &ready, "/v1/ready");
	}
}

static void check_identity(struct verify *v, const struct verify_node *n,
			   const struct verify_subject *s)
{
	autojson json_t *info = NULL;
	struct wire_failure fail = { 0 };
	const char *name, *address;
	int64_t took;

	if (verify_agent_get(v, n, "/v1/node", &info, &took, &fail) < 0) {
		verify_report_add(&v->report, VERIFY_FAIL, took, s, "%s", fail.err.message);
		return;
	}
	name = ctl_json_text(info, "name");
	address = ctl_json_text(info, "address");
	if (strcmp(name, n->name))
		verify_report_add(&v->report, VERIFY_FAIL, took, s, "the agent says it is '%s'",
				  name);
	else if (!*n->expected)
		verify_report_add(&v->report, VERIFY_WARN, took, s,
				  "no topology says what its address should be");
	else if (strcmp(address, n->expected))
		verify_report_add(&v->report, VERIFY_FAIL, took, s,
				  "the agent's address is '%s', the topology says '%s'", address,
				  n->expected);
	else
		verify_report_add(&v->report, VERIFY_PASS, took, s, "%s", "");
}

void verify_identity(struct verify *v)
{
	for (size_t i = 0; i < v->n_nodes; i++) {
		const struct verify_node *n = &v->nodes[i];
		struct verify_subject s = { .check = "node identity",
					    .name = n->name,
					    .address = n->address };

		if (!cannot_ask(v, n, &s, true))
			check_identity(v, n, &s);
	}
}

static void check_reach(struct verify *v, const struct verify_node *from,
			const struct verify_node *to, const struct verify_subject *s)
{
	autojson json_t *reply = NULL;
	struct wire_failure fail = { 0 };
	char path[128];
	int64_t took;
	bool ok;

	snprintf(path, sizeof(path), "/v1/reach?host=%s&port=%u", to->name, to->port);
	if (verify_agent_get(v, from, path, &reply, &took, &fail) < 0) {
		verify_report_add(&v->report, VERIFY_FAIL, took, s, "%s", fail.err.message);
		return;
	}
	ok = json_is_true(json_object_get(reply, "ok"));
	if (json_object_get(reply, "elapsed_ns"))
		took = json_integer_value(json_object_get(reply, "elapsed_ns"));
	verify_report_add(&v->report, ok ? VERIFY_PASS : VERIFY_FAIL, took, s, "%s",
			  ok ? "" : ctl_json_text(reply, "message"));
}

void verify_names(struct verify *v)
{
	for (size_t i = 0; i < v->n_nodes; i++)
		for (size_t j = 0; j < v->n_nodes; j++) {
			const struct verify_node *from = &v->nodes[i], *to = &v->nodes[j];
			char way[160], address[80];
			struct verify_subject s = { .check = "node to node",
						    .name = way,
						    .address = address };

			if (i == j)
				continue;
			snprintf(way, sizeof(way), "%s to %s", from->name, to->name);
			snprintf(address, sizeof(address), "%s:%u", to->name, to->port);
			if (!cannot_ask(v, from, &s, true))
				check_reach(v, from, to, &s);
		}
}

void verify_store(struct verify *v)
{
	const struct ctl_context *c = v->ctl->context;
	struct verify_subject s = { .check = "store",
				    .name = "controld",
				    .address = c->url ? c->url : c->unix_path };
	struct wire_failure fail = { 0 };
	int64_t began = sp_time_mono_ns();
	bool good = ctl_get(v->ctl, "/v1/ready", NULL, &fail) == 0;

	verify_report_add(&v->report, good ? VERIFY_PASS : VERIFY_FAIL, sp_time_mono_ns() - began,
			  &s, "%s", fail.err.message);
}
