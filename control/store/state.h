/*
 * The state of a stack: keys with text values, which its tasks and people set. Every change is a
 * version of its own; a removal is one without a value. Values are stored sealed, whether they are
 * sensitive or not. It goes when the stack is destroyed.
 */
#pragma once

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#include "control/store/store.h"

#define STORE_STATE_VALUE_MAX (64 << 10) /* bytes */
#define STORE_STATE_KEYS_MAX  1000       /* of one stack */
#define STORE_STATE_ANY       INT64_C(-1)

struct store_state_change {
	const char *stack, *key; /* key: an sp_id */
	const char *value;       /* NULL: remove it */
	bool sensitive;          /* shown only on request */
	const char *by;
	int64_t expected; /* version it must be at, 0: not there; STORE_STATE_ANY */
};

/*
 * The version that the change made. SP_E_NOT_FOUND: no such stack, or nothing to remove;
 * SP_E_CONFLICT: it is at another version than expected; SP_E_INVALID, SP_E_TOO_LARGE.
 */
int store_state_write(struct store *s, const struct store_state_change *c, int64_t *ret_version,
		      struct sp_err *err);

struct store_state_value {
	char *value;
	int64_t version;
	bool sensitive;
};

void store_state_value_fini(struct store_state_value *v); /* wipes */
#define autostate __attribute__((cleanup(store_state_value_fini)))

int store_state_get(struct store *s, const char *stack, const char *key,
		    struct store_state_value *ret, struct sp_err *err);
/* 1: the last change of the key was that of `by`, who removed it, in that version. */
int store_state_removed_by(struct store *s, const struct store_state_change *removal,
			   int64_t *ret_version, struct sp_err *err);
/* [{"key", "version", "sensitive", "set_by", "set_at"}], by key, without values. */
int store_state_list(struct store *s, const char *stack, json_t **ret, struct sp_err *err);
