/*
 * Drift: where the hosts are not as the current revision has them.
 *
 * Expected is what the store says (the specs of the revision, the nodes), actual what the agents
 * read from their kernels (GET /v1/observed). Both are compared after normalisation and only in
 * what StackPilot owns. What hangs on something that is missing is not judged: one change, one
 * finding. The comparison touches neither network nor store.
 */
#pragma once

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

#include "control/store/node.h"
#include "control/store/stack.h"
#include "stackfile/stack.h"
#include "wire/workload.h"

/* symbol, name */
#define DRIFT_TYPES(X)          \
	X(CONFIG, "config")     \
	X(RESOURCE, "resource") \
	X(STATE, "state")       \
	X(DEPENDENCY, "dependency")

#define DRIFT_SEVERITIES(X) \
	X(LOW, "low")       \
	X(MEDIUM, "medium") \
	X(HIGH, "high")

enum drift_type {
#define X(sym, name) DRIFT_##sym,
	DRIFT_TYPES(X)
#undef X
};

enum drift_severity {
#define X(sym, name) DRIFT_##sym,
	DRIFT_SEVERITIES(X)
#undef X
};

/* How a difference is put right, the least invasive way that is right; in the order in which
 * several are. Symbol, words for people. */
#define DRIFT_REPAIRS(X)                                    \
	X(PEERS, "tell the node of its peers")              \
	X(NETWORK, "apply this part of the node's network") \
	X(REMOVE, "stop and remove the workload")           \
	X(EXTRA, "remove it")                               \
	X(PUT, "give the node the spec again")              \
	X(START, "start the workload")                      \
	X(RESTART, "restart the workload")                  \
	X(PART, "set it again while the workload runs")

enum drift_repair {
#define X(sym, words) DRIFT_##sym,
	DRIFT_REPAIRS(X)
#undef X
};

/* Every kind of difference: symbol, type, severity, repair, part, impact. */
#define DRIFT_RULES(X)                                                                             \
	X(MISSING, STATE, HIGH, PUT, NULL, "the service has a replica less than it should")        \
	X(STOPPED, STATE, HIGH, START, NULL, "the service has a replica less than it should")      \
	X(DOWN, STATE, HIGH, RESTART, NULL, "the service has a replica less than it should")       \
	X(EXTRA_WORKLOAD, STATE, MEDIUM, REMOVE, NULL, "it takes memory, ports and an address")    \
	X(EXTRA_CGROUP, STATE, LOW, EXTRA, "cgroup", "left over; what runs in it is unknown")      \
	X(EXTRA_LINK, STATE, LOW, EXTRA, "link", "left over; it may hold an address")              \
	X(EXTRA_DIRECTORY, STATE, LOW, EXTRA, "directory", "left over; it takes disk space")       \
	X(IMAGE, CONFIG, HIGH, PUT, NULL, "it runs another image than was deployed")               \
	X(SPEC, CONFIG, HIGH, PUT, NULL, "it runs by another spec than was deployed")              \
	X(LAYERS, CONFIG, HIGH, RESTART, NULL, "its files are not those of its image")             \
	X(INIT, STATE, HIGH, RESTART, NULL, "nothing reaps and records for this container")        \
	X(PROCESS, STATE, HIGH, RESTART, NULL, "the service has a replica less than it should")    \
	X(PROCESS_STATE, STATE, HIGH, PART, "process", "it does no work while it is stopped")      \
	X(PROCESS_CGROUP, RESOURCE, HIGH, RESTART, NULL, "its limits do not hold, nor does kill")  \
	X(STRANGERS, RESOURCE, MEDIUM, PART, "strangers", "others use up its limits")              \
	X(SECURITY, CONFIG, HIGH, RESTART, NULL, "the container is less isolated than it should")  \
	X(ENVIRONMENT, CONFIG, HIGH, RESTART, NULL, "the program reads another setting")           \
	X(MOUNT_MISSING, CONFIG, HIGH, RESTART, NULL, "data goes to the container's own layer")    \
	X(MOUNT_EXTRA, CONFIG, HIGH, RESTART, NULL,                                                \
	  "files of the image or of a volume are hidden")                                          \
	X(MOUNT, CONFIG, HIGH, RESTART, NULL, "data is read and written elsewhere, or not at all") \
	X(CGROUP, RESOURCE, MEDIUM, PART, "cgroup", "it may use more, or less, than was deployed") \
	X(RLIMIT, RESOURCE, MEDIUM, PART, "rlimits",                                               \
	  "it may use more, or less, than was deployed")                                           \
	X(SYSCTL, CONFIG, MEDIUM, PART, "sysctls", "its network behaves in another way")           \
	X(LINK, DEPENDENCY, HIGH, PART, "link", "nobody reaches the workload, and it nobody")      \
	X(ADDRESS, DEPENDENCY, HIGH, PART, "link", "nobody reaches the workload by its address")   \
	X(GATEWAY, DEPENDENCY, HIGH, PART, "link", "the workload reaches only its own node")       \
	X(HOSTS, DEPENDENCY, MEDIUM, PART, "hosts", "names lead it elsewhere, or nowhere")         \
	X(PORT, DEPENDENCY, HIGH, NETWORK, "rules", "a published port does not lead to it")        \
	X(PEERS, DEPENDENCY, MEDIUM, PEERS, NULL, "the node knows an old cluster")                 \
	X(BRIDGE, DEPENDENCY, HIGH, NETWORK, "bridge", "no workload of the node is reached")       \
	X(FORWARDING, DEPENDENCY, HIGH, NETWORK, "forwarding",                                     \
	  "no workload of the node is reached")                                                    \
	X(ROUTE, DEPENDENCY, HIGH, NETWORK, "routes", "workloads do not reach those of that node") \
	X(RULE, DEPENDENCY, HIGH, NETWORK, "rules", "packets go where they should not, or nowhere")

