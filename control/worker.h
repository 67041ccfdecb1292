/* The pool of threads that run operations. An operation is in the store before it is queued here.
 */
#pragma once

#include "base/err.h"

struct control;
struct workers;

int workers_new(struct control *c, unsigned int threads, struct workers **ret, struct sp_err *err);
/* Ends running calls to agents; the operations they belong to are left interrupted. Takes NULL. */
void workers_free(struct workers *w);

int workers_queue(struct workers *w, const char *operation, struct sp_err *err);
