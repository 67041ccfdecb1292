/*
 * One run of ctl: what every command gets. The connection is made on the first call, so that
 * commands which need no server need no context either.
 */
#pragma once

#include <jansson.h>
#include <stdbool.h>

#include "base/httpc.h"
#include "ctl/args.h"
#include "ctl/context.h"
#include "wire/failure.h"

struct ctl {
	const char *context_path; /* --context; NULL: look for it */
	struct ctl_context *context;
	struct sp_httpc *http; /* controld; NULL before the first call */
	bool inside;           /* the context's network namespace is entered, if it names one */
};

void ctl_fini(struct ctl *ctl);

/* Read the context and enter its network namespace, once. */
int ctl_enter(struct ctl *ctl, struct wire_failure *fail);
/* ctl_enter(), and ctl->http is there. No connection yet. */
int ctl_open(struct ctl *ctl, struct wire_failure *fail);
/* Another handle to controld, for a stream or another thread; the caller frees it. */
int ctl_handle_new(struct ctl *ctl, struct sp_httpc **ret, struct wire_failure *fail);

/* One call of controld's API; *ret (may be NULL) is a new reference. What controld refuses comes
 * back in fail with its whole address. */
int ctl_call(struct ctl *ctl, const char *method, const char *path, const json_t *body,
	     json_t **ret, struct wire_failure *fail);
int ctl_get(struct ctl *ctl, const char *path, json_t **ret, struct wire_failure *fail);

/* Fill fail with an error of ctl's own at the client stage; returns -errno. */
int ctl_fail(struct wire_failure *fail, enum sp_err_code code, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));
/* "ctl ..." as the next command to try; returns -errno of fail. */
int ctl_fail_next(struct wire_failure *fail, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));
/* Fill fail from a call that failed: err, and the error object it left (httpc.h, sp_httpc_json; may
 * be NULL or no object). */
int ctl_fail_from(const struct ctl *ctl, struct wire_failure *fail, const struct sp_err *err,
		  const json_t *error);
