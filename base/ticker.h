/*
 * A thread that does one thing by the clock: it sleeps, acts, and sleeps for as long as the act
 * says.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"

struct sp_ticker;

/* Returns how long to sleep before the next act, in nanoseconds. Runs in the ticker's own thread.
 */
typedef int64_t (*sp_ticker_fn)(struct sp_ticker *t, void *owner);

struct sp_ticker_conf {
	const char *name; /* for the error where no thread can be had */
	sp_ticker_fn act;
	void *owner;
	int64_t first_ns; /* sleep before the first act */
};

int sp_ticker_new(const struct sp_ticker_conf *conf, struct sp_ticker **ret, struct sp_err *err);
/* Ends the sleep; one that comes during an act is followed by another act. */
void sp_ticker_kick(struct sp_ticker *t);
/* For a long act: it is waited for. */
bool sp_ticker_stopping(struct sp_ticker *t);
void sp_ticker_free(struct sp_ticker *t); /* waits for the act under way; takes NULL */
