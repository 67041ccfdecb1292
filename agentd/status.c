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

static json_t *text(const char *s)
{
	return s ? json_string(s) : json_null();
}

static const char *reason_code(const struct workload *w)
{
	return w->reason_code ? sp_err_code_name(w->reason_code) : "";
}

static int64_t next_start(const struct workload *w)
{
	return w->state == WORKLOAD_BACKOFF ? w->next_start_at_ns : 0;
}

/* Name on the wire, value; in the order they are shown. */
#define FIELDS(X)                                                  \
	X(id, text(w->spec->id))                                   \
	X(stack, text(w->spec->stack))                             \
	X(service, text(w->spec->service))                         \
	X(replica, json_integer(w->spec->replica))                 \
	X(state, text(workload_state_name(w->state)))              \
	X(reason, text(w->reason))                                 \
	X(reason_code, text(reason_code(w)))                       \
	X(since, sp_json_stamp(w->since_ns))                       \
	X(ready, json_boolean(w->ready))                           \
	X(live, json_boolean(w->live))                             \
	X(pid, json_integer(w->container ? w->container->pid : 0)) \
	X(incarnation, json_integer((json_int_t)w->incarnation))   \
	X(restarts, json_integer((json_int_t)w->restarts))         \
	X(address, text(w->spec->address))                         \
	X(image, text(w->spec->image))                             \
	X(image_digest, text(w->spec->image_digest))               \
	X(spec_digest, text(w->spec_digest))                       \
	X(ports, ports_json(w->spec))                              \
	X(started_at, sp_json_stamp(w->started_at_ns))             \
	X(next_start_at, sp_json_stamp(next_start(w)))             \
	X(last_exit, exit_json(&w->last_exit))                     \
	X(probe, probe_json(w))                                    \
	X(warning, text(w->warning))

#define X(name, value)                                        \
	static json_t *field_##name(const struct workload *w) \
	{                                                     \
		return value;                                 \
	}
FIELDS(X)
#undef X

static const struct field {
	const char *name;
	json_t *(*value)(const struct workload *w);
} fields[] = {
#define X(name, value) { #name, field_##name },
	FIELDS(X)
#undef X
};

_Static_assert(SP_COUNT(fields) <= 32, "a set of fields has a bit for each");

/* The bit of the field with that name; 0: there is none. */
static uint32_t bit_of(const char *name, size_t len)
{
	for (size_t i = 0; i < SP_COUNT(fields); i++)
		if (strlen(fields[i].name) == len && !memcmp(fields[i].name, name, len))
			return UINT32_C(1) << i;
	return 0;
}

int status_fields_parse(const char *list, uint32_t *ret, struct sp_err *err)
{
	uint32_t set = 0;

	for (const char *name = list; name;) {
		size_t len = strcspn(name, ",");
		uint32_t bit = bit_of(name, len);

		if (!bit)
			return sp_fail(err, SP_E_INVALID, "fields: '%.*s' is no field of a status",
				       (int)(len < 40 ? len : 40), name);
		set |= bit;
		name = name[len] ? name + len + 1 : NULL;
	}
	*ret = list ? set : STATUS_ALL;
	return 0;
}

json_t *status_fields_json(const struct workload *w, uint32_t set)
{
	json_t *status = json_object();

	for (size_t i = 0; status && i < SP_COUNT(fields); i++) {
		if (!(set & UINT32_C(1) << i))
			continue;
		if (json_object_set_new_nocheck(status, fields[i].name, fields[i].value(w)) < 0) {
			json_decref(status);
			status = NULL;
		}
	}
	return status;
}

json_t *status_json(const struct workload *w)
{
	return status_fields_json(w, STATUS_ALL);
}
