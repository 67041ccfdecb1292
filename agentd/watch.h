/*
 * One wait for a descriptor to become ready, which its owner can drop at any moment: the loop keeps
 * the memory (not the owner) until it has let go of the operation.
 */
#pragma once

#include <stdint.h>

#include "base/err.h"
#include "base/loop.h"

struct watch;
typedef void (*watch_fn)(void *owner);

/* fn is called once, when one of mask (EPOLL* bits) is true of fd; then the watch is gone. fd is
 * borrowed, and may be closed once the watch is dropped or has fired. */
int watch_new(struct sp_loop *loop, int fd, uint32_t mask, watch_fn fn, void *owner,
	      struct watch **ret, struct sp_err *err);
void watch_drop(struct watch *w); /* fn will not be called; takes NULL */
