/* Stores for threads that come and go: a connection is lent to one thread at a time. */
#pragma once

#include "control/store.h"

struct store_pool;

/* on_commit: as store_on_commit(), for every store of the pool. Opens the first one. */
int store_pool_new(const char *url, void (*on_commit)(void *owner), void *owner,
		   struct store_pool **ret, struct sp_err *err);
void store_pool_free(struct store_pool *p); /* all must be back; takes NULL */

int store_pool_take(struct store_pool *p, struct store **ret, struct sp_err *err);
void store_pool_give(struct store_pool *p, struct store *s); /* takes NULL */