enum drift_rule {
#define X(sym, type, severity, repair, part, impact) DRIFT_RULE_##sym,
	DRIFT_RULES(X)
#undef X
};

#define DRIFT_FIELD_MAX 256
#define DRIFT_VALUE_MAX 256

struct drift_finding {
	enum drift_rule rule;
	char node[STORE_NAME_MAX];
	char resource[STORE_NAME_MAX + 8]; /* a workload's id, or "node/NAME" */
	char field[DRIFT_FIELD_MAX];       /* "mounts./data" */
	char expected[DRIFT_VALUE_MAX], actual[DRIFT_VALUE_MAX]; /* for people; never a secret */
};

struct drift_findings {
	struct drift_finding *list; /* by node and resource, in the order they were found */
	size_t n;
	size_t ignored; /* found, and a rule of the stack says that it is none */
};

void drift_findings_fini(struct drift_findings *f);
#define autodrift __attribute__((cleanup(drift_findings_fini)))

/* One node: what the store knows of it, and what its agent saw. */
struct drift_node {
	const struct store_node *row;
	const char *peers_digest; /* of what it should have been told */
	const json_t *seen;       /* reply of GET /v1/observed; NULL: it did not answer */
};

struct drift_input {
	const char *stack;
	const struct store_workloads *workloads; /* of the current revision */
	struct wire_workload *const *specs;      /* theirs, in the same order */
	const struct drift_node *nodes;
	size_t n_nodes;
	char *const *stacks; /* names of all stacks: whose something extra is */
	const struct stack_drift_ignore *ignore;
	size_t n_ignore;
};

int drift_compare(const struct drift_input *in, struct drift_findings *ret, struct sp_err *err);

enum drift_type drift_type_of(const struct drift_finding *f);
enum drift_repair drift_repair_of(const struct drift_finding *f);
const char *drift_part_of(const struct drift_finding *f); /* NULL: none */
/* Does the person mean this one? resource: NULL (all), "WORKLOAD", or "WORKLOAD/FIELD". */
bool drift_is_meant(const struct drift_finding *f, const char *resource);

/* As docs/api.md has it. */
json_t *drift_finding_json(const struct drift_finding *f, const char *stack);
json_t *drift_findings_json(const struct drift_findings *f, const char *stack);
