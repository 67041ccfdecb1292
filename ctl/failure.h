/* Failures as people read them: what failed and where, why, the evidence, and what to do next. */
#pragma once

#include <stdio.h>

#include "base/buf.h"
#include "wire/failure.h"

/*
 *   error: start of demo-db-1 on worker1, attempt 3 of 3: exited with status 1
 *       FATAL: data directory has wrong ownership
 *   next: ctl logs demo-db-1
 */
void ctl_failure_print(const struct wire_failure *f, FILE *out);
/* The evidence alone, indented. */
void ctl_failure_evidence(const struct wire_failure *f, struct sp_buf *out);
