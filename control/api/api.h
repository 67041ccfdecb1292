/*
 * The HTTP API: what its handlers share. The table of routes is api.c; each api_<resource>.c holds
 * the handlers of one resource. A handler runs in its connection's own thread and may block.
 */
#pragma once

#include <jansson.h>

#include "base/httpd.h"
#include "control/control.h"
#include "wire/failure.h"

/* Who may call a route. */
enum api_access { API_OPERATOR, API_OPEN };

/* One request: what a handler works with. */
struct api {
	struct control *control;
	struct store *store;
	struct sp_httpd_req *req;
	struct wire_failure at; /* the address of what goes wrong: node, resource, evidence, next */
	bool replied;
};

typedef int (*api_fn)(struct api *a, struct sp_err *err);

/* Lend it a store, run it, reply with its error if it returned one and has not replied. */
void api_run(struct sp_httpd_req *req, void *owner, api_fn fn);

#define API_HANDLER(name)                                         \
	static int name##_run(struct api *a, struct sp_err *err); \
	void name(struct sp_httpd_req *req, void *owner)          \
	{                                                         \
		api_run(req, owner, name##_run);                  \
	}                                                         \
	static int name##_run(struct api *a, struct sp_err *err)

/* For the handler's `return`. json is stolen; NULL is out of memory. */
int api_reply(struct api *a, int status, json_t *json, struct sp_err *err);
/* {"<key>": json} */
int api_reply_as(struct api *a, const char *key, json_t *json, struct sp_err *err);
int api_reply_accepted(struct api *a, const char *operation, struct sp_err *err);

/* An operation that a request begins. */
struct api_begin {
	const char *kind, *stack, *request;
	bool heedless;  /* beside a manual lock of anybody's (policy require_lock: false) */
	store_fn allow; /* asked once it has the lock, in the transaction that begins it; or NULL */
	void *allow_state;
};

/* Begin it in the store, under the stack's lock, and queue it unless it was begun before: 202. */
int api_begin(struct api *a, const struct api_begin *b, struct sp_err *err);

/* Query parameters; absent gives the fallback, malformed or out of range is an error. */
int api_query_int(struct api *a, const char *name, int64_t min, int64_t max, int64_t fallback,
		  int64_t *ret, struct sp_err *err);
bool api_query_flag(struct api *a, const char *name); /* "1" or "true" */
/* The request's object body; new reference. */
int api_body(struct api *a, json_t **ret, struct sp_err *err);
/* "operator:ann", "local:0". */
void api_requester(const struct api *a, char *ret, size_t room);
/* An agent of the node of that name, open. */
int api_agent(struct api *a, const char *node, struct agent **ret, struct sp_err *err);
/* Keep the address of an agent's refusal; returns r. */
int api_agent_failed(struct api *a, const struct agent *agent, int r, const struct sp_err *err);

int api_listen(struct control *c, struct sp_err *err); /* sets c->httpd */

#define API_LONG_POLL_MAX_NS (INT64_C(600) * 1000000000)
