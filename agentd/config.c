/* See config.h. */
#include "agentd/config.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/conf.h"
#include "base/fd.h"
#include "base/json.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/str.h"

#define NODE_FILE     "node.json"
#define NODE_FILE_MAX 65536

#define KEY(member, kind, ...)                                         \
	{                                                              \
		.name = #member, .type = SP_CONF_##kind,               \
		.offset = offsetof(struct config, member), __VA_ARGS__ \
	}

static const struct sp_conf_key keys[] = {
	KEY(name, STR, .fallback = "",
	    .help = "name of the node; empty: as joined, or the host name"),
	KEY(address, STR, .fallback = "", .help = "address of the node; empty: as joined"),
	KEY(port, INT, .fallback = "7701", .min = 1, .max = 65535, .help = "TLS port"),
	KEY(listen, STR, .fallback = "",
	    .help = "TLS listener 'address:port'; empty: the node's address once joined; off: none"),
	KEY(state_dir, STR, .fallback = "/var/lib/stackpilot",
	    .help = "what must survive a reboot"),
	KEY(run_dir, STR, .fallback = "/run/stackpilot", .help = "sockets and FIFOs"),
	KEY(cgroup_parent, STR, .fallback = "stackpilot", .help = "cgroup of all containers"),
	KEY(spinit, STR, .fallback = "", .help = "path of spinit; empty: beside agentd"),
	KEY(limits, STR, .fallback = "strict",
	    .help = "strict: refuse what the node cannot enforce; best-effort: leave it out and say so"),
	KEY(labels, STR, .fallback = "", .help = "of the node, 'zone=a,disk=ssd'"),
	KEY(log_level, STR, .fallback = "info", .help = "debug, info, warn or error"),
	KEY(log_file_bytes, BYTES, .fallback = "10m",
	    .help = "size at which a workload's log rotates"),
	KEY(log_files, INT, .fallback = "5", .min = 2, .max = 1000,
	    .help = "log files kept for each workload"),
	KEY(uid_first, INT, .fallback = "1879048192", .min = 65536, .max = 4000000000,
	    .help = "first host uid of the workloads' ranges of 65536"),
	KEY(pids_max, INT, .fallback = "4096", .min = 0, .max = 4194304,
	    .help = "processes of a workload that names no limit; 0: no limit"),
	KEY(events_kept, INT, .fallback = "32", .min = 2, .max = 10000,
	    .help = "event files of 256 KiB that are kept"),
	SP_CONF_END
};

static int check(const struct config *c, struct sp_err *err)
{
	if (strcmp(c->limits, "strict") != 0 && strcmp(c->limits, "best-effort") != 0)
		return sp_fail(err, SP_E_INVALID, "limits: '%s' is neither strict nor best-effort",
			       c->limits);
	if (sp_log_level_parse(c->log_level) < 0)
		return sp_fail(err, SP_E_INVALID, "log_level: '%s' is not a level", c->log_level);
	if (c->state_dir[0] != '/' || c->run_dir[0] != '/')
		return sp_fail(err, SP_E_INVALID, "state_dir and run_dir must be absolute paths");
	if (*c->name && !sp_id_valid(c->name))
		return sp_fail(err, SP_E_INVALID, "name: '%s' is not a node name", c->name);
	return 0;
}

int config_load(struct config *c, const char *path, char *const *settings, size_t n,
		struct sp_err *err)
{
	int r;

	*c = (struct config){ 0 };
	if (!path && access(CONFIG_FILE, F_OK) == 0)
		path = CONFIG_FILE;
	r = sp_conf_load(keys, c, path, err);
	for (size_t i = 0; i < n && r == 0; i++) {
		autofree char *name = strdup(settings[i]);
		char *eq = name ? strchr(name, '=') : NULL;

		if (!eq)
			return sp_fail(err, SP_E_INVALID, "'%s' is not key=value", settings[i]);
		*eq = '\0';
		r = sp_conf_set(keys, c, name, eq + 1, err);
	}
	return r < 0 ? r : check(c, err);
}

static int fill(char **slot, const char *value, struct sp_err *err)
{
	char *copy;

	if (**slot || !value)
		return 0;
	copy = strdup(value);
	if (!copy)
		return sp_fail_nomem(err);
	free(*slot);
	*slot = copy;
	return 0;
}

static int fill_from_node_file(struct config *c, struct sp_err *err)
{
	autofree char *path = sp_str_format("%s/" NODE_FILE, c->state_dir);
	autobuf struct sp_buf text = SP_BUF_INIT;
	autojson json_t *node = NULL;
	struct sp_err why = { 0 };
	int r;

	if (!path)
		return sp_fail_nomem(err);
	r = sp_file_read_at(AT_FDCWD, path, NODE_FILE_MAX, &text, &why);
	if (r == -ENOENT)
		return 0;
	if (r == 0)
		r = sp_json_parse(text.data, text.len, &node, &why);
	if (r < 0)
		return sp_fail(err, SP_E_CORRUPT, "'%s': %s", path, why.message);
	if (json_is_integer(json_object_get(node, "port")))
		c->port = json_integer_value(json_object_get(node, "port"));
	r = fill(&c->name, json_string_value(json_object_get(node, "name")), err);
	return r < 0 ? r
		     : fill(&c->address, json_string_value(json_object_get(node, "address")), err);
}

int config_complete(struct config *c, struct sp_err *err)
{
	char host[SP_ID_MAX + 1] = "";
	int r = fill_from_node_file(c, err);

	if (r < 0 || *c->name)
		return r;
	if (gethostname(host, sizeof(host) - 1) < 0 || !sp_id_valid(host))
		return sp_fail(err, SP_E_INVALID, "host name '%s' is no node name: set `name`",
			       host);
	return fill(&c->name, host, err);
}

void config_print(const struct config *c, FILE *out)
{
	sp_conf_print(keys, c, out);
}

void config_fini(struct config *c)
{
	sp_conf_fini(keys, c);
}

bool config_best_effort(const struct config *c)
{
	return !strcmp(c->limits, "best-effort");
}
