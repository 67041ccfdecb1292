/*
 * A client of one node's agent (docs/api.md, "agentd"). Belongs to one thread; its connection goes
 * back to the pool when it is closed. An error it returns
 * names the node; the rest of a refused call's address is in agent_failure().
 */
#pragma once

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/httpc.h"
#include "control/store/node.h"
#include "wire/failure.h"

struct agent;
struct agent_pool;

/* How to reach agents: certificates of role control. */
struct agent_access {
	const char *cert_file, *key_file, *ca_file;
	int64_t connect_timeout_ns; /* 0: httpc's */
	struct agent_pool *pool;    /* NULL: each has a connection of its own, and closes it */
};

/* Who changes a stack, and with what right: sent with every such call. */
struct agent_right {
	const char *operation;
	int step;
	int64_t token;
};

int agent_open(const struct agent_access *access, const struct store_node *node, struct agent **ret,
	       struct sp_err *err); /* connects only when first used */
void agent_close(struct agent *a);  /* takes NULL */
SP_AUTO(struct agent *, agent_close)

const char *agent_name(const struct agent *a);
/* Its connection, for what is no call of this header; it is then not used again by others. */
struct sp_httpc *agent_http(struct agent *a);
/* The address of the last refused call, filled from its body; component "agentd" and the node. */
void agent_failure(const struct agent *a, const struct sp_err *err, struct wire_failure *ret);
void agent_interrupt(struct agent *a); /* from any thread: ends a running call */
void agent_set_timeout(struct agent *a, int64_t timeout_ns);

/* GET or another method of path ("/v1/..."), without a body, the JSON reply as it is. */
int agent_ask(struct agent *a, const char *method, const char *path, json_t **ret,
	      struct sp_err *err);
int agent_get(struct agent *a, const char *path, json_t **ret, struct sp_err *err);
/* What there is at paths of the node (an array of strings): {"paths": [...]}. */
int agent_host_paths(struct agent *a, json_t *paths, json_t **ret, struct sp_err *err);
int agent_node(struct agent *a, json_t **ret, struct sp_err *err);
int agent_put_peers(struct agent *a, const json_t *peers, struct sp_err *err);
int agent_events(struct agent *a, int64_t after, int64_t limit, json_t **ret, struct sp_err *err);

int agent_put_workload(struct agent *a, const struct agent_right *right, const char *id,
		       const json_t *spec, json_t **ret_status, struct sp_err *err);
/* Its status once it is ready, has failed for good, or time is up. */
int agent_wait_workload(struct agent *a, const char *id, int64_t timeout_ns, json_t **ret_status,
			struct sp_err *err);
/* What its task asks of the stack's state, and its status: {"question": {...}|null, "status"}, held
 * until there is a question, it has ended, or time is up. answer (of the last question) may be
 * NULL. */
int agent_state(struct agent *a, const struct agent_right *right, const char *id, json_t *answer,
		int64_t timeout_ns, json_t **ret, struct sp_err *err);
/* Stopped and gone when this returns; absent is fine. */
int agent_remove_workload(struct agent *a, const struct agent_right *right, const char *id,
			  int64_t timeout_ns, struct sp_err *err);
int agent_remove_volumes(struct agent *a, const struct agent_right *right, const char *stack,
			 struct sp_err *err);
/* "restart", "stop" or "start". */
int agent_command(struct agent *a, const struct agent_right *right, const char *id,
		  const char *command, json_t **ret, struct sp_err *err);
/* Put one part right (docs/api.md): of a workload, or of the node's own network. only: what of the
 * part; NULL: all of it. */
int agent_repair(struct agent *a, const struct agent_right *right, const char *id, const char *part,
		 const char *only, struct sp_err *err);
int agent_repair_network(struct agent *a, const struct agent_right *right, const char *stack,
			 const char *part, struct sp_err *err);
/* Remove what a workload of the stack left behind; absent is fine. */
int agent_remove_extra(struct agent *a, const struct agent_right *right, const char *stack,
		       const char *kind, const char *name, struct sp_err *err);
/* The last lines of its log. */
int agent_tail(struct agent *a, const char *id, int lines, struct sp_buf *out, struct sp_err *err);

/* 1: it is there; 0: it is not. */
int agent_has_blob(struct agent *a, const char *digest, struct sp_err *err);
int agent_put_blob(struct agent *a, const char *digest, int fd, uint64_t len, struct sp_err *err);
/* Name an image whose blobs are all there; returns when it is unpacked. */
int agent_put_image(struct agent *a, const char *reference, const char *digest, struct sp_err *err);
