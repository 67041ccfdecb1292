/*
 * `deploy` and `restart`. A limit may be given in the service and in deploy.resources, but only
 * once, or twice alike.
 */
#include "stackfile/deploy.h"

#include <inttypes.h>
#include <string.h>

#include "base/str.h"
#include "stackfile/keys.h"
#include "stackfile/scalar.h"

/* ---- limits ---- */

static void merge_u64(const struct value *v, uint64_t *member, uint64_t value)
{
	if (value && *member && *member != value)
		value_refuse(v, STACK_CODE_CONFLICT,
			     "contradicts the service's own limit of %" PRIu64, *member);
	else if (value)
		*member = value;
}

static void merge_u32(const struct value *v, uint32_t *member, uint32_t value)
{
	uint64_t wide = *member;

	merge_u64(v, &wide, value);
	*member = (uint32_t)wide;
}

void read_mem_limit(const struct value *v, void *service)
{
	uint64_t bytes = 0;

	read_bytes(v, &bytes);
	merge_u64(v, &((struct stack_service *)service)->limits.memory_max_bytes, bytes);
}

/* Placement keeps it free, and the kernel reclaims it last (memory.low). */
void read_mem_reservation(const struct value *v, void *service)
{
	struct stack_service *s = service;
	uint64_t bytes = 0;

	read_bytes(v, &bytes);
	merge_u64(v, &s->reservation.memory_bytes, bytes);
	s->limits.memory_low_bytes = s->reservation.memory_bytes;
}

void read_cpu_limit(const struct value *v, void *service)
{
	uint32_t milli = 0;

	read_cpus(v, &milli);
	merge_u32(v, &((struct stack_service *)service)->limits.cpu_max_milli, milli);
}

static void read_cpu_reservation(const struct value *v, void *service)
{
	read_cpus(v, &((struct stack_service *)service)->reservation.cpu_milli);
}

void read_pids_limit(const struct value *v, void *service)
{
	struct stack_service *s = service;
	int64_t pids = 0;

	read_pids(v, &pids);
	if (pids && s->limits.pids_max && s->limits.pids_max != pids)
		value_refuse(v, STACK_CODE_CONFLICT,
			     "contradicts the service's own limit of %" PRId64, s->limits.pids_max);
	else if (pids)
		s->limits.pids_max = pids;
}

static const struct key limit_keys[] = {
	{ "cpus", read_cpu_limit, 0, "as the service's `cpus`" },
	{ "memory", read_mem_limit, 0, "as the service's `mem_limit`" },
	{ "pids", read_pids_limit, 0, "as the service's `pids_limit`" },
};
KEY_TABLE(keys_resource_limits, "services.NAME.deploy.resources.limits", limit_keys, true);

static const struct key reservation_keys[] = {
	{ "cpus", read_cpu_reservation, 0, "CPUs the node must have free" },
	{ "memory", read_mem_reservation, 0, "as the service's `mem_reservation`" },
	{ "devices", NULL, 0, NULL },
	{ "generic_resources", NULL, 0, NULL },
};
KEY_TABLE(keys_resource_reservations, "services.NAME.deploy.resources.reservations",
	  reservation_keys, true);

static void read_limits(const struct value *v, void *service)
{
	key_table_read(&keys_resource_limits, v, service);
}

static void read_reservations(const struct value *v, void *service)
{
	key_table_read(&keys_resource_reservations, v, service);
}

static const struct key resource_keys[] = {
	{ "limits", read_limits, 0, "what the container may take at most" },
	{ "reservations", read_reservations, 0, "what the node must have free for it" },
};
KEY_TABLE(keys_resources, "services.NAME.deploy.resources", resource_keys, true);

static void read_resources(const struct value *v, void *service)
{
	key_table_read(&keys_resources, v, service);
}

/* ---- restart ---- */

