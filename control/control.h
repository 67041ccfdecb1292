/*
 * What all of controld shares: opened once by main, closed in reverse order at the end.
 *
 *   config      read-only after start
 *   ca          read-only after start
 *   seal        the key of what is stored sealed; read-only
 *   stores      lent to any thread (store/pool.h)
 *   images      the cluster's image store; threads share it
 *   bell        carries them between the controld of one database; NULL when there is only one
 *   watch       hints of commits, and "we are stopping"
 *   workers     run operations (operation/worker.h)
 *   poller      asks the nodes how they are (node/poller.h)
 *   keeper      keeps the locks of what runs here (operation/lease_keeper.h)
 *   recovery    takes over what nobody runs any more (operation/recovery.h)
 *   drift       looks for drift by the clock (drift/watch.h)
 *   expiry      destroys stacks whose lifetime is over (deploy/expiry.h)
 *   hooks       are told of events (hooks/hooks.h)
 */
#pragma once

#include "control/config.h"
#include "control/node/agent.h"
#include "control/node/ca.h"
#include "control/store/lease.h"
#include "control/store/pool.h"
#include "control/store/watch.h"

struct img_store;
struct workers;
struct poller;
struct lease_keeper;
struct recovery;
struct drift_watch;
struct expiry;
struct hooks;
struct sp_httpd;

struct control {
	struct config config;
	struct ca *ca;
	struct seal *seal;
	struct store_pool *stores;
	struct img_store *images;
	struct watch *watch;
	struct bell *bell;
	struct workers *workers;
	struct poller *poller;
	struct lease_keeper *keeper;
	char runner[STORE_LEASE_RUNNER_MAX]; /* this controld's name as the one who runs operations:
						host and state_dir, so its next life has it too */
	struct recovery *recovery;
	struct drift_watch *drift;
	struct expiry *expiry;
	struct hooks *hooks;
	struct sp_httpd *httpd;
	struct agent_access access;                                          /* its pool with it */
	char *server_cert, *server_key, *client_cert, *client_key, *ca_file; /* paths */
};

int control_open(struct control *c, struct sp_err *err); /* config is loaded; all but httpd */
void control_close(struct control *c);                   /* also what was half opened */
