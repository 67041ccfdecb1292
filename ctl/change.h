/*
 * Calls that change a stack: they take its lock, wait for it when asked to, or run under a manual
 * one. Every command that changes a stack has these flags and makes its call with ctl_change().
 */
#pragma once

#include "base/buf.h"
#include "ctl/ctl.h"

#define CTL_FLAG_WAIT                                                          \
	{                                                                      \
		.name = "wait", .type = CTL_DURATION, .optional = true,        \
		.help = "wait for the stack's lock, as long as that or no end" \
	}
#define CTL_FLAGS_LOCK                                                         \
	{ .name = "lock",                                                      \
	  .type = CTL_STRING,                                                  \
	  .value = "ID",                                                       \
	  .help = "run under the manual lock of that id (ctl lock acquire)" }, \
		CTL_FLAG_WAIT,                                                 \
	{                                                                      \
		.name = "reason", .type = CTL_STRING, .value = "TEXT",         \
		.help = "kept with the lock, for whoever finds it held"        \
	}

/* As ctl_call(); the flags are added to url. key is the request's idempotency key, NULL: a random
 * one. SP_E_LOCKED: somebody else has the stack. */
int ctl_change(struct ctl *ctl, const struct ctl_args *args, const char *method, struct sp_buf *url,
	       const json_t *body, const char *key, json_t **ret, struct wire_failure *fail);
