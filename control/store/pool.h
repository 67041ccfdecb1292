/* Stores for threads that come and go: a connection is lent to one thread at a time. */
#pragma once

#include "control/store/store.h"

struct store_pool;

struct store_pool_conf {
	const char *url;
	const struct seal *seal;        /* borrowed */
	void (*on_commit)(void *owner); /* as store_on_commit(), for every store of the pool */
	void *owner;
};

int store_pool_new(const struct store_pool_conf *conf, struct store_pool **ret,
		   struct sp_err *err);     /* opens the first one */
void store_pool_free(struct store_pool *p); /* all must be back; takes NULL */

int store_pool_take(struct store_pool *p, struct store **ret, struct sp_err *err);
void store_pool_give(struct store_pool *p, struct store *s); /* takes NULL */
