/*
 * Where the launches are measured: a mount namespace with a unified cgroup2 view (as the peers want
 * it), a network namespace with a bridge, and the same tiny root file system for everyone. Files
 * and the runtimes' state are on a tmpfs, so that the machine's disk is not measured.
 */
#pragma once

#include <limits.h>

#define PLACE_DIR_MAX 1024

struct place {
	char dir[PLACE_DIR_MAX]; /* rootfs/, bundle-N/, runs */
	char cgroup[32];
	int bridge; /* index */
	struct net_netlink *nl;
	struct rt_engine *engine;
};

/* build: the build directory. Exits with a message where something is missing. */
void place_open(struct place *p, const char *build);
void place_close(struct place *p);
