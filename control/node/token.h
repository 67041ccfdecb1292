/*
 * One-time join tokens: "SP1.<id>.<secret>.<sha256 of the CA's DER>". The last part lets a node
 * check whom it talks to before it tells the secret; the store keeps only the secret's hash.
 */
#pragma once

#include <stdint.h>

#include "control/store/store.h"

#define TOKEN_MAX    192
#define TOKEN_TTL_NS (INT64_C(3600) * 1000000000) /* where the caller names none */

struct token_made {
	char token[TOKEN_MAX];
	int64_t expires_at_ns;
};

int token_make(struct store *s, const char *ca_fingerprint, int64_t ttl_ns, struct token_made *ret,
	       struct sp_err *err);

/* Use it up for node `by`; see store_token_use(). A token of another cluster is SP_E_DENIED. */
int token_use(struct store *s, const char *ca_fingerprint, const char *token, const char *by,
	      struct sp_err *err);
