/* What is free in the middle of the heap goes back to the kernel, and what is in use stays. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "agentd/heap.h"

#define BLOCK  8192
#define BLOCKS 512

static char *blocks[BLOCKS];

static void take(void)
{
	for (int i = 0; i < BLOCKS; i++) {
		blocks[i] = malloc(BLOCK);
		cr_assert(blocks[i]);
		memset(blocks[i], i, BLOCK);
	}
}

#ifndef __SANITIZE_ADDRESS__ /* it has a heap of its own */
static long resident(void)
{
	FILE *f = fopen("/proc/self/statm", "re");
	long pages = 0;

	cr_assert_eq(fscanf(f, "%*d %ld", &pages), 1);
	fclose(f);
	return pages * sysconf(_SC_PAGESIZE);
}

Test(heap, gives_back_what_lies_free_below_what_lives_on)
{
	long full;

	heap_keep_small();
	take();
	full = resident();
	for (int i = 0; i < BLOCKS - 1; i++)
		free(blocks[i]);
	cr_expect_gt(resident(), full - BLOCK * BLOCKS / 2, "the last block holds the rest");
	cr_expect(heap_give_back());
	cr_expect_lt(resident(), full - BLOCK * BLOCKS / 2);
	cr_expect_eq(blocks[BLOCKS - 1][BLOCK - 1], (char)(BLOCKS - 1));
	free(blocks[BLOCKS - 1]);
}
#endif

Test(heap, leaves_a_heap_in_use_alone)
{
	heap_keep_small();
	take();
	cr_expect_not(heap_give_back());
	for (int i = 0; i < BLOCKS; i++)
		free(blocks[i]);
}
