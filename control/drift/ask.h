/* The question to all agents, asked by a thread of its own: meanwhile the store is read. */
#pragma once

#include <jansson.h>
#include <pthread.h>

#include "control/control.h"
#include "control/store/node.h"

struct drift_ask {
	struct control *control;
	const struct store_nodes *nodes; /* the caller's, until the end */
	char path[STORE_NAME_MAX + 32];
	json_t **replies; /* one for each node; NULL: none. Ready after drift_ask_wait() */
	int result;
	struct sp_err err;
	pthread_t thread;
	bool running;
};

int drift_ask_begin(struct drift_ask *a, struct control *c, const struct store_nodes *nodes,
		    const char *stack, struct sp_err *err);
int drift_ask_wait(struct drift_ask *a, struct sp_err *err);
void drift_ask_fini(struct drift_ask *a); /* waits; safe on a zeroed one */
