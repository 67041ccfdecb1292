/* What store.c and transact.c share: an open store. */
#pragma once

#include "control/store/store.h"

struct store {
	struct db *db;
	const struct seal *seal; /* borrowed; NULL: none */
	int depth;               /* of nested transactions; only the outermost is the engine's */
	int written;             /* events of the open transaction */
	char writer[STORE_NAME_MAX]; /* who marks its transactions as done; unique */
	int64_t number;              /* of the last transaction */
	void (*on_commit)(void *owner);
	void *owner;
	store_fn guard; /* NULL: none */
	void *guard_state;
};
