/*
 * The workload spec: what controld asks of an agent, as one JSON document, strictly read on both
 * sides.
 *
 * A workload is one replica of one service of one stack on one node. Everything of the stack file
 * that matters at run time is here; what the image decides (entrypoint, command, user, ...) is NULL
 * and filled in by the agent from the image's config. The digest of the canonical JSON is the
 * spec's identity: same digest, nothing to do.
 */
#pragma once

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/digest.h"
#include "base/err.h"

#define WIRE_LIST_MAX  256  /* entries of any list in a spec, but: */
#define WIRE_HOSTS_MAX 4096 /* names in /etc/hosts: two for each workload */
/* Where a workload with a state socket finds it, and the variable that says so. */
#define WIRE_STATE_DIR      "/run/stackpilot"
#define WIRE_STATE_SOCKET   WIRE_STATE_DIR "/state.sock"
#define WIRE_STATE_VARIABLE "STACKPILOT_STATE_SOCKET"

#define WIRE_STOP_GRACE_NS INT64_C(10000000000) /* when the spec does not say */

enum wire_mount_type { WIRE_MOUNT_VOLUME, WIRE_MOUNT_BIND, WIRE_MOUNT_TMPFS };

struct wire_mount {
	enum wire_mount_type type;
	char *source; /* volume id, or absolute host path of a bind; NULL for tmpfs */
	char *target; /* absolute path in the container */
	bool read_only;
	bool create_host_path; /* bind: make a missing source directory */
	uint64_t size_bytes;   /* tmpfs; 0 is the kernel's default */
	uint32_t mode;         /* tmpfs; 0 is 01777 */
};

/* A file made for the container alone, on tmpfs: configs and secrets. */
struct wire_file {
	char *target;
	char *content; /* len bytes, base64 on the wire */
	size_t len;
	uint32_t mode, uid, gid;
	bool secret; /* never logged, never reported back */
};

struct wire_port {
	char *host_address; /* NULL: every address of the node */
	uint16_t host_port, container_port;
	bool udp;
};

struct wire_host {
	char *name, *address;
};

struct wire_pair {
	char *key, *value;
};

struct wire_ulimit {
	char *name;         /* "nofile" */
	int64_t soft, hard; /* -1 is unlimited */
};

enum wire_probe_type {
	WIRE_PROBE_NONE,
	WIRE_PROBE_HTTP,
	WIRE_PROBE_TCP,
	WIRE_PROBE_EXEC,
	WIRE_PROBE_POSTGRES
};

struct wire_probe {
	enum wire_probe_type type;
	uint16_t port;                   /* http, tcp, postgres */
	char *path;                      /* http; "/" */
	char *host;                      /* http, tcp, postgres: "localhost" asks on the
					    container's loopback, all else at its address; http:
					    also the Host header; NULL is the address */
	uint16_t status_min, status_max; /* http; 200..399 */
	char **command;                  /* exec: argv */
	bool program_hidden;             /* exec: messages do not name its program */
	char *user, *database;           /* postgres */
	int64_t delay_ns;                /* before the first one */
	int64_t interval_ns, timeout_ns;
	uint32_t rise, fall; /* successes to become good, failures to become bad */
	uint32_t jitter_percent;
};

enum wire_restart {
	WIRE_RESTART_ALWAYS,
	WIRE_RESTART_ON_FAILURE,
	WIRE_RESTART_UNLESS_STOPPED,
	WIRE_RESTART_NO
};

struct wire_limits {
	uint64_t memory_max_bytes, memory_high_bytes, memory_low_bytes; /* 0: no limit */
	uint32_t cpu_max_milli; /* thousandths of a CPU; 0: no limit */
	uint32_t cpu_weight;    /* 1..10000; 0: the kernel's 100 */
	int64_t pids_max;       /* 0: the agent's default; -1: no limit */
	uint32_t io_weight;     /* 0: default */
};

struct wire_workload {
	char *id; /* "<stack>-<service>-<replica>", an sp_id, unique in the cluster */
	char *stack, *service;
	uint32_t replica;             /* from 1 */
	char *image;                  /* as the user wrote it */
	char *image_digest;           /* of the manifest, pinned by the control plane */
	char **entrypoint, **command; /* NULL: the image's */
	bool program_hidden;          /* messages do not name the program these two begin with */
	char **environment;           /* "NAME=value", over the image's */
	char *user, *working_dir, *hostname;
	struct wire_pair *labels;
	size_t n_labels;
	struct wire_mount *mounts;
	size_t n_mounts;
	struct wire_file *files;
	size_t n_files;
	struct wire_port *ports;
	size_t n_ports;
	bool network_none;       /* loopback only: no address */
	char *address;           /* IPv4 in the node's subnet, given by the control plane */
	struct wire_host *hosts; /* /etc/hosts entries: services of the stack and extra_hosts; may
				    change on a live workload */
	size_t n_hosts;
	char **cap_add, **cap_drop;
	bool read_only;
	bool state_socket; /* a task: it reads and writes its stack's state */
	struct wire_limits limits;
	struct wire_ulimit *ulimits;
	size_t n_ulimits;
	struct wire_pair *sysctls;
	size_t n_sysctls;
	char *stop_signal; /* "SIGTERM" */
	int64_t stop_grace_ns;
	enum wire_restart restart;
	uint32_t restart_attempts; /* on-failure: at most; 0 no bound */
	struct wire_probe startup, liveness, readiness;
};

/* Strict decode of a spec: ids, paths, ports, addresses and list lengths are checked here, once. */
int wire_workload_decode(json_t *json, struct wire_workload **ret, struct sp_err *err);
int wire_workload_encode(const struct wire_workload *w, json_t **ret,
			 struct sp_err *err);     /* new reference; omits what is default */
void wire_workload_free(struct wire_workload *w); /* takes NULL; wipes secrets */
int wire_workload_digest(const struct wire_workload *w, char ret[SP_DIGEST_MAX],
			 struct sp_err *err); /* without `hosts` */
