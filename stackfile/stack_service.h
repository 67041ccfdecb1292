/*
 * What one container of a stack is run from: a service of the stack file, or the container of a
 * task. Part of stack.h.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "wire/workload.h"

/* A place in the stack file; both count from 1. */
struct stack_position {
	uint32_t line, column;
};

enum stack_condition {
	STACK_STARTED,   /* service_started */
	STACK_HEALTHY,   /* service_healthy */
	STACK_COMPLETED, /* service_completed_successfully */
};

struct stack_dependency {
	size_t service; /* index into stack.services */
	enum stack_condition condition;
	bool required; /* false: go on when it fails, with a warning */
	bool restart;  /* restart this service after the other one was restarted */
	struct stack_position at;
};

struct stack_mount {
	enum wire_mount_type type;
	size_t volume; /* VOLUME: index into stack.volumes */
	char *source;  /* BIND: absolute path on the node */
	char *target;
	bool read_only;
	bool create_host_path;
	uint64_t size_bytes; /* TMPFS; 0 is the kernel's default */
	uint32_t mode;       /* TMPFS; 0 is 01777 */
	struct stack_position at;
};

/* A secret or config given to a service as a file. */
struct stack_grant {
	size_t content; /* index into stack.secrets or stack.configs */
	bool secret;
	char *target; /* absolute path */
	uint32_t mode, uid, gid;
	struct stack_position at;
};

/* `node.hostname == worker1`, `node.labels.disk != hdd`. */
struct stack_constraint {
	char *label; /* NULL: the node's name; else the label's key */
	char *value;
	bool equal;
	struct stack_position at;
};

/* What placement has to find room for; 0 is nothing asked. */
struct stack_reservation {
	uint64_t memory_bytes;
	uint32_t cpu_milli;
};

/* An output of another stack, as a variable of the environment; controld looks it up when it
 * deploys. */
struct stack_output_use {
	char *variable;
	char *stack, *output;
	struct stack_position at;
};

struct stack_service {
	char *name; /* an sp_id */
	struct stack_position at;
	char *image;
	struct stack_position image_at;
	char **entrypoint, **command; /* NULL: the image's; an empty list clears it */
	bool program_hidden;          /* the program they begin with does not stand openly */
	char **environment;           /* "NAME=value", env_file already merged, sorted by name */
	/* Free text that stands openly in the file (openly.h): "entrypoint", "command",
	 * "environment.NAME", "labels.KEY", "startup", "liveness", "readiness"; the rest does not.
	 */
	char **open;
	struct stack_output_use *from_output; /* none names a variable of environment */
	size_t n_from_output;
	char *user, *working_dir, *hostname, *container_name;
	struct wire_pair *labels;
	size_t n_labels;
	struct stack_mount *mounts;
	size_t n_mounts;
	struct stack_grant *grants;
	size_t n_grants;
	struct wire_port *ports; /* ranges are already spread out */
	size_t n_ports;
	struct stack_position ports_at; /* line 0: not given */
	uint16_t *expose; /* documentation only: every port is open inside the stack */
	size_t n_expose;
	bool network_none;
	struct wire_host *extra_hosts;
	size_t n_extra_hosts;
	char **cap_add, **cap_drop; /* "NET_ADMIN": upper case, without CAP_; or "ALL" */
	bool read_only;
	bool init; /* every container has spinit as its init; kept for the record */
	struct wire_limits limits;
	struct stack_reservation reservation;
	struct wire_ulimit *ulimits;
	size_t n_ulimits;
	struct wire_pair *sysctls;
	size_t n_sysctls;
	char *stop_signal;     /* "SIGTERM"; NULL: the image's */
	int64_t stop_grace_ns; /* 10 s where the file says nothing */
	enum wire_restart restart;
	uint32_t restart_attempts;
	struct wire_probe startup, liveness, readiness; /* type NONE: there is none */
	int64_t start_period_ns; /* healthcheck: for so long a failing readiness is no news */
	struct stack_dependency *depends_on;
	size_t n_depends_on;
	uint32_t replicas;
	uint32_t max_replicas_per_node; /* 0: no bound */
	struct stack_constraint *constraints;
	size_t n_constraints;
	char **spread; /* placement preferences: label keys, most important first; "" is the node */
};
