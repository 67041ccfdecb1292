/* The node over HTTP: alive, ready, who it is, its events. */
#include <stdlib.h>
#include <string.h>
#include <sys/statvfs.h>
#include <sys/sysinfo.h>
#include <sys/utsname.h>

#include "agentd/api.h"
#include "agentd/network.h"
#include "agentd/poll.h"
#include "agentd/reply.h"
#include "agentd/workload.h"
#include "base/json.h"
#include "base/mem.h"
#include "base/str.h"
#include "base/time.h"
#include "base/version.h"
#include "runtime/cgroup.h"

void api_health(struct sp_httpd_req *req, void *owner)
{
	(void)owner;
	reply_json(req, 200, json_pack("{s:b}", "live", 1));
}

void api_ready(struct sp_httpd_req *req, void *owner)
{
	struct agent *a = owner;

	if (a->ready)
		reply_json(req, 200, json_pack("{s:b}", "ready", 1));
	else
		reply_fail(a, req, NULL, SP_E_UNHEALTHY, "agentd is not ready");
}

static json_t *controllers_json(uint32_t bits, bool present)
{
	json_t *list = json_array();

	for (int i = 0; list && i < RT_CONTROLLER_COUNT; i++)
		if ((bits >> i & 1) == present)
			json_array_append_new(
				list, json_string(rt_controller_name((enum rt_controller)i)));
	return list;
}

static json_t *ports_json(struct agent *a)
{
	json_t *list = json_array();
	struct workload *w;

	SP_LIST_EACH (&a->workloads, w, link) {
		autofree struct net_port *ports = NULL;
		char text[NET_PORT_TEXT_MAX];

		if (!network_publishes(w))
			continue;
		ports = calloc(w->spec->n_ports, sizeof(*ports));
		if (!ports || network_ports(w->spec, ports, NULL) < 0)
			continue;
		for (size_t i = 0; i < w->spec->n_ports; i++) {
			net_port_format(&ports[i], text);
			json_array_append_new(list, json_string(text));
		}
	}
	return list;
}

/* "zone=a,disk=ssd" as an object; what has no '=' is a label without a value. */
static json_t *labels_json(const char *text)
{
	json_t *o = json_object();
	autofree char *copy = strdup(text);
	char *rest = copy, *one;

	while (o && rest && (one = strsep(&rest, ","))) {
		char *value = strchr(one, '=');

		if (value)
			*value++ = '\0';
		one = sp_str_trim(one);
		if (*one)
			json_object_set_new(o, one, json_string(value ? sp_str_trim(value) : ""));
	}
	return o;
}

static json_t *identity_json(struct agent *a)
{
	char started[SP_TIME_STAMP_MAX], subnet[NET_PREFIX_TEXT_MAX] = "";
	struct utsname uts = { 0 };

	uname(&uts);
	sp_time_format(a->started_at_ns, started);
	if (a->peers.subnet.length)
		net_prefix_format(&a->peers.subnet, subnet);
	return json_pack("{s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:o}", "name",
			 a->config.name, "address", a->config.address, "version", SP_VERSION,
			 "boot_id", a->boot_id, "started_at", started, "kernel", uts.release,
			 "subnet", subnet, "limits", a->config.limits, "loop",
			 sp_loop_backend_name(a->loop), "labels", labels_json(a->config.labels));
}

static json_t *capacity_json(struct agent *a)
{
	uint32_t controllers = rt_engine_cgroups(a->engine)->controllers;
	struct statvfs disk = { 0 };
	struct sysinfo info = { 0 };

	sysinfo(&info);
	fstatvfs(a->dirs.state, &disk);
	return json_pack("{s:i, s:I, s:I, s:o, s:o, s:I, s:s, s:I, s:o}", "cpus", get_nprocs(),
			 "memory_bytes", (json_int_t)(info.totalram * info.mem_unit),
			 "disk_free_bytes", (json_int_t)(disk.f_bavail * disk.f_frsize),
			 "controllers", controllers_json(controllers, true), "missing_controllers",
			 controllers_json(controllers, false), "workloads",
			 (json_int_t)a->n_workloads, "peers_digest", a->peers.digest, "last_event",
			 (json_int_t)events_last(a->events), "ports", ports_json(a));
}

void api_node(struct sp_httpd_req *req, void *owner)
{
	struct agent *a = owner;
	autojson json_t *capacity = capacity_json(a);
	json_t *node = identity_json(a);

	if (node && capacity)
		json_object_update(node, capacity);
	reply_json(req, 200, node);
}

void api_events(struct sp_httpd_req *req, void *owner)
{
	struct agent *a = owner;
	int64_t after, limit, wait_ns;

	if (api_number(a, req, "after", 0, INT64_MAX, 0, &after) &&
	    api_number(a, req, "limit", 1, EVENTS_LIMIT, EVENTS_LIMIT, &limit) &&
	    api_number(a, req, "wait_ns", 0, 3600 * SP_NS_PER_S, 0, &wait_ns))
		poll_events(a, req, (uint64_t)after, (size_t)limit, wait_ns);
}
