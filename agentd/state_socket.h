/*
 * The state socket of a task: HTTP on a unix socket inside its container (WIRE_STATE_SOCKET), by
 * which it reads and writes the state of its stack as `ctl state` does.
 *
 * An agent has no way to the control plane and wants none. What is asked here waits in a queue, and
 * the operation that runs the task takes it from there over the connection it has to this agent
 * anyway (POST /v1/workloads/{id}/state), does it in the store under its own right, and brings the
 * answer. So nobody but the operation in charge ever writes; a controld that dies in between is
 * followed by one that asks again; and an agent that dies loses nothing but connections, which
 * clients open again. A raw stream to controld would be less code here, but would break with either
 * of them, and would have controld read the bytes of a container.
 *
 * Everything that comes from the container is hostile. The directory is root's, not the
 * container's, and mounted read-only: the socket in it cannot be replaced; the agent works there by
 * descriptor. It is served only to the uids of that container, to a bounded number of connections;
 * descriptors sent along are refused by the kernel, or, where it cannot (before 6.16), kept off by
 * a porter (state_porter.h).
 */
#pragma once

#include "agentd/state_queue.h"
#include "agentd/workload.h"

#define STATE_SOCKET_DIR "socket" /* in the incarnation's directory */

struct state_socket {
	struct workload *workload;
	int dirfd;
	struct sp_httpd *httpd;
	struct state_porter *porter; /* NULL: the container speaks to httpd itself */
	struct state_queue queue;
};

/* Serve it, as w->state_socket; also of a container that was adopted. */
int state_socket_open(struct workload *w, struct sp_err *err);
void state_socket_close(struct workload *w); /* as often as one likes */

/* Its directory on the node, on the heap; NULL when out of memory. */
char *state_socket_directory(const struct workload *w);

/* Something is asked that nobody has answered. */
bool state_socket_has_question(const struct workload *w);
