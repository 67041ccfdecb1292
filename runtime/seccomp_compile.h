/* From the profile to BPF; see seccomp.h. */
#pragma once

#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"

/* The capabilities that make a difference to the filter. */
uint64_t rt_seccomp_caps(uint64_t caps);

/* Everything the filter is made from, as text, for its digest. */
void rt_seccomp_describe(uint64_t caps, struct sp_buf *out);

/* Compile; out gets an array of struct sock_filter. */
int rt_seccomp_compile(uint64_t caps, struct sp_buf *out, struct sp_err *err);
