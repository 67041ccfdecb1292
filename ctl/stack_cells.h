/* Cells that tell of a stack as GET /v1/stacks/{name} has it; of output.h's kind. */
#pragma once

#include <jansson.h>

#include "base/buf.h"

/* "deploy succeeded in 1.250s by operator:ann, 3m10s ago (op-7)" */
void stack_put_operation(const json_t *stack, struct sp_buf *out);
/* "12: 10 succeeded, 2 reverted" */
void stack_put_executions(const json_t *stack, struct sp_buf *out);
/* "ann on laptop (manual)"; nothing when nobody holds it */
void stack_put_lock(const json_t *stack, struct sp_buf *out);
/* "3, last v3 of revision 2, 1h ago" */
void stack_put_snapshots(const json_t *stack, struct sp_buf *out);
/* "none, 10s ago", "2 findings, 10s ago"; nothing before the first look */
void stack_put_drift(const json_t *stack, struct sp_buf *out);
/* "in 71h59m", "overdue"; nothing when it is never to go */
void stack_put_expires(const json_t *stack, struct sp_buf *out);
/* "passed 12 checks of revision 3 by operator:ann, 5m ago"; nothing before the first */
void stack_put_verify(const json_t *stack, struct sp_buf *out);
