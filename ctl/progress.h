/*
 * The progress of an operation: one line for each step that ended, in the order of their ends; on a
 * terminal also the running ones, redrawn in place below.
 */
#pragma once

#include <jansson.h>
#include <stdio.h>

#include "base/err.h"

struct ctl_progress;

/* Live lines only where out is a terminal. */
int ctl_progress_new(FILE *out, struct ctl_progress **ret, struct sp_err *err);
void ctl_progress_free(struct ctl_progress *p); /* takes the live lines away; takes NULL */

/* Print what is new in the operation. */
void ctl_progress_update(struct ctl_progress *p, const json_t *operation);
/* A line of talk in between. */
void ctl_progress_say(struct ctl_progress *p, const char *text);
