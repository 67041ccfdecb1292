/* Reading a map by its table of keys; see keys.h. */
#include "stackfile/keys.h"

#include <stdio.h>
#include <string.h>

#include "base/str.h"

#define KEYS_MAX 128 /* rows of one table and those it shares */

bool key_is_extension(const char *key)
{
	return sp_str_starts(key, "x-") && key[2];
}

static const struct key *row_of(const struct key_table *table, const char *name)
{
	for (; table; table = table->also)
		for (size_t i = 0; i < table->n; i++)
			if (!strcmp(table->keys[i].name, name))
				return &table->keys[i];
	return NULL;
}

static const char *nearest(const struct key_table *table, const char *name)
{
	const char *names[KEYS_MAX + 1];
	size_t n = 0;

	for (; table; table = table->also)
		for (size_t i = 0; i < table->n && n < KEYS_MAX; i++)
			names[n++] = table->keys[i].name;
	names[n] = NULL;
	return sp_str_nearest(name, names);
}

static void refuse_unknown(const struct key_table *table, const struct value *v)
{
	const char *meant = nearest(table, v->key);
	char suggestion[96];

	snprintf(suggestion, sizeof(suggestion), "did you mean '%s'?", meant ? meant : "");
	value_refuse_key(v, STACK_CODE_UNKNOWN_KEY, meant ? suggestion : NULL, "is not a key of %s",
			 table->where);
}

static void refuse_others(const struct key_table *table, const struct value *map)
{
	for (size_t i = 0; i < map->node->n; i++) {
		struct value v = value_child(map, i);
		const struct key *row = row_of(table, v.key);

		if (row && !row->parse)
			value_refuse_key(&v, STACK_CODE_UNSUPPORTED, NULL, "is not supported yet");
		else if (!row && !(table->extensions && key_is_extension(v.key)))
			refuse_unknown(table, &v);
	}
}

static void rows_read(const struct key_table *table, const struct value *map, void *target)
{
	if (table->also)
		rows_read(table->also, map, target);
	for (size_t i = 0; i < table->n; i++) {
		const struct key *row = &table->keys[i];
		struct value v;

		if (row->parse && value_find(map, row->name, &v))
			row->parse(&v, (char *)target + row->offset);
	}
}

void key_table_read(const struct key_table *table, const struct value *map, void *target)
{
	if (!value_is_map(map))
		return;
	rows_read(table, map, target);
	refuse_others(table, map);
}

const struct key_table *const key_tables[] = {
	&keys_top,
	&keys_container,
	&keys_service,
	&keys_env_file,
	&keys_mount,
	&keys_mount_bind,
	&keys_mount_volume,
	&keys_mount_tmpfs,
	&keys_port,
	&keys_healthcheck,
	&keys_dependency,
	&keys_grant,
	&keys_ulimit,
	&keys_deploy,
	&keys_resources,
	&keys_resource_limits,
	&keys_resource_reservations,
	&keys_placement,
	&keys_placement_preference,
	&keys_restart_policy,
	&keys_stackpilot,
	&keys_probe,
	&keys_probe_http,
	&keys_probe_tcp,
	&keys_probe_exec,
	&keys_probe_postgres,
	&keys_volume,
	&keys_secret,
	&keys_config,
	&keys_extension,
	&keys_policy,
	&keys_task,
	&keys_output,
	&keys_require,
	&keys_drift,
	&keys_drift_ignore,
	NULL,
};
