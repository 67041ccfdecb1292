/* Fencing: the highest token seen for each stack, on disk before anything is done under it. */
#pragma once

#include <stdint.h>

#include "base/err.h"

/* Take note of token for stack. SP_E_FENCED when a higher one was seen; durable on return. A call
 * that carries no token has token 0. dirfd is the directory of the tokens. */
int fence_pass(int dirfd, const char *stack, uint64_t token, struct sp_err *err);
