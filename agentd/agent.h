/*
 * The agent: everything it has open, in the order it is opened.
 *
 * One thread, one loop; what blocks is a child process.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "agentd/config.h"
#include "agentd/dirs.h"
#include "agentd/events.h"
#include "agentd/exec_leftover.h"
#include "agentd/peers.h"
#include "agentd/rules.h"
#include "agentd/trash.h"
#include "agentd/uidrange.h"
#include "agentd/uplink.h"
#include "base/list.h"
#include "base/loop.h"
#include "images/store.h"
#include "netcfg/node.h"
#include "runtime/engine.h"

struct img_job;
struct sp_httpd;
struct watch;

#define AGENT_ID_MAX 64

struct agent {
	struct config config;
	struct sp_loop *loop;
	struct dirs dirs;
	char boot_id[AGENT_ID_MAX];
	int64_t started_at_ns;
	bool ready; /* state is loaded and adoption is over */
	bool stopping;

	struct events *events;
	struct sp_timer heap_look;
	struct uidrange uids;
	struct trash trash;
	struct rt_engine *engine;
	struct net_node *net;
	struct rules rules;
	bool taking_peers; /* a request is (api_peers.c) */
	struct uplink uplink;
	struct peers peers;
	struct img_store *images;
	struct img_job *gc; /* at most one */
	struct watch *gc_watch;

	struct sp_list workloads; /* of struct workload */
	size_t n_workloads;
	struct sp_list waiters;    /* requests that wait for a workload (wait.h) */
	struct sp_list pollers;    /* requests that wait for an event (poll.c) */
	struct sp_list sessions;   /* of exec (exec.c) */
	struct sp_list probe_runs; /* commands of exec probes (exec_probe.c) */
	struct exec_leftover leftover;
	struct sp_list unpacks; /* images being made ready (images.c) */
	struct sp_httpd *httpd;
};

/* Open everything, adopt what runs, serve until SIGTERM or SIGINT; containers go on after that.
 * config stays the caller's and is only read. */
int agent_run(const struct config *config, struct sp_err *err);
