/* A command in a container, from this side: stdin, stdout, stderr, window and signals over frames.
 */
#pragma once

#include <stdbool.h>

#include "base/httpc.h"
#include "wire/failure.h"

struct ctl_exec_conf {
	bool input; /* hand stdin on; without it the command sees the end of input at once */
	bool tty;   /* stdin is a terminal: raw mode, window size */
};

/*
 * Run the session until its last frame. Returns the command's exit status (0 to 255), or -errno
 * with fail set when the stream ended without one. The terminal is as before in any case.
 */
int ctl_exec_run(struct sp_httpc_duplex *stream, const struct ctl_exec_conf *conf,
		 struct wire_failure *fail);
