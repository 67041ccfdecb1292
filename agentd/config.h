/* The agent's configuration: /etc/stackpilot/agentd.conf, `--set key=value` over it, and what
 * `join` left in node.json under it. */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "base/err.h"

#define CONFIG_FILE "/etc/stackpilot/agentd.conf"

struct config {
	char *name;    /* of the node; an sp_id */
	char *address; /* the node's, as other nodes reach it; "" when it stands alone */
	int64_t port;
	char *listen; /* "address:port" for TLS; "": address and port above; "off": no TLS */
	char *state_dir, *run_dir;
	char *cgroup_parent, *spinit;
	char *limits; /* "strict" or "best-effort" */
	char *labels; /* "zone=a,disk=ssd" */
	char *log_level;
	uint64_t log_file_bytes;
	int64_t log_files;
	int64_t uid_first; /* of the first workload's range */
	int64_t pids_max;  /* of a workload that names no limit */
	int64_t events_kept;
};

/* The file (path NULL: CONFIG_FILE if it is there), then n settings "key=value". */
int config_load(struct config *c, const char *path, char *const *settings, size_t n,
		struct sp_err *err);
/* Name and address from state_dir/node.json where the configuration has none; then the host name.
 */
int config_complete(struct config *c, struct sp_err *err);
void config_print(const struct config *c, FILE *out);
void config_fini(struct config *c);

bool config_best_effort(const struct config *c);
