/* A spec from JSON: strict, each string checked once here, and whatever contradicts itself refused.
 */
#include "wire/decode.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/signame.h"
#include "base/str.h"
#include "base/time.h"
#include "wire/check.h"
#include "wire/names.h"

#define REPLICA_MAX    10000
#define STOP_GRACE_MAX (24 * 3600 * SP_NS_PER_S)

SP_AUTO(struct wire_workload *, wire_workload_free)

static bool signal_valid(const char *name)
{
	return sp_signal_parse(name) > 0;
}

static bool not_empty(const char *s)
{
	return *s != '\0';
}

static void decode_identity(struct sp_json_reader *r, struct wire_workload *w)
{
	w->id = wire_need(r, "id", sp_id_valid, "an id");
	w->stack = wire_need(r, "stack", sp_id_valid, "a stack name");
	w->service = wire_need(r, "service", sp_id_valid, "a service name");
	w->replica = (uint32_t)sp_json_need_int(r, "replica", 1, REPLICA_MAX);
	w->image = wire_need(r, "image", not_empty, "an image reference");
	w->image_digest = wire_need(r, "image_digest", sp_digest_valid, "a digest");
	w->labels = wire_pairs(r, "labels", not_empty, &w->n_labels);
}

static void decode_process(struct sp_json_reader *r, struct wire_workload *w)
{
	w->entrypoint = wire_strv(r, "entrypoint", NULL, NULL);
	w->command = wire_strv(r, "command", NULL, NULL);
	w->program_hidden = sp_json_bool(r, "program_hidden", false);
	w->environment = wire_strv(r, "environment", wire_env_valid, "NAME=value");
	w->user = wire_opt(r, "user", not_empty, "a user");
	w->working_dir = wire_opt(r, "working_dir", NULL, NULL);
	if (w->working_dir && strcmp(w->working_dir, "/") != 0 && !wire_path_valid(w->working_dir))
		sp_json_refuse(r, "working_dir", "'%.80s' is not an absolute path", w->working_dir);
	w->hostname = wire_opt(r, "hostname", wire_host_valid, "a host name");
	w->stop_signal = wire_opt(r, "stop_signal", signal_valid, "a signal");
	w->stop_grace_ns = sp_json_int(r, "stop_grace_ns", 0, STOP_GRACE_MAX, WIRE_STOP_GRACE_NS);
	w->restart = (enum wire_restart)wire_enum(r, "restart", wire_restarts, -1);
	w->restart_attempts = (uint32_t)sp_json_int(r, "restart_attempts", 0, INT32_MAX, 0);
}

static void decode_surroundings(struct sp_json_reader *r, struct wire_workload *w)
{
	w->mounts = wire_list(r, "mounts", sizeof(*w->mounts), wire_mount_item, &w->n_mounts);
	w->files = wire_list(r, "files", sizeof(*w->files), wire_file_item, &w->n_files);
	w->read_only = sp_json_bool(r, "read_only", false);
	w->state_socket = sp_json_bool(r, "state_socket", false);
	w->network_none = sp_json_bool(r, "network_none", false);
	w->address = wire_opt(r, "address", wire_ipv4_valid, "an IPv4 address");
	w->ports = wire_list(r, "ports", sizeof(*w->ports), wire_port_item, &w->n_ports);
	w->hosts = wire_long_list(
		r, "hosts",
		&(struct wire_items){ sizeof(*w->hosts), WIRE_HOSTS_MAX, wire_host_item },
		&w->n_hosts);
}

static void decode_confinement(struct sp_json_reader *r, struct wire_workload *w)
{
	w->cap_add = wire_strv(r, "cap_add", wire_cap_valid, "a capability");
	w->cap_drop = wire_strv(r, "cap_drop", wire_cap_valid, "a capability");
	wire_limits_member(r, &w->limits);
	w->ulimits = wire_list(r, "ulimits", sizeof(*w->ulimits), wire_ulimit_item, &w->n_ulimits);
	w->sysctls = wire_pairs(r, "sysctls", wire_sysctl_valid, &w->n_sysctls);
	wire_probe_member(r, "startup", &w->startup);
	wire_probe_member(r, "liveness", &w->liveness);
	wire_probe_member(r, "readiness", &w->readiness);
}

/* Ids of one stack begin with its name and the service's: nobody changes another stack's workload
 * with his own stack's fencing token. */
static void check_id(struct sp_json_reader *r, const struct wire_workload *w)
{
	size_t stack = strlen(w->stack), service = strlen(w->service);

	if (strncmp(w->id, w->stack, stack) != 0 || w->id[stack] != '-' ||
	    strncmp(w->id + stack + 1, w->service, service) != 0 ||
	    w->id[stack + 1 + service] != '-')
		sp_json_refuse(r, "id", "'%s' does not begin with '%s-%s-'", w->id, w->stack,
			       w->service);
}

static bool is_target_before(const struct wire_workload *w, const char *target, size_t mounts,
			     size_t files)
{
	for (size_t i = 0; i < mounts; i++)
		if (!strcmp(w->mounts[i].target, target))
			return true;
	for (size_t i = 0; i < files; i++)
		if (!strcmp(w->files[i].target, target))
			return true;
	return false;
}

static void check_targets(struct sp_json_reader *r, const struct wire_workload *w)
{
	for (size_t i = 0; i < w->n_mounts; i++)
		if (is_target_before(w, w->mounts[i].target, i, 0))
			sp_json_refuse(r, "mounts", "two things at '%.80s'", w->mounts[i].target);
	for (size_t i = 0; i < w->n_files; i++)
		if (is_target_before(w, w->files[i].target, w->n_mounts, i))
			sp_json_refuse(r, "files", "two things at '%.80s'", w->files[i].target);
}

static bool same_host_port(const struct wire_port *a, const struct wire_port *b)
{
	return a->host_port == b->host_port && a->udp == b->udp &&
	       (!a->host_address || !b->host_address || !strcmp(a->host_address, b->host_address));
}

static void check_network(struct sp_json_reader *r, const struct wire_workload *w)
{
	if (w->network_none && (w->address || w->n_ports))
		sp_json_refuse(r, "network_none", "goes with neither address nor ports");
	if (!w->network_none && !w->address)
		sp_json_refuse(r, "address", "is missing");
	for (size_t i = 0; i < w->n_ports; i++)
		for (size_t k = 0; k < i; k++)
			if (same_host_port(&w->ports[i], &w->ports[k]))
				sp_json_refuse(r, "ports", "host port %u is published twice",
					       w->ports[i].host_port);
}

int wire_workload_decode(json_t *json, struct wire_workload **ret, struct sp_err *err)
{
	auto_(wire_workload_free) struct wire_workload *w = calloc(1, sizeof(*w));
	struct sp_json_reader r;

	if (!w)
		return sp_fail_nomem(err);
	sp_json_open(&r, json, "workload", err);
	decode_identity(&r, w);
	decode_process(&r, w);
	decode_surroundings(&r, w);
	decode_confinement(&r, w);
	if (sp_json_done(&r) == 0) {
		check_id(&r, w);
		check_targets(&r, w);
		check_network(&r, w);
	}
	if (r.error)
		return r.error;
	*ret = take_ptr(w);
	return 0;
}
