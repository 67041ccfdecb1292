/*
 * The lock of each stack: a lease row that is never deleted. Whoever holds it has an id and a
 * fencing token; the token grows at each change of holder and agents refuse a lower one. All times
 * are the database's.
 *
 * Two kinds. `operation`: taken for one change and gone with it. `manual`: taken by a person, with
 * a reason, until it is released or its time is up; operations may be run under it by its id.
 *
 * An operation runs on one controld, its *runner*, which renews for as long as it lives. A lease
 * whose time is up is free, unless an operation is unfinished on it: that one must be taken over
 * (store_lease_take_over) and brought to an end before anybody else gets the stack.
 *
 * Waiters queue (waiter.h): a free lease goes to the first of them.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "control/store/store.h"

#define STORE_LEASE_ID_MAX     32
#define STORE_LEASE_NAME_MAX   128 /* of a person, a host, an operation */
#define STORE_LEASE_REASON_MAX 256
#define STORE_LEASE_RUNNER_MAX 320

/* symbol, name */
#define STORE_LEASE_KINDS(X)      \
	X(OPERATION, "operation") \
	X(MANUAL, "manual")

enum store_lease_kind {
#define X(sym, name) STORE_LEASE_##sym,
	STORE_LEASE_KINDS(X)
#undef X
};

struct store_lease {
	char stack[STORE_NAME_MAX];
	int64_t token;               /* the highest ever given; 0: the stack was never locked */
	char id[STORE_LEASE_ID_MAX]; /* "": nobody holds it, and only stack and token count */
	enum store_lease_kind kind;
	char locked_by[STORE_LEASE_NAME_MAX];    /* who, as they say */
	char requested_by[STORE_LEASE_NAME_MAX]; /* who, as the connection proves */
	char host[STORE_LEASE_NAME_MAX];         /* from where */
	char operation[STORE_LEASE_NAME_MAX];    /* what for: "deploy", or the person's words */
	char reason[STORE_LEASE_REASON_MAX];
	char key[STORE_LEASE_NAME_MAX];      /* of the request that got it; "": none */
	char running[STORE_NAME_MAX];        /* unfinished operation under it; "": none */
	char runner[STORE_LEASE_RUNNER_MAX]; /* the controld that runs it */
	int64_t acquired_at_ns, renewed_at_ns, expires_at_ns, ttl_ns;
	int64_t runner_until_ns; /* the runner is alive until then, or later */
	int64_t now_ns;          /* when this was read */
};

struct store_lease_request {
	const char *stack;
	enum store_lease_kind kind;
	const char *key; /* the same key gets the same lock and keeps its place in the queue;
			    NULL: none, and no queueing */
	const char *locked_by, *requested_by, *host, *operation, *reason; /* NULL: "" */
	int64_t ttl_ns;
	const char *running; /* operation that will run under it; NULL: none */
	const char *runner;  /* with running */
	const char *under;   /* run under the manual lock of that id; NULL: take the lease */
	bool heedless; /* run beside a manual lock of anybody's (policy require_lock: false) */
	bool queue;    /* when it is held: wait for it */
};

const char *store_lease_kind_name(enum store_lease_kind kind);
/* Somebody has it: its time is not up, or an operation is unfinished on it. */
bool store_lease_is_held(const struct store_lease *l);

enum { STORE_LEASE_GRANTED, STORE_LEASE_HELD };
/*
 * STORE_LEASE_GRANTED: *ret is the caller's lease, with its token. STORE_LEASE_HELD: *ret is the
 * holder's; or nobody's, when it is free but others wait for it. SP_E_CONFLICT: the lock to run
 * under is not the one that is held. Joins an open transaction.
 */
int store_lease_acquire(struct store *s, const struct store_lease_request *q,
			struct store_lease *ret, struct sp_err *err);

/* The SP_E_LOCKED of one who was not granted it, from what store_lease_acquire() put in *ret. */
int store_lease_refuse(const struct store_lease *l, struct sp_err *err);

/* Give back a lock by its id. SP_E_DENIED: it is another requester's; SP_E_CONFLICT: it is not that
 * lock, or an operation runs under it; SP_E_NOT_FOUND: nobody holds the lock of that stack. */
int store_lease_release(struct store *s, const char *stack, const char *id,
			const char *requested_by, struct sp_err *err);

/* Which lock, and who says that it is theirs. */
struct store_lease_claim {
	const char *stack, *id, *requested_by;
};

/* A manual lock is its holder's for ttl from now; its token stays. *ret is the lease. Errors as of
 * store_lease_release(), but an operation may run under it. */
int store_lease_extend(struct store *s, const struct store_lease_claim *claim, int64_t ttl_ns,
		       struct store_lease *ret, struct sp_err *err);

struct store_lease_force {
	const char *stack, *id; /* exactly the one that is held */
	const char *by, *reason;
};
/* Take a lock away: the token grows, and an operation unfinished on it has failed. *ret is the
 * lease as it was. Errors as of store_lease_release(). */
int store_lease_force(struct store *s, const struct store_lease_force *f, struct store_lease *ret,
		      struct sp_err *err);

/* SP_E_NOT_FOUND for a stack that was never locked and does not exist. */
int store_lease_get(struct store *s, const char *stack, struct store_lease *ret,
		    struct sp_err *err);

struct store_leases {
	struct store_lease *list; /* by stack; only held ones */
	size_t n;
};
void store_leases_fini(struct store_leases *l);
#define autoleases __attribute__((cleanup(store_leases_fini)))
int store_lease_list(struct store *s, struct store_leases *ret, struct sp_err *err);

/* From now on each transaction of s needs that lease to be held still, by its id: one who was
 * stopped for longer than it lives can change nothing. Ends with store_guard(s, NULL, NULL); l
 * outlives it. */
void store_lease_guard(struct store *s, struct store_lease *l);

/* What an operation holds its lease by. */
struct store_lease_right {
	const char *operation, *runner;
	int64_t token; /* 0: whatever it is */
};

/* Still the operation's: 0. SP_E_FENCED tells what became of it. */
int store_lease_check(struct store *s, const struct store_lease_right *right, struct sp_err *err);
/* The same, and it is the operation's for ttl more. A lease whose time was up stays lost. */
int store_lease_renew(struct store *s, const struct store_lease_right *right, int64_t ttl_ns,
		      struct sp_err *err);
/* The operation has ended: its own lease is free, a manual one stays its holder's. For
 * store_operation_finish(), in its transaction. */
int store_lease_end(struct store *s, const char *operation, struct sp_err *err);

struct store_lease_takeover {
	const char *operation, *runner;
	int64_t ttl_ns;
	bool restarted; /* the runner has just begun to live: what was its own is nobody's */
};
/*
 * Make an unfinished operation the runner's. STORE_LEASE_GRANTED: the operation has the token in
 * *ret_token, higher than any before. STORE_LEASE_HELD: its runner is alive. SP_E_CONFLICT: the
 * operation has ended, or somebody else has the stack.
 */
int store_lease_take_over(struct store *s, const struct store_lease_takeover *t, int64_t *ret_token,
			  struct sp_err *err);

/* Unfinished operations whose runner is dead, or is `restarted` (NULL: none is); at most max. */
int store_lease_orphans(struct store *s, const char *restarted, char (*ret)[STORE_NAME_MAX],
			size_t max, size_t *ret_n, struct sp_err *err);
/* Leases whose time is up become free, each with its event. Returns how many. */
int store_lease_sweep(struct store *s, struct sp_err *err);
