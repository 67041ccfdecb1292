/* What there is to verify: the lab's topology, and what controld knows. */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/fd.h"
#include "base/json.h"
#include "base/str.h"
#include "base/time.h"
#include "ctl/output.h"
#include "ctl/url.h"
#include "ctl/verify.h"

#define TOPOLOGY_MAX (64 * 1024) /* bytes of a topology file */
#define AGENT_PORT   7701        /* where the node's URL names none */

void verify_fini(struct verify *v)
{
	verify_report_fini(&v->report);
	json_decref(v->nodes_json);
	json_decref(v->stacks_json);
	json_decref(v->workloads_json);
}

struct verify_node *verify_node_named(struct verify *v, const char *name)
{
	for (size_t i = 0; i < v->n_nodes; i++)
		if (!strcmp(v->nodes[i].name, name))
			return &v->nodes[i];
	return NULL;
}

static struct verify_node *add_node(struct verify *v, const char *name)
{
	struct verify_node *n = verify_node_named(v, name);

	if (n || v->n_nodes == VERIFY_NODES_MAX)
		return n;
	n = &v->nodes[v->n_nodes++];
	snprintf(n->name, sizeof(n->name), "%s", name);
	n->port = AGENT_PORT;
	return n;
}

/* One line of the topology: name, role, address, port. Workers run agents. */
static int take_line(struct verify *v, char *line, struct sp_err *err)
{
	char name[64], role[16], address[64];
	unsigned int port = AGENT_PORT;
	struct verify_node *n;
	int words;

	line[strcspn(line, "#")] = '\0';
	words = sscanf(line, "%63s %15s %63s %u", name, role, address, &port);
	if (words <= 0)
		return 0;
	if (words < 3 || port > UINT16_MAX)
		return sp_fail(err, SP_E_INVALID, "line '%s' is not name, role, address, port",
			       line);
	n = strcmp(role, "worker") ? NULL : add_node(v, name);
	if (!n)
		return 0;
	snprintf(n->expected, sizeof(n->expected), "%s", address);
	snprintf(n->address, sizeof(n->address), "%s", address);
	n->port = (uint16_t)port;
	return 0;
}

static int read_topology(struct verify *v, const char *path, struct sp_err *err)
{
	autobuf struct sp_buf text = SP_BUF_INIT;
	char *line, *rest;
	int r = sp_file_read_at(AT_FDCWD, path, TOPOLOGY_MAX, &text, err);

	for (rest = text.data; r == 0 && (line = strsep(&rest, "\n"));)
		r = take_line(v, line, err);
	return r < 0 ? sp_err_prefix(err, "topology '%s'", path) : 0;
}

static uint16_t port_of_url(const char *url)
{
	const char *colon = strrchr(url, ':');
	uint32_t port = AGENT_PORT;

	if (!colon || sp_parse_u32(colon + 1, &port, NULL) < 0 || port > UINT16_MAX)
		return AGENT_PORT;
	return (uint16_t)port;
}

static void take_nodes(struct verify *v)
{
	json_t *json;
	size_t i;

	json_array_foreach (json_object_get(v->nodes_json, "nodes"), i, json) {
		struct verify_node *n = add_node(v, ctl_json_text(json, "name"));

		if (!n)
			continue;
		n->json = json;
		snprintf(n->address, sizeof(n->address), "%s", ctl_json_text(json, "address"));
		n->port = port_of_url(ctl_json_text(json, "url"));
	}
}

static void add_endpoint(struct verify *v, const struct verify_endpoint *e, const json_t *port)
{
	const char *address = ctl_json_text(port, "address");
	bool any = !*address || !strcmp(address, "0.0.0.0") || !strcmp(address, "::");
	struct verify_endpoint *to;

	if (sp_str_eq(ctl_json_text(port, "protocol"), "udp") || !e->node ||
	    v->n_endpoints == VERIFY_ENDPOINTS_MAX)
		return;
	to = &v->endpoints[v->n_endpoints++];
	*to = *e;
	to->port = (uint16_t)json_integer_value(json_object_get(port, "published"));
	snprintf(to->address, sizeof(to->address), "%s", any ? e->node->address : address);
}

static void take_service(struct verify *v, const json_t *stack, const json_t *service)
{
	struct verify_endpoint e = { .stack = ctl_json_text(stack, "name"),
				     .ran = json_integer_value(json_object_get(stack, "revision")) >
					    0,
				     .service = ctl_json_text(service, "name"),
				     .json = service };
	json_t *node, *port;
	size_t i, j;

	json_array_foreach (json_object_get(service, "nodes"), i, node) {
		e.node = verify_node_named(v, json_string_value(node));
		json_array_foreach (json_object_get(service, "ports"), j, port)
			add_endpoint(v, &e, port);
	}
}

static void take_stacks(struct verify *v)
{
	json_t *stack, *service;
	size_t i, j;

	json_array_foreach (json_object_get(v->stacks_json, "stacks"), i, stack) {
		if (v->stack && strcmp(v->stack, ctl_json_text(stack, "name")))
			continue;
		json_array_foreach (json_object_get(stack, "services"), j, service)
			take_service(v, stack, service);
	}
}

/* A stack that was named has to be there, or nothing would be looked at and all would pass. */
static int check_stack(struct verify *v, struct wire_failure *fail)
{
	const json_t *list = json_object_get(v->stacks_json, "stacks");
	json_t *stack;
	size_t i;

	if (!v->stack || !list)
		return 0;
	json_array_foreach (list, i, stack)
		if (!strcmp(v->stack, ctl_json_text(stack, "name")))
			return 0;
	ctl_fail(fail, SP_E_NOT_FOUND, "there is no stack '%s'", v->stack);
	fail->err.stage = SP_STAGE_NONE;
	return ctl_fail_next(fail, "ctl stack ls");
}

int verify_facts(struct verify *v, struct wire_failure *fail)
{
	autobuf struct sp_buf url = SP_BUF_INIT;
	int r = ctl_enter(v->ctl, fail);

	if (r == 0 && v->ctl->context->topology)
		r = read_topology(v, v->ctl->context->topology, &fail->err);
	if (r < 0)
		return r;
	sp_buf_puts(&url, "/v1/workloads");
	ctl_url_query(&url, "stack", v->stack);
	r = ctl_get(v->ctl, "/v1/nodes", &v->nodes_json, &v->silence);
	if (r == 0)
		r = ctl_get(v->ctl, "/v1/stacks", &v->stacks_json, &v->silence);
	if (r == 0)
		r = ctl_get(v->ctl, url.data, &v->workloads_json, &v->silence);
	take_nodes(v);
	take_stacks(v);
	return check_stack(v, fail);
}

int verify_agent_get(struct verify *v, const struct verify_node *n, const char *path, json_t **ret,
		     int64_t *ret_ns, struct wire_failure *fail)
{
	autobuf struct sp_buf url = SP_BUF_INIT;
	int64_t began = sp_time_mono_ns();
	int r;

	sp_buf_puts(&url, "/v1/nodes/");
	ctl_url_put(&url, n->name);
	sp_buf_printf(&url, "/agent%s", path);
	r = ctl_get(v->ctl, url.data, ret, fail);
	*ret_ns = sp_time_mono_ns() - began;
	return r;
}
