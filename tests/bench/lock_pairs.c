/*
 * How long it takes to acquire a stack's lock and release it, with the events that tell of it:
 * lock_pairs URL RUNS prints the median in milliseconds.
 */
#include <err.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/time.h"
#include "control/store/lease.h"

#define WARMUP     20
#define RUNS_MAX   100000
#define LOCK_TTL_S 60

static void pair(struct store *s)
{
	struct store_lease_request q = { .stack = "demo",
					 .kind = STORE_LEASE_MANUAL,
					 .locked_by = "bench",
					 .requested_by = "bench",
					 .host = "here",
					 .reason = "measuring",
					 .ttl_ns = LOCK_TTL_S * SP_NS_PER_S };
	struct store_lease l = { 0 };
	struct sp_err why = { 0 };

	if (store_lease_acquire(s, &q, &l, &why) != STORE_LEASE_GRANTED ||
	    store_lease_release(s, "demo", l.id, "bench", &why) < 0)
		errx(1, "lock_pairs: %s", why.message);
}

static int by_size(const void *a, const void *b)
{
	int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;

	return (x > y) - (x < y);
}

int main(int argc, char **argv)
{
	int runs = argc > 2 ? atoi(argv[2]) : 0;
	struct store *s = NULL;
	struct sp_err why = { 0 };
	int64_t *took;

	if (runs < 1 || runs > RUNS_MAX)
		errx(1, "usage: lock_pairs URL RUNS");
	took = calloc((size_t)runs, sizeof(*took));
	if (!took || store_open(argv[1], NULL, &s, &why) < 0)
		errx(1, "lock_pairs: %s", why.message);
	for (int i = 0; i < WARMUP; i++)
		pair(s);
	for (int i = 0; i < runs; i++) {
		int64_t began = sp_time_mono_ns();

		pair(s);
		took[i] = sp_time_mono_ns() - began;
	}
	qsort(took, (size_t)runs, sizeof(*took), by_size);
	printf("%.3f\n", (double)took[runs / 2] / (double)SP_NS_PER_MS);
	free(took);
	store_close(s);
	return 0;
}
