/* What the last drift detection of each stack found. */
#pragma once

#include <jansson.h>

#include "control/store/store.h"

/*
 * Keep what was found: report is the document as the API shows it, key a digest of the findings
 * alone. Where it differs from the key before, and there are findings, the event drift.detected
 * tells, in the same transaction.
 */
struct store_drift {
	const char *stack, *key;
	const json_t *report;
	size_t findings;
};

int store_drift_put(struct store *s, const struct store_drift *d, struct sp_err *err);

/* The last report as a new reference. SP_E_NOT_FOUND: the stack was never looked at. */
int store_drift_get(struct store *s, const char *stack, json_t **ret, struct sp_err *err);

/* When it was looked at last, by the database's clock; 0: never. */
int store_drift_at(struct store *s, const char *stack, int64_t *ret_ns, struct sp_err *err);

/* A finding was put right: the event drift.fixed. finding: as the API shows it. */
int store_drift_fixed(struct store *s, const char *stack, const char *operation,
		      const json_t *finding, struct sp_err *err);
