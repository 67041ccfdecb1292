/* Looking for drift: the nodes are asked, their answers compared, the outcome kept. */
#pragma once

#include "control/control.h"
#include "control/drift/drift.h"

struct drift_report {
	struct drift_findings findings;
	char **unreachable; /* nodes of the stack that did not answer: of those nothing is known */
	json_t *json;       /* as the API shows it */
};

/* SP_E_CONFLICT while an operation is changing the stack, unless it is the one that asks (`within`;
 * NULL: nobody's). */
int drift_detect(struct control *c, struct store *s, const char *stack, const char *within,
		 struct drift_report *ret, struct sp_err *err);
/* Its halves: what is found, and that it becomes the last detection. */
int drift_find(struct control *c, struct store *s, const char *stack, const char *within,
	       struct drift_report *ret, struct sp_err *err);
int drift_keep(struct store *s, const struct drift_report *report, struct sp_err *err);
void drift_report_fini(struct drift_report *r);
