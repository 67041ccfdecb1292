/* The pool of threads that run operations. An operation is in the store before it is queued here.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "control/store/store.h"

struct control;
struct workers;

int workers_new(struct control *c, unsigned int threads, struct workers **ret, struct sp_err *err);
/* Ends running calls to agents; the operations they belong to are left as they are. Takes NULL. */
void workers_free(struct workers *w);

struct workers_list {
	char (*ids)[STORE_NAME_MAX];
	size_t n;
};

/* Operations that are queued or run here; free it in any case. */
int workers_list(struct workers *w, struct workers_list *ret, struct sp_err *err);
void workers_list_fini(struct workers_list *list);
/* The lock of one is ours until then (CLOCK_MONOTONIC); or no more: it is not begun, or ends soon.
 * Nothing happens to one that is not here. */
void workers_extend(struct workers *w, const char *operation, int64_t until_ns);
bool workers_stop(struct workers *w, const char *operation); /* false: it is not here */
/* The same for all whose lock was not extended in time. */
void workers_stop_expired(struct workers *w);

/* Queue it, unless it is queued or running here already. */
int workers_queue(struct workers *w, const char *operation, struct sp_err *err);
bool workers_have(struct workers *w, const char *operation);
