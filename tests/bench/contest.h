/* A contest: several ways of doing the same thing, timed in turn in one run. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#define CONTEST_RUNS_MAX 2000

struct contestant {
	const char *name;
	int (*run)(void *state, int64_t *ret_ns); /* once; -1 takes it out of the contest */
	void *state;
	bool out;
	int64_t ns[CONTEST_RUNS_MAX];
};

/* `runs` rounds after a few to warm up; in each round every contestant has one turn. */
void contest_run(struct contestant *all, int n, int runs);
double contest_median_ms(struct contestant *c, int runs); /* sorts */
double contest_p99_ms(struct contestant *c, int runs);    /* after the median */
