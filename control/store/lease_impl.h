/* What the files of store_lease share: the row as a whole, and the events of its changes. */
#pragma once

#include "control/store/lease.h"

/* A stack without a row gets token 0 and no holder. */
int lease_load(struct store *s, const char *stack, struct store_lease *ret, struct sp_err *err);
/* The lease that an operation runs under; 0: none, 1: *ret is it. */
int lease_of_running(struct store *s, const char *operation, struct store_lease *ret,
		     struct sp_err *err);
int lease_put(struct store *s, const struct store_lease *l, struct sp_err *err);
/* Nobody holds it: what is left is stack and token. */
void lease_clear(struct store_lease *l);
/* The same with its event, for a lease whose time is up; so events alone tell who holds it. */
int lease_bury(struct store *s, struct store_lease *l, struct sp_err *err);
/* It is held, and by that id. */
int lease_match(const struct store_lease *l, const char *id, struct sp_err *err);
/* A new holder: an id of its own and the next token; times from l->now_ns and ttl. */
int lease_renew_identity(struct store_lease *l, struct sp_err *err);

/* "lock.acquired" and the like; by NULL: the holder itself. */
int lease_tell(struct store *s, const char *type, const struct store_lease *l, const char *by,
	       const char *reason, struct sp_err *err);
