/* The store's tables, as numbered migrations that are applied once each, in order. */
#pragma once

#include "base/err.h"
#include "control/store/db.h"

/* Bring the database up to this program's schema; one that is newer is refused. Returns 1 when
 * there was something to do. */
int store_schema_migrate(struct db *db, struct sp_err *err);
int store_schema_latest(void);
