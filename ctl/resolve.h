/* Names that people give to workloads: an id, a service, or STACK/SERVICE. */
#pragma once

#include <jansson.h>

#include "ctl/ctl.h"

/*
 * The workloads that names mean, as a new array of status objects without repetition. A service
 * means all its replicas; the same service in two stacks has to be told apart. A name that is no
 * service but could be the id of a workload that is gone becomes {"id": name}, for its log outlives
 * it.
 */
int ctl_resolve(struct ctl *ctl, char *const *names, size_t n, json_t **ret,
		struct wire_failure *fail);
/* The same over a list that was fetched before. */
int ctl_resolve_in(const json_t *workloads, char *const *names, size_t n, json_t **ret,
		   struct wire_failure *fail);

/* Exactly one workload, which exists: for exec, stop, start and restart. Its id, on the heap. */
int ctl_resolve_one(struct ctl *ctl, const char *name, char **ret_id, struct wire_failure *fail);

/* Say on stderr which nodes did not answer; CTL_EXIT_UNREACHABLE when there are any, else 0. */
int ctl_warn_unreachable(const json_t *document);
