/* The rules of placement, one function each; see fit.h. */
#include "control/place/fit.h"

#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "base/str.h"

#define MIB (UINT64_C(1) << 20)

typedef bool (*rule_fn)(const struct place_node *node, const struct place_request *q,
			size_t replicas, char reason[PLACE_REASON_MAX]);

uint64_t place_memory_of(const struct place_request *q)
{
	return q->memory_bytes ? q->memory_bytes : q->limits->memory_max_bytes;
}

static bool answers(const struct place_node *node, const struct place_request *q, size_t replicas,
		    char reason[PLACE_REASON_MAX])
{
	(void)replicas;
	if (node->ready || q->untouched)
		return true;
	snprintf(reason, PLACE_REASON_MAX, "unreachable%s%s",
		 sp_str_empty(node->trouble) ? "" : ": ", node->trouble ? node->trouble : "");
	return false;
}

static const char *label_of(const struct place_node *node, const char *key)
{
	for (size_t i = 0; i < node->n_labels; i++)
		if (!strcmp(node->labels[i].key, key))
			return node->labels[i].value;
	return NULL;
}

static bool constraints_hold(const struct place_node *node, const struct place_request *q,
			     size_t replicas, char reason[PLACE_REASON_MAX])
{
	(void)replicas;
	for (size_t i = 0; i < q->n_constraints; i++) {
		const struct place_constraint *c = &q->constraints[i];
		const char *value = c->label ? label_of(node, c->label) : node->name;

		if (sp_str_eq(value, c->value) == c->equal)
			continue;
		snprintf(reason, PLACE_REASON_MAX, "does not satisfy node.%s%s %s %s",
			 c->label ? "labels." : "hostname", c->label ? c->label : "",
			 c->equal ? "==" : "!=", c->value);
		return false;
	}
	return true;
}

static bool is_missing(const struct place_node *node, const char *controller)
{
	for (char **c = node->missing; c && *c; c++)
		if (!strcmp(*c, controller))
			return true;
	return false;
}

static bool limits_enforceable(const struct place_node *node, const struct place_request *q,
			       size_t replicas, char reason[PLACE_REASON_MAX])
{
	const struct wire_limits *l = q->limits;
	const struct {
		const char *what, *controller;
		bool wanted;
	} needs[] = {
		{ "memory limit", "memory",
		  l->memory_max_bytes || l->memory_high_bytes || l->memory_low_bytes },
		{ "cpu limit", "cpu", l->cpu_max_milli || l->cpu_weight },
		{ "pids limit", "pids", l->pids_max > 0 },
		{ "io weight", "io", l->io_weight > 0 },
	};

	(void)replicas;
	for (size_t i = 0; !node->best_effort && i < SP_COUNT(needs); i++) {
		if (!needs[i].wanted || !is_missing(node, needs[i].controller))
			continue;
		snprintf(reason, PLACE_REASON_MAX,
			 "cannot enforce the %s: it has no cgroup controller '%s'", needs[i].what,
			 needs[i].controller);
		return false;
	}
	return true;
}

static bool capacity_suffices(const struct place_node *node, const struct place_request *q,
			      size_t replicas, char reason[PLACE_REASON_MAX])
{
	uint64_t wanted = place_memory_of(q);
	uint64_t left = node->memory_bytes > node->memory_taken_bytes
				? node->memory_bytes - node->memory_taken_bytes
				: 0;

	(void)replicas;
	if (node->memory_bytes && wanted > left) {
		snprintf(reason, PLACE_REASON_MAX,
			 "has %llu MiB of memory left, %llu MiB are asked for",
			 (unsigned long long)(left / MIB), (unsigned long long)(wanted / MIB));
		return false;
	}
	if (node->cpus && q->limits->cpu_max_milli > node->cpus * 1000) {
		snprintf(reason, PLACE_REASON_MAX, "has %u CPUs, %u.%03u are asked for", node->cpus,
			 q->limits->cpu_max_milli / 1000, q->limits->cpu_max_milli % 1000);
		return false;
	}
	return true;
}

static bool clash(const struct place_port *taken, const struct wire_port *wanted)
{
	if (taken->port != wanted->host_port || taken->udp != wanted->udp)
		return false;
	return !taken->address || !wanted->host_address ||
	       !strcmp(taken->address, wanted->host_address);
}

/* The first of the ports that is taken, and by what; NULL: none. */
static const struct wire_port *find_clash(const struct place_node *node,
					  const struct wire_port *ports, size_t n,
					  const struct place_port **ret_taken)
{
	for (size_t i = 0; i < n; i++)
		for (size_t j = 0; ports[i].host_port && j < node->n_ports; j++)
			if (clash(&node->ports[j], &ports[i])) {
				*ret_taken = &node->ports[j];
				return &ports[i];
			}
	return NULL;
}

bool place_port_is_taken(const struct place_node *node, const struct wire_port *ports, size_t n)
{
	const struct place_port *taken;

	return find_clash(node, ports, n, &taken) != NULL;
}

static bool ports_free(const struct place_node *node, const struct place_request *q,
		       size_t replicas, char reason[PLACE_REASON_MAX])
{
	const struct place_port *taken;
	const struct wire_port *wanted = find_clash(node, q->ports, q->n_ports, &taken);

	(void)replicas;
	if (wanted)
		snprintf(reason, PLACE_REASON_MAX, "port %u/%s already published on %s by %s",
			 wanted->host_port, wanted->udp ? "udp" : "tcp", node->name, taken->owner);
	return !wanted;
}

static bool not_too_many(const struct place_node *node, const struct place_request *q,
			 size_t replicas, char reason[PLACE_REASON_MAX])
{
	(void)node;
	if (!q->max_per_node || replicas < q->max_per_node)
		return true;
	snprintf(reason, PLACE_REASON_MAX, "has %zu of at most %u replicas per node", replicas,
		 q->max_per_node);
	return false;
}

static const rule_fn rules[] = { constraints_hold,  answers,    limits_enforceable,
				 capacity_suffices, ports_free, not_too_many };

bool place_fits(const struct place_node *node, const struct place_request *q, size_t replicas,
		char ret_reason[PLACE_REASON_MAX])
{
	for (size_t i = 0; i < SP_COUNT(rules); i++)
		if (!rules[i](node, q, replicas, ret_reason))
			return false;
	return true;
}
