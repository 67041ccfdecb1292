/*
 * Probes of one incarnation of a workload: http, tcp, exec and postgres, on the loop.
 *
 * A probe is made when an incarnation starts (or is adopted) and freed when it ends, so no verdict
 * survives into the next one: after probe_free() no callback runs, whatever was in flight.
 *
 * It runs an attempt every interval (jittered), the first one after delay. `rise` successes in a
 * row make it good, `fall` failures in a row make it bad; it starts out undecided, and on_verdict
 * is called at every change and for every failed attempt. A startup probe stops at its first
 * verdict (good), or goes on telling failures; who waits for it decides when to start the others.
 * Sockets are made inside the workload's network namespace; no byte past a cap is taken from a
 * container.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "base/loop.h"
#include "wire/workload.h"

#define PROBE_REPLY_MAX   4096 /* bytes of a reply or an output that are read at all */
#define PROBE_MESSAGE_MAX 512  /* bytes of them that are kept as the transcript */

#define PROBE_ROLES(X)          \
	X(STARTUP, "startup")   \
	X(LIVENESS, "liveness") \
	X(READINESS, "readiness")

enum probe_role {
#define X(sym, name) PROBE_##sym,
	PROBE_ROLES(X)
#undef X
};

const char *probe_role_name(enum probe_role role);

enum probe_health { PROBE_UNDECIDED, PROBE_GOOD, PROBE_BAD };

struct probe_verdict {
	enum probe_role role;
	enum probe_health health;     /* after this attempt */
	bool changed;                 /* health is not what it was before */
	bool ok;                      /* this attempt alone */
	uint32_t successes, failures; /* in a row */
	int64_t at_ns;                /* CLOCK_REALTIME, end of the attempt */
	int64_t took_ns;
	char message[PROBE_MESSAGE_MAX]; /* one line: "GET /ready: 503: database is down" */
};

struct probe;
typedef void (*probe_fn)(struct probe *p, const struct probe_verdict *v, void *owner);

/*
 * How an exec probe is run; the agent's core gives both. start() returns 0 or -errno with err set,
 * and later calls probe_exec_done() once, not from inside start(). cancel() asks for the end of
 * what start() began (time is up, or the probe is freed); probe_exec_done() must not be called for
 * it any more.
 */
struct probe_exec_ops {
	int (*start)(void *owner, struct probe *p, char *const *argv, struct sp_err *err);
	void (*cancel)(void *owner, struct probe *p);
};

struct probe_conf {
	enum probe_role role;
	const struct wire_probe *spec;     /* borrowed until probe_free(); type is not NONE */
	int netns_fd;                      /* borrowed; -1: the agent's own (network tests, host) */
	const char *address;               /* the workload's, or NULL: 127.0.0.1; copied */
	const struct probe_exec_ops *exec; /* for exec probes */
	probe_fn on_verdict;               /* may free the probe */
	void *owner;                       /* for on_verdict and exec */
};

/* Make the probe and arm its first attempt. */
int probe_new(struct sp_loop *loop, const struct probe_conf *conf, struct probe **ret,
	      struct sp_err *err);
void probe_free(struct probe *p); /* takes NULL; safe inside on_verdict */

enum probe_health probe_health(const struct probe *p);
const struct probe_verdict *probe_last(const struct probe *p); /* at_ns is 0 before the first */

/* What is said of an exec probe does not name its program. */
bool probe_program_hidden(const struct probe *p);
/* The end of an exec attempt: exit status (128 + n for signal n) and the start of its output. */
void probe_exec_done(struct probe *p, int status, const char *output, size_t len);
