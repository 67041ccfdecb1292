/* What the last proof from outside (ctl verify) of each stack came to. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "control/store/store.h"

#define STORE_VERIFIED_BY_MAX 160

struct store_verification {
	char stack[STORE_NAME_MAX];
	int64_t revision; /* that ran */
	bool ok;
	int64_t passed, warned, failed, skipped; /* checks */
	char verified_by[STORE_VERIFIED_BY_MAX];
	int64_t at_ns; /* by the database's clock */
};

/* Keep it as of now; one that passed marks the snapshots of that revision. The event stack.verified
 * tells. SP_E_CONFLICT when another revision runs by now. */
int store_verification_put(struct store *s, const struct store_verification *v, struct sp_err *err);
/* 1: there is one. */
int store_verification_get(struct store *s, const char *stack, struct store_verification *ret,
			   struct sp_err *err);
