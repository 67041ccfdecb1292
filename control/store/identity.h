/*
 * Whose the store is: the first controld that opens it leaves what all others must share, the
 * cluster's authority and the key that seals. It is also where a store that was moved says so.
 */
#pragma once

#include "control/store/store.h"

#define STORE_IDENTITY_MAX 160

/* 1: the value is this, or was free and now is; 0: it is another, ret_other. */
int store_identity_claim(struct store *s, const char *name, const char *value,
			 char ret_other[STORE_IDENTITY_MAX], struct sp_err *err);

/* 1: somebody has claimed it; 0: nobody yet. */
int store_identity_owned(struct store *s, struct sp_err *err);

/* Claim the authority and the key; a store of others is SP_E_DENIED, with what to copy. A store
 * that was moved away is SP_E_DENIED, with where to. */
int store_identity_check(struct store *s, const char *ca_fingerprint, const char *seal_id,
			 struct sp_err *err);
