/* The way to an overlay of id-mapped layers on kernels before 6.15; see rt_overlay_mount(). */
#pragma once

#include "runtime/overlay.h"

/* layers: detached mounts, one for each layer; they stay the caller's. */
int rt_overlay_mount_attached(const struct rt_overlay *o, const int *layers, struct sp_err *err);