void read_restart(const struct value *v, void *service)
{
	static const struct {
		const char *word;
		enum wire_restart restart;
	} words[] = { { "no", WIRE_RESTART_NO },
		      { "always", WIRE_RESTART_ALWAYS },
		      { "on-failure", WIRE_RESTART_ON_FAILURE },
		      { "unless-stopped", WIRE_RESTART_UNLESS_STOPPED } };
	const char *text = value_text(v, "no, always, on-failure or unless-stopped");
	struct stack_service *s = service;

	for (size_t i = 0; text && i < SP_COUNT(words); i++)
		if (!strcmp(text, words[i].word)) {
			s->restart = words[i].restart;
			return;
		}
	if (text && sp_str_starts(text, "on-failure:") &&
	    sp_parse_u32(text + 11, &s->restart_attempts, NULL) == 0 &&
	    s->restart_attempts <= INT32_MAX)
		s->restart = WIRE_RESTART_ON_FAILURE;
	else if (text)
		value_refuse(v, STACK_CODE_VALUE,
			     "is '%s', not one of: no, always, on-failure[:TIMES], unless-stopped",
			     text);
}

struct policy {
	enum wire_restart restart;
	uint32_t attempts;
};

/* The words of `restart` too, as Compose takes them. */
static void read_condition(const struct value *v, void *field)
{
	static const char *const words[] = { "none",   "on-failure",     "any", "no",
					     "always", "unless-stopped", NULL };
	static const enum wire_restart restarts[] = {
		WIRE_RESTART_NO, WIRE_RESTART_ON_FAILURE, WIRE_RESTART_ALWAYS,
		WIRE_RESTART_NO, WIRE_RESTART_ALWAYS,     WIRE_RESTART_UNLESS_STOPPED
	};
	int i = read_choice(v, words);

	if (i >= 0)
		*(enum wire_restart *)field = restarts[i];
}

static const struct key policy_keys[] = {
	{ "condition", read_condition, offsetof(struct policy, restart),
	  "`none`, `on-failure` or `any` (default)" },
	{ "max_attempts", read_positive, offsetof(struct policy, attempts),
	  "restarts at most, with `on-failure`; default: no bound" },
	{ "delay", NULL, 0, NULL },
	{ "window", NULL, 0, NULL },
};
KEY_TABLE(keys_restart_policy, "services.NAME.deploy.restart_policy", policy_keys, true);

/* Compose: it wins over `restart`. */
static void read_restart_policy(const struct value *v, void *service)
{
	struct policy p = { .restart = WIRE_RESTART_ALWAYS };
	struct stack_service *s = service;

	key_table_read(&keys_restart_policy, v, &p);
	if (p.attempts && p.restart != WIRE_RESTART_ON_FAILURE)
		value_refuse(v, STACK_CODE_UNSUPPORTED,
			     "has 'max_attempts' without 'condition: on-failure', which is not "
			     "supported yet");
	s->restart = p.restart;
	s->restart_attempts = p.attempts;
}

/* ---- deploy ---- */

static void read_mode_of_deploy(const struct value *v, void *service)
{
	const char *text = value_text(v, "replicated");

	(void)service;
	if (text && strcmp(text, "replicated") != 0)
		value_refuse(v, STACK_CODE_UNSUPPORTED, "'%s' is not supported yet", text);
}

static const struct key deploy_keys[] = {
	{ "mode", read_mode_of_deploy, 0, "`replicated`" },
	{ "replicas", read_replicas, offsetof(struct stack_service, replicas),
	  "how many containers; default 1, at most 1000" },
	{ "resources", read_resources, 0, "limits and reservations" },
	{ "placement", read_placement, 0, "which nodes may run it" },
	{ "restart_policy", read_restart_policy, 0, "takes the place of `restart`" },
	{ "endpoint_mode", NULL, 0, NULL },
	{ "labels", NULL, 0, NULL },
	{ "rollback_config", NULL, 0, NULL },
	{ "update_config", NULL, 0, NULL },
};
KEY_TABLE(keys_deploy, "services.NAME.deploy", deploy_keys, true);

void read_deploy(const struct value *v, void *service)
{
	if (!node_is_null(v->node))
		key_table_read(&keys_deploy, v, service);
}
