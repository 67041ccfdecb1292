/*
 * Hints between the controld that share a database server: a commit of one wakes those who wait in
 * the others. One thread with a connection of its own; what was committed meanwhile is told once
 * (NOTIFY, outside of the transactions), and the last event's number is looked at now and then, for
 * hints that were lost and for poolers that let none through.
 */
#pragma once

#include "control/store/watch.h"

#include "base/err.h"
#include "base/mem.h"

struct bell;

struct bell_conf {
	const char *url;
	struct watch *watch; /* borrowed; hinted at by this and by the others */
	int64_t poll_ns;     /* 0: what fits the engine */
};

/* *ret is NULL when the engine has no others: then watch_hint() alone will do. */
int bell_new(const struct bell_conf *conf, struct bell **ret, struct sp_err *err);
void bell_free(struct bell *b); /* takes NULL */
SP_AUTO(struct bell *, bell_free)

void bell_ring(void *bell); /* fits store_on_commit(); hints at the own watch too */
