/* Condition variables whose waits end by the monotonic clock, that of sp_time_mono_ns(). */
#pragma once

#include <pthread.h>
#include <stdint.h>

#include "base/time.h"

static inline void sp_cond_init(pthread_cond_t *c)
{
	pthread_condattr_t attr;

	pthread_condattr_init(&attr);
	pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	pthread_cond_init(c, &attr);
	pthread_condattr_destroy(&attr);
}

/* As pthread_cond_timedwait(3): 0, or ETIMEDOUT at when_ns. */
static inline int sp_cond_wait_until(pthread_cond_t *c, pthread_mutex_t *lock, int64_t when_ns)
{
	struct timespec when = { .tv_sec = when_ns / SP_NS_PER_S,
				 .tv_nsec = when_ns % SP_NS_PER_S };

	return pthread_cond_timedwait(c, lock, &when);
}
