/*
 * Where a container may have a mount or a file. /proc, /sys and /dev are its own, made by its init
 * and guarded there: a mount below them is refused at the start, and before that by whoever reads a
 * stack file or a spec.
 */
#pragma once

#include <stdbool.h>

/* For messages: what is refused. */
#define WIRE_TARGETS_OWN "/proc, /sys and /dev (but for /dev/shm)"

/* path is absolute, without "." or "..". /dev/shm may be replaced, to give it another size. */
bool wire_target_free(const char *path);
