/* One delivery to a hook: a command's standard input, or a POST. */
#pragma once

#include <jansson.h>
#include <stdatomic.h>
#include <stdint.h>

#include "control/hooks/hook.h"

struct hook_delivery {
	const struct hook *hook;
	const json_t *events; /* objects of the API, in order */
	int64_t timeout_ns;
	const atomic_bool *stop; /* becomes true in another thread: end early */
};

/* 0 when it was told; else an error that names the command or address and what it said. */
int hook_exec(const struct hook_delivery *d, struct sp_err *err);
int hook_post(const struct hook_delivery *d, struct sp_err *err);
