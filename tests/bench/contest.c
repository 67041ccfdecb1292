/* A contest; see contest.h. */
#include "tests/bench/contest.h"

#include <stdio.h>
#include <stdlib.h>

#define WARM_UP 3

static void turn(struct contestant *c, int round)
{
	int64_t ns = 0;

	if (c->out)
		return;
	if (c->run(c->state, &ns) < 0) {
		fprintf(stderr, "bench: %s does not run here\n", c->name);
		c->out = true;
	}
	if (round >= 0)
		c->ns[round] = ns;
}

void contest_run(struct contestant *all, int n, int runs)
{
	for (int round = -WARM_UP; round < runs; round++)
		for (int i = 0; i < n; i++)
			turn(&all[i], round);
}

static int compare(const void *a, const void *b)
{
	int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;

	return (x > y) - (x < y);
}

double contest_median_ms(struct contestant *c, int runs)
{
	qsort(c->ns, (size_t)runs, sizeof(c->ns[0]), compare);
	return (double)c->ns[runs / 2] / 1e6;
}

double contest_p99_ms(struct contestant *c, int runs)
{
	return (double)c->ns[runs * 99 / 100] / 1e6;
}
