/*
 * The heap of a daemon whose peaks are short (a document of all workloads, a handshake, an image's
 * manifest): what they took goes back to the kernel instead of being kept for the next one.
 *
 * At its end the heap shrinks by itself. What is free in its middle, below something that lives on,
 * is looked at every HEAP_LOOK_NS and given back when it is more than HEAP_FREE_MAX.
 */
#pragma once

#include <stdbool.h>

#include "base/err.h"
#include "base/loop.h"
#include "base/time.h"

#define HEAP_KEEP_BYTES (64 << 10) /* at its end; a larger block is a mapping of its own */
#define HEAP_FREE_MAX   (256 << 10)
#define HEAP_LOOK_NS    (10 * SP_NS_PER_S)

struct agent;

void heap_keep_small(void); /* once, before anything is allocated */
bool heap_give_back(void);  /* one look; true: some went back to the kernel */
int heap_watch(struct agent *a, struct sp_err *err);
void heap_unwatch(struct agent *a); /* also when it was never watched */
