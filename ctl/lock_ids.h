/*
 * Ids of the locks this user acquired, kept beside the context file: locks.json, one object for
 * each controld, {"https://192.168.56.10:7700": {"demo": "lock-0a1b2c3d4e5f"}}. A convenience:
 * without it the id is given with --lock.
 */
#pragma once

#include "ctl/context.h"

/* id NULL: forget it. */
int ctl_lock_ids_keep(const struct ctl_context *c, const char *stack, const char *id,
		      struct sp_err *err);
/* On the heap; NULL when there is none. */
char *ctl_lock_ids_find(const struct ctl_context *c, const char *stack);
