/* The root file system of a container: its layers, seen through its ids, under a directory of its
 * own. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"

struct rt_overlay {
	const char *const *layers; /* directories, top first */
	size_t n_layers;
	int dirfd;     /* holds upper and work */
	int userns_fd; /* for the ids of the layers */
};

/*
 * Detached, id-mapped copies of the layers' mounts, n_layers of them into ret_fds; for
 * rt_overlay_mount(), which makes copies of its own. Closing the last descriptor of a detached
 * mount waits for an RCU grace period (tenths of a millisecond, more on a busy machine), so close
 * them when nobody waits.
 */
int rt_overlay_layers(const struct rt_overlay *o, int *ret_fds, struct sp_err *err);
void rt_overlay_layers_close(int *fds, size_t n);

/*
 * A detached overlay mount (nodev), for move_mount(2) into the container. The host's mount table is
 * not touched. It is mounted `volatile`, since an upper directory never outlives its incarnation.
 *
 * attached: go through a mount namespace of a helper's, where the layers can be attached first.
 * That is for kernels before 6.15, whose overlayfs refuses detached layers.
 */
int rt_overlay_mount(const struct rt_overlay *o, const int *layers, bool attached,
		     struct sp_err *err);
