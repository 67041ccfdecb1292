/* Following an operation until it ends. */
#pragma once

#include <jansson.h>

#include "ctl/ctl.h"
#include "ctl/exit.h"

/*
 * Show the operation's progress on stderr until it ends; *ret is the operation as it ended. A
 * controld that goes away is waited for a minute. Ctrl-C is SP_E_INTERRUPTED: the operation goes on
 * without ctl.
 */
int ctl_follow(struct ctl *ctl, const char *operation, json_t **ret, struct wire_failure *fail);

/* ctl_change() (change.h) that begins an operation, which is followed to its end. */
int ctl_follow_change(struct ctl *ctl, const struct ctl_args *args, const char *method,
		      struct sp_buf *url, const json_t *body, json_t **ret,
		      struct wire_failure *fail);

/* The exit code of an operation that has ended. */
enum ctl_exit ctl_follow_exit(const json_t *operation);
/* What it ended with besides, on stderr: "warning: drift: 2 differences ...". */
void ctl_follow_warn(const json_t *operation);
/* The last words of a command that followed one to its end: "operation op-7: stack 'demo' is
 * deployed", or what went wrong. Its exit status. */
int ctl_follow_finish(const struct ctl_args *args, const json_t *operation, const char *done,
		      struct wire_failure *fail);
