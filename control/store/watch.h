/*
 * "Something was committed": what those who wait for events or for the end of an operation sleep
 * on. A mere hint: whoever wakes looks into the store.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

struct watch;

struct watch *watch_new(void); /* NULL when out of memory */
void watch_free(struct watch *w);

void watch_hint(void *w);         /* fits store_on_commit() */
void watch_stop(struct watch *w); /* everybody wakes, and nobody sleeps again */
bool watch_stopped(struct watch *w);

/* Where one is now: take it before looking into the store. */
uint64_t watch_mark(struct watch *w);
/* Sleep until there was a hint after mark, or the deadline (CLOCK_MONOTONIC). False: time is up, or
 * it was stopped. */
bool watch_wait(struct watch *w, uint64_t mark, int64_t deadline_ns);
