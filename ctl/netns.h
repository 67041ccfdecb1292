/* The lab's operator side lives in a network namespace of its own; ctl goes there to reach it. */
#pragma once

#include <stdint.h>

#include "base/err.h"

/*
 * Move this process into the network namespace at path (setns(2), needs root). The inode says which
 * one is meant: a process id that was given to somebody else is not entered. A lab that is gone is
 * SP_E_UNREACHABLE.
 */
int ctl_netns_enter(const char *path, uint64_t inode, struct sp_err *err);
