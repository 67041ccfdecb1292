/* The generation of the caller's nftables rules: a number that the kernel changes with every
 * transaction, whoever made it. While it stays, what was read of the rules is still true. */
#pragma once

#include <stdint.h>

#include "base/err.h"

/* A socket to ask on, of the caller's network namespace; the caller owns it. Closing it may wait
 * for a transaction's end, some 15 ms. */
int net_generation_open(struct sp_err *err);
int net_generation_read(int fd, uint32_t *ret, struct sp_err *err);
