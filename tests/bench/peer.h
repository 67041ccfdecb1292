/* Other runtimes, run as their users run them: one program for each launch. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "tests/bench/place.h"

struct peer {
	struct place *place;
	const char *program; /* "crun", "runc" */
	bool seccomp;        /* with podman's profile */
	char bundle[PLACE_DIR_MAX + 32];
	char preload[PLACE_DIR_MAX + 32]; /* LD_PRELOAD; "" for none */
	int number;
	char live[64]; /* id of the container that execs go into */
};

/* A bundle for it, without network, with a ready root file system. -1 where something is missing.
 */
int peer_prepare(struct peer *p, struct place *place, const char *program, bool seccomp,
		 const char *build);
int peer_launch(void *peer, int64_t *ret_ns);
int peer_start_live(struct peer *p);
void peer_stop_live(struct peer *p);
int peer_exec(void *peer, int64_t *ret_ns);
/* bwrap --unshare-all */
int bwrap_launch(void *place, int64_t *ret_ns);
