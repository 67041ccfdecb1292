/* What of /proc and /sys a container must not see, or not change. */
#pragma once

#include "base/err.h"
#include "runtime/init/channel.h"
#include "runtime/init/mounts.h"

/* After mounts_attach(). Works on our own proc and sys by descriptor, never by a path of the
 * container. */
int mask_apply(const struct init_mounts *m, const struct init_orders *in, struct sp_err *err);
