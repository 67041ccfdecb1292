/* Join tokens as the store keeps them: the hash of the secret, never the secret. */
#pragma once

#include <stdint.h>

#include "base/digest.h"
#include "control/store/store.h"

struct store_token {
	char id[STORE_NAME_MAX];
	char hash[SP_DIGEST_MAX];
	int64_t expires_at_ns;
};

int store_token_put(struct store *s, const struct store_token *t, struct sp_err *err);

/*
 * Use a token up, for the node `by`; in a transaction that fails later it is as if unused. A
 * compare-and-swap, so of any number of callers at once exactly one succeeds. SP_E_DENIED when
 * there is no such token, the hash is another, it was used, or its time is over.
 */
int store_token_use(struct store *s, const char *id, const char *hash, const char *by,
		    struct sp_err *err);
