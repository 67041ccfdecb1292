/* What the porter of a state socket does, in a process of its own; see state_porter.h. */
#pragma once

#include <stdint.h>
#include <sys/types.h>

struct state_porter_work {
	pid_t agent; /* whose child it is */
	int outside; /* listens */
	int inside;  /* O_PATH, the agent's socket */
	uint32_t first_uid, n_uids;
};

/* In the child, which keeps nothing else of the agent's open. */
_Noreturn void state_porter_child(const struct state_porter_work *work);
