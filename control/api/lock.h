/*
 * The lock of a stack as requests take it. What a request says of it: the header
 * `Stackpilot-From: ann@laptop` (who and from where, as the client says), `?lock=ID` (run under
 * that manual lock), `?wait_ns=` (queue for it), `?reason=`, and the Idempotency-Key, by which the
 * same request keeps its place in the queue.
 */
#pragma once

#include "base/time.h"
#include "control/api/api.h"
#include "control/store/lease.h"

#define LOCK_WAIT_MAX_NS (INT64_C(24) * 3600 * SP_NS_PER_S)

struct lock_ask {
	char who[STORE_LEASE_NAME_MAX], host[STORE_LEASE_NAME_MAX];
	char requester[STORE_LEASE_NAME_MAX]; /* as the connection proves */
	char key[STORE_LEASE_NAME_MAX];       /* random when the request has none */
	const char *under, *reason;           /* NULL: none */
	int64_t wait_ns;
};

int lock_ask_read(struct api *a, struct lock_ask *ret, struct sp_err *err);
/* What it says, for operations of this controld. */
struct store_lease_request lock_request(const struct api *a, const struct lock_ask *ask);

/* Try once; returns 0 when the lock is had, 1 when it is not and the try has queued. */
typedef int (*lock_try_fn)(struct api *a, void *state, struct sp_err *err);
/* Try until it is had, at most ask->wait_ns, or until the client is gone. The error of one who is
 * not granted it is SP_E_LOCKED, and a->at says who has it and what to do. */
int lock_wait(struct api *a, const char *stack, const struct lock_ask *ask, lock_try_fn fn,
	      void *state, struct sp_err *err);

/* The policy of what runs lets its changes run beside a manual lock (require_lock: false). One that
 * cannot be read asks for the safe way. */
bool lock_is_heedless(struct store *s, const char *stack);

/* Do fn under the lock of a stack, for requests that are no operations: it is taken before, in the
 * words of what, and given back after. token is what agents are shown. It is not renewed: what
 * takes longer than `lock_ttl` may lose it, and can then write nothing. */
typedef int (*lock_fn)(struct api *a, int64_t token, void *state, struct sp_err *err);
int lock_run(struct api *a, const char *stack, const char *what, lock_fn fn, void *state,
	     struct sp_err *err);

/* As docs/api.md has it, with its waiters. */
int lock_view(struct store *s, const struct store_lease *l, json_t **ret, struct sp_err *err);
/* The address of a refusal: who has the lock of the stack, and the next command to try. */
void lock_explain(struct store *s, const char *stack, struct wire_failure *ret);
