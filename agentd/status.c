/* See status.h. */
#include "agentd/status.h"

#include <string.h>

#include "agentd/health.h"
#include "agentd/network.h"
#include "base/err.h"
#include "base/json.h"
#include "base/mem.h"
#include "base/time.h"
#include "runtime/container.h"

static json_t *exit_json(const struct workload_exit *x)
{
	if (!x->present)
		return json_null();
	return json_pack("{s:i, s:i, s:b, s:s, s:o}", "code", x->code, "signal", x->signal, "oom",
			 x->oom, "reason", x->reason, "at", sp_json_stamp(x->at_ns));
}

static json_t *ports_json(const struct wire_workload *spec)
{
	json_t *list = json_array();

	for (size_t i = 0; list && i < spec->n_ports; i++) {
		char text[NET_PORT_TEXT_MAX];
		struct wire_port *p = &spec->ports[i];
		struct net_port port = { .host_port = p->host_port, .udp = p->udp };

		if (p->host_address)
			net_address_parse(p->host_address, &port.host_address, NULL);
		net_port_format(&port, text);
		json_array_append_new(list, json_string(text));
	}
	return list;
}

static json_t *probe_json(const struct workload *w)
{
	json_t *probe = health_last(w);

	return probe ? probe : json_null();
}

json_t *status_brief_json(const struct workload *w)
{
	return json_pack("{s:s, s:s, s:b}", "id", w->spec->id, "stack", w->spec->stack, "ready",
			 w->ready);
}

json_t *status_json(const struct workload *w)
{
	const struct wire_workload *s = w->spec;

	return json_pack(
		"{s:s, s:s, s:s, s:I, s:s, s:s, s:s, s:o, s:b, s:b, s:i, s:I, s:I, s:s?, s:s, s:s,"
		" s:s, s:o, s:o, s:o, s:o, s:o, s:s}",
		"id", s->id, "stack", s->stack, "service", s->service, "replica",
		(json_int_t)s->replica, "state", workload_state_name(w->state), "reason", w->reason,
		"reason_code", w->reason_code ? sp_err_code_name(w->reason_code) : "", "since",
		sp_json_stamp(w->since_ns), "ready", w->ready, "live", w->live, "pid",
		w->container ? (int)w->container->pid : 0, "incarnation",
		(json_int_t)w->incarnation, "restarts", (json_int_t)w->restarts, "address",
		s->address, "image", s->image, "image_digest", s->image_digest, "spec_digest",
		w->spec_digest, "ports", ports_json(s), "started_at",
		sp_json_stamp(w->started_at_ns), "next_start_at",
		sp_json_stamp(w->state == WORKLOAD_BACKOFF ? w->next_start_at_ns : 0), "last_exit",
		exit_json(&w->last_exit), "probe", probe_json(w), "warning", w->warning);
}
