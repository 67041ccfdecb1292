/* Configs and secrets: files on a tmpfs of the container, each mounted read-only in its place. */
#pragma once

#include "base/err.h"
#include "runtime/init/channel.h"

/* Before pivot_root: the tmpfs is attached to the old root, which goes away with it. */
int files_attach(const struct init_orders *in, int root, struct sp_err *err);
