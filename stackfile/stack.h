/*
 * The model of a stack: what a stack file means once it is read, checked and interpolated.
 *
 * Everything a `struct stack` points to lives in its arena and is freed (and wiped: secrets are
 * there too) by stack_free(). Nothing changes after stack_read() has returned it, so it may be
 * shared between threads. Lists keep the order of the file.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/mem.h"
#include "stackfile/stack_service.h"

struct stack_arena;

/* A named volume of the top level. */
struct stack_volume {
	char *key; /* the name in the file */
	char *id;  /* what the agents call it: an sp_id that is unique in the cluster */
	struct stack_position at;
};

/* A secret or config of the top level, with its content. */
struct stack_content {
	char *key;
	char *data;
	size_t len;
	bool secret;
	struct stack_position at;
};

/* What the stack asks of the operations on it. */
enum stack_on_failure {
	STACK_ROLLBACK, /* back to the previous revision, whole */
	STACK_STOP,     /* leave what is there for a person to look at */
};

struct stack_policy {
	enum stack_on_failure on_failure;
	int64_t timeout_ns; /* of one operation; 0: no bound */
	bool require_lock, create_snapshot, validate_before, detect_drift;
	int64_t auto_drift_detect_ns; /* from one detection to the next; 0: never */
	bool auto_drift_fix;
};

enum stack_task_when {
	STACK_BEFORE, /* before the first service is touched */
	STACK_AFTER,  /* after every service is ready */
};

/* A container that runs to its end, in each deploy. */
struct stack_task {
	struct stack_service
		run; /* name, what to run, and where: one replica, no ports or probes */
	enum stack_task_when when;
	size_t *depends_on; /* indexes into stack.tasks; a task before never waits for one after */
	size_t n_depends_on;
	int64_t timeout_ns; /* of one attempt */
	uint32_t retries;   /* further attempts after the first */
};

/* Of a service, as far as it is placed: the first of its replicas is meant. */
enum stack_fact {
	STACK_FACT_ADDRESS,      /* in the network of the cluster */
	STACK_FACT_NODE,         /* name of its node */
	STACK_FACT_NODE_ADDRESS, /* of its node */
	STACK_FACT_PORT,         /* published for a port of the container */
};

/* A piece of an output's value. */
struct stack_output_part {
	char *text; /* as it stands; NULL: a fact of a service */
	char *service;
	enum stack_fact fact;
	uint16_t port; /* of the container; FACT_PORT */
};

/* What a stack tells other stacks and people: one of value, parts and state. */
struct stack_output {
	char *name;
	char *value;                     /* as written */
	char *written;                   /* value, with its references to services in it */
	bool open;                       /* no variable stands in the value */
	struct stack_output_part *parts; /* of a value that refers to services */
	size_t n_parts;
	char *state; /* key of the stack's state */
	bool sensitive;
	struct stack_position at;
};

/* Another stack that has to run before this one. */
struct stack_require {
	char *stack;
	char **outputs; /* that it must have; NULL: none */
	struct stack_position at;
};

/* Differences that are no drift; patterns as of fnmatch(3), NULL matches everything. */
struct stack_drift_ignore {
	char *type; /* "config", "resource", "state" or "dependency" */
	char *resource, *field;
	char *reason; /* for people */
	struct stack_position at;
};

struct stack {
	struct stack_arena *arena;
	char *name;
	struct stack_service *services;
	size_t n_services;
	size_t *start_order; /* n_services indexes: each service after all it depends on */
	struct stack_volume *volumes;
	size_t n_volumes;
	struct stack_content *secrets;
	size_t n_secrets;
	struct stack_content *configs;
	size_t n_configs;

	/* of the top level's x-stackpilot */
	struct stack_policy policy;
	struct stack_task *tasks;
	size_t n_tasks;
	size_t *task_order; /* n_tasks indexes: each task after all it depends on */
	struct stack_output *outputs;
	size_t n_outputs;
	struct stack_require *requires;
	size_t n_requires;
	struct stack_drift_ignore *drift_ignore;
	size_t n_drift_ignore;
	int64_t ttl_ns; /* after its last deploy the stack is destroyed; 0: never */
};

void stack_free(struct stack *s); /* takes NULL */
SP_AUTO(struct stack *, stack_free)

/* The service, task, output or requirement of that name, or NULL. */
const struct stack_service *stack_service_find(const struct stack *s, const char *name);
const struct stack_task *stack_task_find(const struct stack *s, const char *name);
const struct stack_output *stack_output_find(const struct stack *s, const char *name);
const struct stack_require *stack_require_find(const struct stack *s, const char *stack);

/* Name of a stack: an sp_id without '.', so that "<stack>.<volume>" can be taken apart again. */
bool stack_name_valid(const char *name);
