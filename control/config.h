/* controld's configuration: one table of keys, see config.c. */
#pragma once

#include <stdio.h>

#include "base/conf.h"

struct config {
	char *state_dir;    /* authority, store, images */
	char *store;        /* "sqlite:/path", "postgresql://..."; empty: store.db in state_dir */
	char *seal_key;     /* file; empty: seal.key in state_dir */
	char *unix_socket;  /* empty: none */
	char *listen;       /* "192.168.56.10:7700"; empty: none */
	char *server_names; /* further names and addresses of this host, by commas */
	char *url;          /* what operators' contexts point at; empty: from listen */
	char *log_level;
	int64_t work_threads, poll_threads;
	int64_t poll_interval_ns, node_timeout_ns, gate_timeout_ns, settle_time_ns;
	int64_t lock_ttl_ns, manual_lock_ttl_ns, lock_poll_ns;
	int64_t agent_patience_ns, recover_interval_ns;
	int64_t drift_interval_ns; /* 0: only as policies say */
	uint64_t image_max_bytes;
	char *hooks;
	int64_t hook_workers, hook_batch, hook_timeout_ns, hook_retry_max_ns;
	int64_t snapshot_keep, snapshot_max_age_ns; /* 0: no bound */
};

extern const struct sp_conf_key config_keys[];

#define CONFIG_FILE "/etc/stackpilot/controld.conf"

/* Defaults, then the file (NULL: CONFIG_FILE when there is one). */
int config_load(struct config *c, const char *path, struct sp_err *err);
/* What follows from the other keys: the store, the url; and texts are read as their users will.
 * After all --set. */
int config_complete(struct config *c, struct sp_err *err);
void config_fini(struct config *c);
