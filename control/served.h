/*
 * The mark of a control host that has served a cluster: a file in the state directory. From then on
 * what makes the cluster (its authority, its seal key, its store) is never made anew when it is
 * missing: that would be another cluster, and nobody would know of what runs in this one.
 */
#pragma once

#include <stdbool.h>

#include "base/err.h"
#include "control/config.h"

#define SERVED_FILE "served"

/* *ret: it has served. SP_E_DENIED with the file when the key or the authority is missing then. */
int served_check(const struct config *config, bool *ret, struct sp_err *err);
/* The store has no owner although this host has served. */
int served_refuse_empty(const struct config *config, struct sp_err *err);
int served_mark(const struct config *config, struct sp_err *err);
