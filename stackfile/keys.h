/*
 * Tables of keys: what a map of the stack file may hold. The reader, the did-you-mean and the
 * reference (docs/stack-file.md, kept true by a test) all come from these.
 *
 * Rows are parsed in the order of the table, whatever the order in the file.
 */
#pragma once

#include "stackfile/reader.h"

struct key {
	const char *name;
	value_fn parse; /* gets the member at offset in the target of key_table_read(); NULL:
			   Compose knows the key, StackPilot does not support it yet */
	size_t offset;
	const char *help; /* one line for the reference; NULL for an unsupported key */
};

struct key_table {
	const char *where; /* "service", "healthcheck": the heading in the reference */
	const struct key *keys;
	size_t n;
	bool extensions;              /* x-* may stand here and is ignored */
	const struct key_table *also; /* rows that other tables have too, read first; or NULL */
};

#define KEY_TABLE(name, title, rows, x) \
	const struct key_table name = { title, rows, SP_COUNT(rows), x, NULL }
#define KEY_TABLE_ALSO(name, title, rows, x, others) \
	const struct key_table name = { title, rows, SP_COUNT(rows), x, others }

/* Read a map by a table: unknown keys, unsupported ones and values of the wrong type are refused.
 */
void key_table_read(const struct key_table *table, const struct value *map, void *target);

/* An extension key: "x-" and something. */
bool key_is_extension(const char *key);

extern const struct key_table
	*const key_tables[]; /* every table, in the reference's order; NULL ends */

extern const struct key_table keys_top, keys_container, keys_service, keys_healthcheck,
	keys_dependency, keys_port, keys_mount, keys_mount_bind, keys_mount_volume,
	keys_mount_tmpfs, keys_env_file, keys_grant, keys_ulimit, keys_deploy, keys_resources,
	keys_resource_limits, keys_resource_reservations, keys_placement, keys_placement_preference,
	keys_restart_policy, keys_volume, keys_secret, keys_config, keys_stackpilot, keys_probe,
	keys_probe_http, keys_probe_tcp, keys_probe_exec, keys_probe_postgres, keys_extension,
	keys_policy, keys_task, keys_output, keys_require, keys_drift, keys_drift_ignore;
