/*
 * A workload of this node: its spec, the state it is in, and the container of its current
 * incarnation.
 *
 * workload_set_state() is the only writer of the state. An incarnation is one container from create
 * to end; its number never repeats for an id, and nothing learned about one (probe verdicts, pid,
 * readiness) survives into the next.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "agentd/rules.h"
#include "base/digest.h"
#include "base/list.h"
#include "base/loop.h"
#include "wire/workload.h"

/* What the workload is doing, and its name on the wire. */
#define WORKLOAD_STATES(X)                                                            \
	X(PENDING, "pending")     /* to be started as soon as the loop comes by */    \
	X(PREPARING, "preparing") /* directories, image, volumes, ports */            \
	X(STARTING, "starting")   /* container made, network wired, process begins */ \
	X(RUNNING, "running")     /* its process runs; `ready` says more */           \
	X(STOPPING, "stopping")   /* stop signal sent, grace runs */                  \
	X(BACKOFF, "backoff")     /* will be started again at next_start */           \
	X(EXITED, "exited")       /* finished well and stays so */                    \
	X(FAILED, "failed")       /* given up; the reason says why */                 \
	X(STOPPED, "stopped")     /* by request, or waiting for its removal */

enum workload_state {
#define X(sym, name) WORKLOAD_##sym,
	WORKLOAD_STATES(X)
#undef X
};

#define WORKLOAD_STATE_COUNT (WORKLOAD_STOPPED + 1)

#define WORKLOAD_REASON_MAX 512

struct workload_exit {
	bool present;
	int code;   /* exit status, or 128 + signal */
	int signal; /* 0: none */
	bool oom;
	char reason[WORKLOAD_REASON_MAX];
	int64_t at_ns;
};

/* Why a container is being stopped: what follows its end. */
enum workload_stop {
	STOP_NONE,
	STOP_REQUEST,  /* stop, delete, replace, restart: no back-off */
	STOP_LIVENESS, /* counts as a failure */
	STOP_STARTUP,
};

struct agent;
struct logs;
struct probe;
struct rt_container;
struct state_socket;
struct watch;

struct workload {
	struct sp_list link; /* of the agent's list */
	struct agent *agent;
	struct wire_workload *spec;
	char spec_digest[SP_DIGEST_MAX];
	uint32_t first_uid;
	bool deleted;     /* a tombstone is on disk; it goes once it is stopped */
	bool held;        /* stopped by request, until start */
	bool restart_now; /* asked for: start anew, back-off forgotten */
	bool outlived;    /* its stop signal by the whole grace period: it was killed */
	bool asked;       /* so is the next start: it is no restart */
	struct workload_exit last_exit;

	enum workload_state state;
	char reason[WORKLOAD_REASON_MAX];
	int reason_code; /* sp_err_code of a failure, else 0 */
	char warning[WORKLOAD_REASON_MAX];
	int64_t since_ns; /* CLOCK_REALTIME, like all stamps here */
	uint64_t incarnation;
	uint32_t restarts; /* by itself, since the spec was given */
	uint32_t failures; /* in a row, for back-off and on-failure */
	int64_t started_at_ns, next_start_at_ns;

	char made_digest[SP_DIGEST_MAX]; /* of the spec that was last tried; "" before the first */

	/* the incarnation */
	bool ready, live, started; /* started: startup probe passed */
	int stop_signal;
	enum workload_stop stopping;
	struct rt_container *container;
	struct rules_wait rules; /* of a start that waits for its ports */
	struct logs *logs;
	struct state_socket *state_socket; /* of a task; NULL: none */
	struct probe *startup, *liveness, *readiness;
	struct watch *exit_watch, *memory_watch;
	int memory_fd;             /* of the watch; -1: none */
	uint64_t oom_kills;        /* told already */
	struct sp_timer kick, due; /* reconcile soon; back-off or grace is over */
};

const char *workload_state_name(enum workload_state s);
int workload_state_parse(const char *name); /* or -1 */
bool workload_may(enum workload_state from, enum workload_state to);

/*
 * The one way to another state: asserts that the table has the transition, logs from, to and
 * reason, writes the record, emits the event and tells those who wait.
 */
void workload_set_state(struct workload *w, enum workload_state to, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

/* Change the flag, with record and event; nothing when it is so already. */
void workload_set_ready(struct workload *w, bool ready, const char *why);

/* Make one for spec (taken over on success) and put it into the agent's list, pending, with its uid
 * range. */
int workload_new(struct agent *a, struct wire_workload *spec, struct workload **ret,
		 struct sp_err *err);
void workload_free(struct workload *w); /* lets go of a live container; takes NULL */
struct workload *workload_find(struct agent *a, const char *id); /* NULL */
/* Take spec over (on success) as the desired one; another digest forgets restarts and failures. */
int workload_take_spec(struct workload *w, struct wire_workload *spec, struct sp_err *err);

static inline bool workload_has_container(const struct workload *w)
{
	return w->container != NULL;
}
