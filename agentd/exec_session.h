/*
 * An exec session: the process, the connection, and the bytes between them.
 *
 * Nothing is buffered without bound: output is not read while the client does not take it, input is
 * not read while the process does not. The exit frame is the last one, after all output. The client
 * going away kills the process. A session frees itself once the loop has let go of its operations.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "agentd/agent.h"
#include "base/buf.h"
#include "base/loop.h"
#include "runtime/exec.h"
#include "wire/exec.h"

#define EXEC_READ_BYTES  16384
#define EXEC_BUFFER_HIGH (256 << 10)

struct exec_session;

/* Of the process's output: one pipe, or the pty. */
struct exec_output {
	struct exec_session *session;
	struct sp_op op;
	int fd; /* -1: at its end */
	enum wire_exec_channel channel;
	char data[EXEC_READ_BYTES];
};

struct exec_session {
	struct sp_list link; /* of the agent's sessions */
	struct agent *agent;
	struct rt_exec *exec;
	struct watch *ended;
	bool closing;
	bool tty;
	int status; /* of the process; -1: it runs */
	struct exec_output output[2];

	int stdin_fd; /* -1: closed */
	bool stdin_ends;
	struct sp_buf input, input_busy; /* to the process: waiting, and being written */
	struct sp_op input_op;

	int socket;
	void *upgrade;
	struct sp_buf received;           /* frames of the client, as they arrive */
	struct sp_buf to_send, send_busy; /* frames to the client */
	char socket_data[EXEC_READ_BYTES];
	struct sp_op receive_op, send_op;
	bool exit_sent;
	bool lingering;        /* all is said, the client has yet to go */
	struct sp_timer drain; /* a process left behind may hold the pipes open, and a client the
				  connection: not for ever */
};

/* Owns exec, and the descriptors (the process's stdin, stdout and stderr; -1 where there is none;
 * with a tty only the first two, of the pty). */
int exec_session_new(struct agent *a, struct rt_exec *exec, bool tty, const int fds[3],
		     struct exec_session **ret, struct sp_err *err);
/* The connection is there: begin. socket -1: it will never be. */
void exec_session_begin(struct exec_session *s, int socket, const char *early, size_t early_len,
			void *upgrade);
void exec_session_close(struct exec_session *s); /* frees, now or when the loop lets go */

/* exec_frames.c: act on what the client sent. */
int exec_session_frames(struct exec_session *s, struct sp_err *err);
void exec_session_pump_input(struct exec_session *s);
