/* Contradictions between the parts of a stack; see check.h. */
#include "stackfile/check.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/str.h"

/* "services.web.ports" */
static void service_path(const struct stack_service *s, const char *key, char ret[VALUE_PATH_MAX])
{
	snprintf(ret, VALUE_PATH_MAX, "services.%s.%s", s->name, key);
}

/* "services.web" or "x-stackpilot.tasks.migrate" */
static void container_path(const struct reader *r, const struct stack_service *s,
			   char ret[VALUE_PATH_MAX])
{
	uintptr_t at = (uintptr_t)s, services = (uintptr_t)r->stack->services;
	bool task = at - services >= r->stack->n_services * sizeof(*s);

	snprintf(ret, VALUE_PATH_MAX, "%s.%s", task ? "x-stackpilot.tasks" : "services", s->name);
}

static bool same_port(const struct wire_port *a, const struct wire_port *b)
{
	return a->host_port == b->host_port && a->udp == b->udp &&
	       (!a->host_address || !b->host_address || !strcmp(a->host_address, b->host_address));
}

static void check_port(struct reader *r, size_t service, size_t port)
{
	const struct stack_service *s = &r->stack->services[service];
	const struct wire_port *p = &s->ports[port];
	char path[VALUE_PATH_MAX];

	service_path(s, "ports", path);
	for (size_t i = 0; i <= service; i++) {
		const struct stack_service *other = &r->stack->services[i];
		size_t n = i == service ? port : other->n_ports;

		for (size_t j = 0; j < n; j++)
			if (same_port(&other->ports[j], p)) {
				reader_refuse(r, STACK_CODE_CONFLICT, s->at, path,
					      "publishes port %u/%s, which '%s' publishes too",
					      p->host_port, p->udp ? "udp" : "tcp", other->name);
				return;
			}
	}
}

static void check_names(struct reader *r, size_t service)
{
	const struct stack_service *s = &r->stack->services[service];
	char path[VALUE_PATH_MAX];

	if (!s->container_name)
		return;
	service_path(s, "container_name", path);
	if (s->replicas > 1)
		reader_refuse(r, STACK_CODE_CONFLICT, s->at, path, "is one name for %u replicas",
			      s->replicas);
	for (size_t i = 0; i < service; i++)
		if (sp_str_eq(r->stack->services[i].container_name, s->container_name))
			reader_refuse(r, STACK_CODE_CONFLICT, s->at, path,
				      "is '%s', which '%s' has too", s->container_name,
				      r->stack->services[i].name);
}

/* Every target once: mounts first, then the files of secrets and configs. */
static const char *target_of(const struct stack_service *s, size_t i, struct stack_position *ret_at)
{
	if (i < s->n_mounts) {
		*ret_at = s->mounts[i].at;
		return s->mounts[i].target;
	}
	*ret_at = s->grants[i - s->n_mounts].at;
	return s->grants[i - s->n_mounts].target;
}

static void check_targets(struct reader *r, const struct stack_service *s)
{
	struct stack_position at, ignored;
	char path[VALUE_PATH_MAX];

	container_path(r, s, path);
	for (size_t i = 0; i < s->n_mounts + s->n_grants; i++) {
		const char *target = target_of(s, i, &at);

		for (size_t j = 0; j < i; j++)
			if (!strcmp(target_of(s, j, &ignored), target)) {
				reader_refuse(r, STACK_CODE_CONFLICT, at, path,
					      "mounts two things at '%s'", target);
				break;
			}
	}
}

static void check_limits(struct reader *r, const struct stack_service *s)
{
	char path[VALUE_PATH_MAX];

	container_path(r, s, path);
	if (s->limits.memory_max_bytes && s->reservation.memory_bytes > s->limits.memory_max_bytes)
		reader_refuse(r, STACK_CODE_CONFLICT, s->at, path,
			      "reserves %" PRIu64 " bytes of memory and is limited to %" PRIu64,
			      s->reservation.memory_bytes, s->limits.memory_max_bytes);
	if (s->limits.cpu_max_milli && s->reservation.cpu_milli > s->limits.cpu_max_milli)
		reader_refuse(r, STACK_CODE_CONFLICT, s->at, path,
			      "reserves %u thousandths of a CPU and is limited to %u",
			      s->reservation.cpu_milli, s->limits.cpu_max_milli);
}

static void check_network(struct reader *r, const struct stack_service *s)
{
	char path[VALUE_PATH_MAX];

	service_path(s, "network_mode", path);
	if (s->network_none && s->n_ports)
		reader_refuse(r, STACK_CODE_CONFLICT, s->at, path,
			      "is 'none', and the service publishes ports");
}

/* The id of each replica has to be an id itself. */
static void check_length(struct reader *r, const struct stack_service *s)
{
	char path[VALUE_PATH_MAX], id[4 * SP_ID_MAX];

	if (!r->stack->name || strlen(s->name) > SP_ID_MAX)
		return;
	container_path(r, s, path);
	snprintf(id, sizeof(id), "%s-%s-%u", r->stack->name, s->name,
		 s->replicas ? s->replicas : 1);
	if (strlen(id) > SP_ID_MAX)
		reader_refuse(r, STACK_CODE_LIMIT, s->at, path,
			      "has too long a name: '%s' is more than %d characters", id,
			      SP_ID_MAX);
}

/* Without a probe "healthy" can only mean "runs". */
static void check_conditions(struct reader *r, const struct stack_service *s)
{
	char path[VALUE_PATH_MAX];

	service_path(s, "depends_on", path);
	for (size_t i = 0; i < s->n_depends_on; i++) {
		const struct stack_dependency *d = &s->depends_on[i];
		const struct stack_service *on = &r->stack->services[d->service];

		if (d->condition == STACK_HEALTHY && on->readiness.type == WIRE_PROBE_NONE)
			reader_warn(r, STACK_CODE_REFERENCE, d->at, path,
				    "waits for '%s' to be healthy, which has no healthcheck: it "
				    "counts as healthy once it runs",
				    on->name);
		if (d->condition == STACK_COMPLETED && on->restart == WIRE_RESTART_ALWAYS)
			reader_refuse(r, STACK_CODE_CONFLICT, d->at, path,
				      "waits for '%s' to complete, which is always restarted",
				      on->name);
	}
}

static void check_container(struct reader *r, const struct stack_service *s)
{
	check_targets(r, s);
	check_limits(r, s);
	check_length(r, s);
}

void stack_check(struct reader *r)
{
	for (size_t i = 0; i < r->stack->n_services; i++) {
		const struct stack_service *s = &r->stack->services[i];

		for (size_t j = 0; j < s->n_ports; j++)
			check_port(r, i, j);
		check_names(r, i);
		check_container(r, s);
		check_network(r, s);
		check_conditions(r, s);
	}
	for (size_t i = 0; i < r->stack->n_tasks; i++)
		check_container(r, &r->stack->tasks[i].run);
}
