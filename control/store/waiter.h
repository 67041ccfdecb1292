/*
 * Who waits for the lock of a stack, first come first served. A waiter shows that it is alive; one
 * that is silent for STORE_WAITER_TTL_NS loses its place.
 */
#pragma once

#include <jansson.h>
#include <stdint.h>

#include "base/time.h"
#include "control/store/lease.h"

#define STORE_WAITER_TTL_NS (6 * SP_NS_PER_S)

struct store_waiter {
	char stack[STORE_NAME_MAX], key[STORE_LEASE_NAME_MAX];
	char locked_by[STORE_LEASE_NAME_MAX], host[STORE_LEASE_NAME_MAX];
	char operation[STORE_LEASE_NAME_MAX];
	int64_t since_ns;
};

/* Queue up, or show that one still waits. In a transaction. */
int store_waiter_keep(struct store *s, const struct store_lease_request *q, struct sp_err *err);
int store_waiter_leave(struct store *s, const char *stack, const char *key, struct sp_err *err);

/* 1: the first one; 0: nobody waits. */
int store_waiter_first(struct store *s, const char *stack, struct store_waiter *ret,
		       struct sp_err *err);
/* Append each in its order: fn returns 0 to go on. */
int store_waiter_each(struct store *s, const char *stack,
		      int (*fn)(const struct store_waiter *w, void *state), void *state,
		      struct sp_err *err);
