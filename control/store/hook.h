/*
 * Hooks as the store keeps them: how far each was told. A cursor row is claimed for a while by the
 * controld that delivers, so that several of them tell each event in order, and none twice at once.
 */
#pragma once

#include <jansson.h>
#include <stdint.h>

#include "control/store/store.h"

#define STORE_HOOK_ERROR_MAX 256

struct store_hook {
	char name[STORE_NAME_MAX];
	int64_t cursor;     /* the last event that was told, or was none of its business */
	int64_t delivered;  /* how many were told */
	int64_t failures;   /* in a row */
	int64_t next_at_ns; /* not to be tried before; of the database's clock */
	char error[STORE_HOOK_ERROR_MAX]; /* of the last failure; "" */
};

/* SP_E_NOT_FOUND before it was first claimed. */
int store_hook_get(struct store *s, const char *name, struct store_hook *ret, struct sp_err *err);
json_t *store_hook_view(const struct store_hook *h, int64_t last_seq);

struct store_hook_claim {
	const char *name, *owner;
	int64_t ttl_ns;
};

/* 1: it is the owner's for ttl_ns, and *ret is its state; 0: somebody else has it, or it rests
 * after a failure. A hook that was never seen begins after the last event there is. */
int store_hook_claim(struct store *s, const struct store_hook_claim *c, struct store_hook *ret,
		     struct sp_err *err);

/* Write down how far it came and let it go. SP_E_FENCED when the claim ran out and somebody else
 * took it. */
int store_hook_settle(struct store *s, const struct store_hook *h, const char *owner,
		      struct sp_err *err);
