/* See agent.h. What is opened first is closed last; containers are never touched on the way out. */
#include "agentd/agent.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "agentd/adopt.h"
#include "agentd/api.h"
#include "agentd/exec.h"
#include "agentd/exec_leftover.h"
#include "agentd/heap.h"
#include "agentd/images.h"
#include "agentd/network.h"
#include "agentd/orphan.h"
#include "agentd/poll.h"
#include "agentd/wait.h"
#include "agentd/workload.h"
#include "base/fd.h"
#include "base/httpd.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/path.h"
#include "base/str.h"
#include "base/time.h"
#include "images/unpack.h"

#define BOOT_ID_FILE "/proc/sys/kernel/random/boot_id"
#define LAST_ROUNDS  64 /* of the loop, for what was cancelled to come back */

static void on_stop(int sig, void *owner)
{
	struct agent *a = owner;

	sp_log(SP_LOG_INFO, "agent.stopping", SP_INT("signal", sig));
	sp_loop_stop(a->loop);
}

static int open_loop(struct agent *a, struct sp_err *err)
{
	int r = sp_loop_new(SP_LOOP_ANY, &a->loop, err);

	if (r == 0)
		r = sp_loop_on_signal(a->loop, SIGTERM, on_stop, a, err);
	if (r == 0)
		r = sp_loop_on_signal(a->loop, SIGINT, on_stop, a, err);
	return r;
}

static void read_boot_id(struct agent *a)
{
	autobuf struct sp_buf text = SP_BUF_INIT;

	if (sp_file_read_at(AT_FDCWD, BOOT_ID_FILE, AGENT_ID_MAX, &text, NULL) == 0 && text.len)
		snprintf(a->boot_id, sizeof(a->boot_id), "%.*s", (int)strcspn(text.data, "\n"),
			 text.data);
}

static int open_state(struct agent *a, struct sp_err *err)
{
	int r = dirs_open(a->config.state_dir, a->config.run_dir, &a->dirs, err);

	if (r == 0)
		r = open_loop(a, err);
	if (r == 0)
		r = heap_watch(a, err);
	if (r == 0)
		r = events_open(a->loop, a->dirs.events, (unsigned int)a->config.events_kept,
				&a->events, err);
	if (r == 0)
		r = uidrange_open(&a->uids, a->dirs.state, (uint32_t)a->config.uid_first, err);
	if (r == 0)
		trash_open(&a->trash, a->loop, a->dirs.trash);
	if (r == 0)
		r = peers_load(a->dirs.state, &a->peers, err);
	return r;
}

/* Six descriptors a workload: a soft limit of 1024 would be its 170th. Containers get what we had.
 */
static void raise_file_limit(struct rlimit *ret_before)
{
	struct rlimit whole;

	getrlimit(RLIMIT_NOFILE, ret_before);
	whole = (struct rlimit){ ret_before->rlim_max, ret_before->rlim_max };
	if (setrlimit(RLIMIT_NOFILE, &whole) < 0)
		sp_log(SP_LOG_WARN, "agent.files", SP_INT("errno", errno));
}

static int open_engine(struct agent *a, struct sp_err *err)
{
	struct rlimit files;
	autofree char *cache = sp_str_format("%s/cache", a->dirs.state_path);
	struct rt_engine_conf conf = { .cgroup_parent = a->config.cgroup_parent,
				       .spinit_path = *a->config.spinit ? a->config.spinit : NULL,
				       .cache_dir = cache,
				       .files = &files };

	raise_file_limit(&files);
	return cache ? rt_engine_open(&conf, &a->engine, err) : sp_fail_nomem(err);
}

static int open_parts(struct agent *a, struct sp_err *err)
{
	autofree char *images = sp_str_format("%s/images", a->dirs.state_path);
	autofree char *fifos = sp_str_format("%s/logs", a->dirs.run_path);
	int r = images && fifos ? sp_mkdirs(fifos, 0700, err) : sp_fail_nomem(err);

	if (r == 0)
		r = open_engine(a, err);
	if (r == 0)
		r = net_node_open(NULL, &a->net, err);
	if (r == 0)
		r = uplink_open(a, err);
	if (r == 0)
		r = img_store_open(images, &a->images, err);
	if (r == 0)
		r = img_unpacker_open(a->images, NULL, err);
	return r;
}

/* The network may fail (a peer that is away, a clash) without keeping the node from its work. */
static int take_up(struct agent *a, struct sp_err *err)
{
	struct sp_err why = { 0 };
	int r = adopt_workloads(a, err);

	if (r < 0)
		return r;
	orphan_remove_all(a);
	if (network_apply(a, NULL, &why) < 0)
		sp_log(SP_LOG_ERROR, "network.apply", SP_ERR(&why));
	return 0;
}

static int open_all(struct agent *a, struct sp_err *err)
{
	int r;

	read_boot_id(a);
	r = open_state(a, err);
	if (r == 0)
		r = open_parts(a, err);
	if (r == 0)
		r = take_up(a, err);
	return r < 0 ? r : api_open(a, err);
}

static void close_all(struct agent *a)
{
	struct workload *w;

	a->stopping = true;
	a->ready = false;
	if (a->loop) {
		wait_end_all(a);
		poll_end_all(a);
		exec_end_all(a);
		images_end_all(a);
		heap_unwatch(a);
		uplink_close(a);
		rules_close(a);
	}
	sp_httpd_free(a->httpd);
	SP_LIST_EACH (&a->workloads, w, link)
		workload_free(w);
	if (a->loop)
		exec_leftover_close(a);
	for (int i = 0; a->loop && i < LAST_ROUNDS; i++)
		if (sp_loop_run_once(a->loop, 0, NULL) < 0)
			break;
	if (a->loop)
		trash_close(&a->trash);
	events_close(a->events);
	img_store_free(a->images);
	net_node_free(a->net);
	rt_engine_free(a->engine);
	peers_fini(&a->peers);
	uidrange_close(&a->uids);
	sp_loop_free(a->loop);
	dirs_close(&a->dirs);
}

static void init(struct agent *a, const struct config *config)
{
	*a = (struct agent){ .config = *config, .started_at_ns = sp_time_real_ns() };
	sp_list_init(&a->workloads);
	sp_list_init(&a->waiters);
	sp_list_init(&a->pollers);
	sp_list_init(&a->sessions);
	sp_list_init(&a->probe_runs);
	exec_leftover_init(a);
	sp_list_init(&a->unpacks);
	rules_init(a);
	a->uplink.fd = -1;
	a->dirs = (struct dirs)DIRS_CLOSED;
}

int agent_run(const struct config *config, struct sp_err *err)
{
	struct agent a;
	int r;

	init(&a, config);
	r = open_all(&a, err);
	if (r == 0) {
		a.ready = true;
		sp_log(SP_LOG_INFO, "agent.started", SP_STR("node", a.config.name),
		       SP_STR("loop", sp_loop_backend_name(a.loop)),
		       SP_INT("workloads", a.n_workloads));
		events_emit(a.events, "agent.started", NULL, NULL, NULL, "agentd of node '%s'",
			    a.config.name);
		r = sp_loop_run(a.loop, err);
	}
	close_all(&a);
	return r;
}
