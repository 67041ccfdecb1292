/* Our launch and exec, through the runtime library; and the floor under any launch. */
#pragma once

#include <stdint.h>

#include "tests/bench/place.h"

struct ours {
	struct place *place;
	int number;
	struct rt_container *live; /* for execs */
	struct rt_spec *live_spec;
};

/* Create, veth with address, start, wait for the end, destroy. */
int ours_launch(void *ours, int64_t *ret_ns);
/* An exec of /true in a container that runs, from the call to its status. */
int ours_exec(void *ours, int64_t *ret_ns);
/* clone3 with the same seven namespaces, id maps, execve of /true, wait. */
int floor_launch(void *ours, int64_t *ret_ns);

int ours_start_live(struct ours *o); /* a container that waits, for ours_exec() and for memory */
void ours_stop_live(struct ours *o);

/* Kilobytes (PSS) that one more container keeps in spinit, over `n` containers. */
double ours_memory_kb(struct place *p, int n);
