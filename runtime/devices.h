/*
 * The /dev of all containers: one small tmpfs, made once, read-only as a file system.
 *
 * It holds the six harmless device nodes, the links of /dev and empty mount points for pts, shm and
 * mqueue. Containers get a copy of the mount, not of the content: nothing has to be made at a
 * launch, and since the file system itself (not only the mount) is read-only and belongs to the
 * host's user namespace, no container can ever change it, whatever its capabilities.
 */
#pragma once

#include "base/err.h"

struct rt_devices {
	int dev_fd;   /* detached mount of /dev */
	int empty_fd; /* detached mount of an empty directory, to mask directories with */
};

int rt_devices_make(struct rt_devices *ret, struct sp_err *err);
void rt_devices_close(struct rt_devices *d);

/*
 * A container's own copies, both detached, both the caller's; owned by its root where the kernel
 * maps ids on tmpfs (6.3). Kernels before 6.15 cannot copy a detached mount: there each container
 * gets a file system of its own, with the same content.
 */
int rt_devices_copy(const struct rt_devices *d, int userns_fd, struct rt_devices *ret,
		    struct sp_err *err);
