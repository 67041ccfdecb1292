/*
 * The agent's directories, opened once. All of them are 0700 and root's.
 *
 *   state_dir/node.json, peers.json, uids.json, tls/
 *   state_dir/workloads/ID/      spec.json, state.json, deleted, net/, run/N/ (the incarnation)
 *   state_dir/tokens/STACK       highest fencing token seen
 *   state_dir/events/            see events.h
 *   state_dir/volumes/ID/        stack, data/
 *   state_dir/images/, logs/, cache/, trash/
 *   run_dir/agentd.sock, logs/
 */
#pragma once

#include "base/err.h"

#define DIRS(X)      \
	X(workloads) \
	X(tokens)    \
	X(events)    \
	X(volumes)   \
	X(logs)      \
	X(cache)     \
	X(trash)     \
	X(tls)

struct dirs {
	char *state_path, *run_path; /* absolute */
	int state, run;              /* O_PATH would not do: files are made and synced here */
	int lock;                    /* held as long as the agent runs */
#define X(name) int name;
	DIRS(X)
#undef X
};

#define DIRS_SHUT(name) .name = -1,
#define DIRS_CLOSED                                                 \
	{                                                           \
		.state = -1, .run = -1, .lock = -1, DIRS(DIRS_SHUT) \
	}

/* Make what is missing, open all, and take the lock: SP_E_CONFLICT when another agent has it. */
int dirs_open(const char *state_path, const char *run_path, struct dirs *ret, struct sp_err *err);
void dirs_close(struct dirs *d);
