/*
 * Removal of whole trees without waiting for it: a tree is renamed into the trash directory, where
 * nothing looks for it any more, and a child process empties that. What is left when the agent dies
 * goes at the next start.
 */
#pragma once

#include <stdbool.h>
#include <sys/types.h>

#include "base/err.h"
#include "base/loop.h"

struct trash {
	struct sp_loop *loop;
	int dirfd; /* borrowed */
	pid_t pid; /* of the child that empties it; 0: none */
	int pidfd;
	bool again; /* more came while it ran */
	struct sp_op watch;
};

void trash_open(struct trash *t, struct sp_loop *loop, int dirfd); /* begins to empty it */
void trash_close(struct trash *t); /* ends the child. Not from a callback of the loop */

/* Move name below dirfd there; absent is fine. Both are on one file system. */
int trash_put(struct trash *t, int dirfd, const char *name, struct sp_err *err);
