/* The logs of several workloads at once, on stdout. */
#pragma once

#include <jansson.h>

#include "ctl/ctl.h"

struct ctl_logs_conf {
	bool follow, timestamps;
	const char *since; /* as given; NULL: from the beginning */
	int64_t tail;      /* last lines of each; -1: all */
};

/*
 * workloads is an array of status objects. One: as it is; several: each line behind its workload's
 * id, in the order of their stamps, or as they come when following. CTL_EXIT_INTERRUPTED after
 * Ctrl-C.
 */
int ctl_logs_print(struct ctl *ctl, const json_t *workloads, const struct ctl_logs_conf *conf,
		   struct wire_failure *fail);
