/*
 * When stacks are to go: a stack whose file says so (x-stackpilot.ttl) has a time after which it is
 * destroyed, counted anew from each deploy. All times are the database's.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "control/store/store.h"

/* It expires so long from now; 0: never. *ret_at_ns says when. The event stack.expires tells when
 * that changes anything. */
int store_expiry_set(struct store *s, const char *stack, int64_t ttl_ns, const char *operation,
		     int64_t *ret_at_ns, struct sp_err *err);

/* Stacks whose time is up, by name; at most max. */
int store_expiry_due(struct store *s, char (*ret)[STORE_NAME_MAX], size_t max, size_t *ret_n,
		     struct sp_err *err);
/* Is its time up? SP_E_CONFLICT when it is not (it was deployed again); else it is not due again
 * before retry_ns from now, in case that its destroy fails. For the transaction that begins it. */
int store_expiry_claim(struct store *s, const char *stack, int64_t retry_ns, struct sp_err *err);
/* Its time is up and it stays, for this reason; the event stack.overdue tells of each reason once.
 */
int store_expiry_waits(struct store *s, const char *stack, const char *why, struct sp_err *err);
