/*
 * What depends on what in the cluster: stacks on stacks, services and tasks on others of their
 * stack. Read from the rows of the current revisions (store/resource.h); a stack that is required
 * and not there is a node too, and missing.
 *
 * A node's id is "network" for a stack, "network/db" for a service or task of it.
 */
#pragma once

#include <jansson.h>

#include "control/deps/graph.h"
#include "control/store/resource.h"
#include "stackfile/stack_service.h"
#include "wire/failure.h"

struct stack;

#define DEPS_ID_MAX   (2 * STORE_NAME_MAX)
#define DEPS_WAYS_MAX 2048

struct deps_node {
	char id[DEPS_ID_MAX];
	char stack[STORE_NAME_MAX];
	char kind[STORE_KIND_MAX];      /* "stack", "service", "task" */
	char version[STORE_DETAIL_MAX]; /* a stack's revision, a service's image */
	char state[16];                 /* a stack's; "" for the others */
	bool missing;
};

struct deps_edge {
	size_t from, to;
	const char *detail; /* "running", "service_healthy" */
};

struct deps {
	const struct stack *asks; /* the one that is taken as deployed; borrowed, or NULL */
	struct store_resources rows;
	struct deps_node *nodes; /* by id */
	size_t n;
	struct deps_edge *edges;
	size_t n_edges;
	struct graph *graph;
	size_t *levels; /* of each node, see graph_levels() */
};

/*
 * Read them. stack: as if that one (a deploy of it) took the place of the current revision of its
 * name; NULL: as things are.
 */
int deps_read(struct store *s, const struct stack *stack, struct deps *ret, struct sp_err *err);
void deps_fini(struct deps *d); /* safe on a zeroed one */
#define autodeps __attribute__((cleanup(deps_fini)))

size_t deps_find(const struct deps *d, const char *id); /* GRAPH_NONE when it is not there */
bool deps_is_stack(const struct deps *d, size_t node);
/* A stack as others need it: deployed, and its state says that it runs. */
bool deps_is_running(const struct deps *d, size_t node);
/* The stack has an output of that name. */
bool deps_has_output(const struct deps *d, const char *stack, const char *output);

/* Objects of docs/api.md. names: stacks, NULL-terminated, or NULL for all; NOT_FOUND names the one
 * that is not there. */
int deps_view(const struct deps *d, const char *const *names, bool closure, json_t **ret,
	      struct sp_err *err);
int deps_check_view(const struct deps *d, const char *const *names, json_t **ret,
		    struct sp_err *err);
int deps_order_view(const struct deps *d, struct store *s, const char *const *names, json_t **ret,
		    struct sp_err *err);

/* Mark the nodes that names mean, and with closure all they depend on. */
int deps_select(const struct deps *d, const char *const *names, bool closure, bool *ret,
		struct sp_err *err);

/* Why a stack may not be deployed, and where that stands; the caller begins with a zeroed one. */
struct deps_refusal {
	char culprit[DEPS_ID_MAX]; /* the stack to blame */
	struct stack_position at;  /* of the entry of x-stackpilot.requires */
	char ways[DEPS_WAYS_MAX];  /* out of a circle, a line each; "" where there is no circle */
};

/* A deploy of stack may go on: every stack it requires runs and has the outputs, and no circle is
 * closed. Else SP_E_INVALID at the validate stage; file: as the ways out name it. */
int deps_look(struct store *s, const struct stack *stack, const char *file,
	      struct deps_refusal *ret, struct sp_err *err);
/* The same, and the message begins with its place in the file. */
int deps_allow_deploy(struct store *s, const struct stack *stack, const char *file,
		      struct deps_refusal *ret, struct sp_err *err);
/*
 * The same for the transaction that makes it the current revision. A stack it requires may be in
 * the middle of a deploy of its own by now, but it is there and not being destroyed.
 */
int deps_allow_commit(struct store *s, const struct stack *stack, const char *file,
		      struct deps_refusal *ret, struct sp_err *err);
/* Where a failure tells of it: resource, evidence, and what to type next. */
void deps_refusal_tell(const struct deps_refusal *r, const char *file, struct wire_failure *at);
/* No other stack requires this one, nor will one that is being deployed; else SP_E_CONFLICT names
 * them. */
int deps_allow_destroy(struct store *s, const char *stack, struct sp_err *err);
