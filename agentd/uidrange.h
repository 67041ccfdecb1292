/*
 * Host uid ranges: each workload has 65536 uids (and gids) of the host to itself as long as it
 * exists. Which range belongs to whom is on disk before the range is used, so that no two workloads
 * ever overlap, whatever crashes when.
 */
#pragma once

#include <jansson.h>
#include <stdint.h>

#include "base/err.h"

#define UIDRANGE_SIZE 65536
#define UIDRANGE_MAX  4094 /* ranges, so that all stay below 2^31 with the default first uid */

struct uidrange {
	int dirfd; /* borrowed */
	uint32_t first;
	json_t *taken; /* {"id": index} */
	uint64_t map[(UIDRANGE_MAX + 63) / 64];
};

/* Load uids.json below dirfd; absent is an empty table. */
int uidrange_open(struct uidrange *u, int dirfd, uint32_t first, struct sp_err *err);
void uidrange_close(struct uidrange *u);

/* The first uid of id's range; a new one is written down before it is returned. */
int uidrange_take(struct uidrange *u, const char *id, uint32_t *ret_first, struct sp_err *err);
int uidrange_give_back(struct uidrange *u, const char *id,
		       struct sp_err *err); /* unknown is fine */
