/*
 * The whole store, row by row, into another database of either engine: a backup, or a move. What is
 * sealed stays sealed.
 */
#pragma once

#include <stdbool.h>

#include "control/store/store.h"

/*
 * As of one moment, while others go on writing. The database at url must be empty. Tokens in the
 * copy are far ahead, so that agents, which remember the highest they have seen, trust whoever goes
 * back to it.
 */
int store_backup(struct store *s, const char *url, struct sp_err *err);

/*
 * Copy everything to the empty database at url, and close this one for good: writers wait while it
 * lasts and are refused afterwards. SP_E_CONFLICT while an operation runs.
 */
int store_move_check(struct store *s, const char *url, struct sp_err *err); /* would it begin? */
int store_move(struct store *s, const char *url, struct sp_err *err);
