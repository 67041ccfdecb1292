/*
 * The porter of a state socket, for kernels that cannot refuse descriptors sent along (before Linux
 * 6.16): a child process that accepts the container's connections and carries their bytes to and
 * from a socket of the agent's own. Descriptors are dropped there; when the last close of one
 * blocks (a socket that lingers, a file of a dead server), it blocks a process that serves this
 * container and nobody else.
 *
 * It asks for the peer's credentials and turns away all but the container's, since the agent sees
 * only the porter. It dies with the agent. When it dies alone, the connections it carried are
 * closed, the next ones wait, and another one is started in 50 ms; one that does not live is
 * followed by the next ever later, up to 5 s.
 */
#pragma once

#include <stdint.h>

#include "base/err.h"
#include "base/loop.h"

#define STATE_PORTER_PASSAGES 16 /* connections at once; more wait in the backlog */

struct state_porter_conf {
	const char *outside; /* socket for the container, made here with mode 0666 */
	const char *inside;  /* the agent's, which is there */
	uint32_t first_uid, n_uids;
};

struct state_porter;

int state_porter_start(struct sp_loop *loop, const struct state_porter_conf *conf,
		       struct state_porter **ret, struct sp_err *err);
/* Takes its socket away and kills it; takes NULL. It is freed once it is reaped. */
void state_porter_end(struct state_porter *p);
