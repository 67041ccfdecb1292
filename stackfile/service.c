/* A service: the table of the keys that a task does not have; the others are in container.c. */
#include "stackfile/service.h"

#include "stackfile/container.h"
#include "stackfile/dependencies.h"
#include "stackfile/deploy.h"
#include "stackfile/health.h"
#include "stackfile/keys.h"
#include "stackfile/ports.h"
#include "stackfile/probe.h"

#define FIELD(member) offsetof(struct stack_service, member)
/* Read after the container's: a healthcheck looks at the environment, deploy at the limits. */
static const struct key service_keys[] = {
	{ "container_name", read_host_name, FIELD(container_name),
	  "another name for it; one replica only" },
	{ "ports", read_ports, 0,
	  "`[IP:]HOST:CONTAINER[/udp]`, also ranges `8000-8009:80-89`, or the long form" },
	{ "expose", read_expose, 0, "for people: inside a stack every port can be reached" },
	{ "restart", read_restart, 0,
	  "`no` (default), `always`, `on-failure[:TIMES]`, `unless-stopped`" },
	{ "healthcheck", read_healthcheck, 0, "becomes the readiness probe" },
	{ "depends_on", read_depends_on, 0, "a list of services, or a map with conditions" },
	{ "deploy", read_deploy, 0, "replicas, resources, placement, restart policy" },
	{ "x-stackpilot", read_stackpilot, 0, "probes, and outputs of other stacks" },
	UNSUPPORTED("annotations"),
	UNSUPPORTED("attach"),
	UNSUPPORTED("develop"),
	UNSUPPORTED("extends"),
	UNSUPPORTED("external_links"),
	UNSUPPORTED("links"),
	UNSUPPORTED("post_start"),
	UNSUPPORTED("pre_stop"),
	UNSUPPORTED("profiles"),
	UNSUPPORTED("provider"),
	UNSUPPORTED("scale"),
};
KEY_TABLE_ALSO(keys_service, "services.NAME", service_keys, true, &keys_container);

void service_read(const struct value *v, struct stack_service *s)
{
	if (!value_is_map(v))
		return;
	key_table_read(&keys_service, v, s);
	container_finish(v, s);
}
