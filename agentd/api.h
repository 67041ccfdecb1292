/* The agent's HTTP API (docs/api.md): the route table, who may call, and the listeners. */
#pragma once

#include "agentd/agent.h"
#include "base/httpd.h"

struct workload;

int api_open(struct agent *a, struct sp_err *err);

/* Fencing of a call that changes `stack`: its ?token= must not be older than one seen. Replies and
 * returns false when the call must not go on. */
bool api_fenced(struct agent *a, struct sp_httpd_req *req, const char *stack);

/* A query parameter as a number within min..max; absent gives the fallback. Replies 400 and returns
 * false for anything else. */
bool api_number(struct agent *a, struct sp_httpd_req *req, const char *name, int64_t min,
		int64_t max, int64_t fallback, int64_t *ret);

/* Handlers, by noun; owner is the agent. */
void api_health(struct sp_httpd_req *req, void *owner); /* api_node.c */
void api_ready(struct sp_httpd_req *req, void *owner);
void api_node(struct sp_httpd_req *req, void *owner);
void api_peers(struct sp_httpd_req *req, void *owner);   /* api_peers.c */
void api_metrics(struct sp_httpd_req *req, void *owner); /* metrics.c */
void api_reach(struct sp_httpd_req *req, void *owner);   /* reach.c */
void api_events(struct sp_httpd_req *req, void *owner);
void api_host_paths(struct sp_httpd_req *req, void *owner); /* host_path.c */
void api_observed(struct sp_httpd_req *req, void *owner);   /* observe.c */

void api_workload_list(struct sp_httpd_req *req, void *owner); /* api_workload.c */
void api_workload_get(struct sp_httpd_req *req, void *owner);
void api_workload_put(struct sp_httpd_req *req, void *owner);
void api_workload_delete(struct sp_httpd_req *req, void *owner);
void api_workload_restart(struct sp_httpd_req *req, void *owner);
void api_workload_stop(struct sp_httpd_req *req, void *owner);
void api_workload_start(struct sp_httpd_req *req, void *owner);
void api_workload_repair(struct sp_httpd_req *req, void *owner); /* api_repair.c */
void api_network_repair(struct sp_httpd_req *req, void *owner);
void api_extra_delete(struct sp_httpd_req *req, void *owner);
void api_workload_state(struct sp_httpd_req *req, void *owner);     /* api_state.c */
json_t *api_state_json(const struct workload *w);                   /* what wait.h replies to it */
void api_workload_isolation(struct sp_httpd_req *req, void *owner); /* api_inside.c */
void api_workload_logs(struct sp_httpd_req *req, void *owner);
void api_token_put(struct sp_httpd_req *req, void *owner);
void api_volumes_delete(struct sp_httpd_req *req, void *owner);
void api_exec(struct sp_httpd_req *req, void *owner); /* exec.c */

void api_image_list(struct sp_httpd_req *req, void *owner); /* images.c */
void api_image_put(struct sp_httpd_req *req, void *owner);
void api_image_delete(struct sp_httpd_req *req, void *owner);
void api_blob_get(struct sp_httpd_req *req, void *owner); /* blobs.c */
void api_blob_put(struct sp_httpd_req *req, void *owner);
int api_blob_body(struct sp_httpd_req *req, const void *data, size_t len, void *owner);
