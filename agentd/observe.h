/*
 * What this node really has, read from the kernel and the disk while the request waits: the reply
 * of GET /v1/observed (docs/api.md). Nothing here comes from the agent's memory but the names of
 * its workloads, and under "granted" what their specs come to on this node.
 *
 * Each part is one JSON value (a new reference), or NULL when memory ran out. What cannot be read,
 * since it is gone, is null: the absence is the observation.
 */
#pragma once

#include <jansson.h>

#include "agentd/agent.h"
#include "agentd/workload.h"
#include "images/image.h"
#include "netcfg/node_read.h"

struct observe {
	struct agent *agent;
	struct net_node_facts network;
	struct img_image *image; /* of the workload before: replicas share theirs */
};

json_t *observe_node(const struct observe *o);                           /* observe_node.c */
json_t *observe_extra(const struct observe *o);                          /* observe_extra.c */
json_t *observe_link(const struct observe *o, const struct workload *w); /* observe_network.c */
json_t *observe_inside(const struct workload *w);                        /* the same */
json_t *observe_hosts(const struct workload *w);                         /* observe_hosts.c */
json_t *observe_container(struct observe *o, const struct workload *w);  /* observe_process.c */
json_t *observe_mounts(const struct workload *w, pid_t pid);             /* observe_mounts.c */
json_t *observe_cgroup(const struct workload *w);                        /* observe_limits.c */
json_t *observe_rlimits(const struct workload *w, pid_t pid);            /* the same */
json_t *observe_sysctls(const struct workload *w);                       /* the same */
json_t *observe_granted(struct observe *o, const struct workload *w);    /* observe_granted.c */

/* "0x...", as everywhere in this API. */
json_t *observe_capabilities(uint64_t set);

/* The image of a workload as it is stored here, lent until the next call; NULL: it is not here. */
const struct img_image *observe_image(struct observe *o, const struct workload *w);
