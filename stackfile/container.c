/*
 * What a service and a task share: the table of the keys that say what runs in a container, and how
 * it is confined.
 */
#include "stackfile/container.h"

#include <ctype.h>
#include <string.h>

#include "base/mem.h"
#include "base/str.h"
#include "base/time.h"
#include "stackfile/command.h"
#include "stackfile/contents.h"
#include "stackfile/deploy.h"
#include "stackfile/env_list.h"
#include "stackfile/environment.h"
#include "stackfile/keys.h"
#include "stackfile/mounts.h"
#include "stackfile/openly.h"
#include "stackfile/ports.h"
#include "stackfile/privilege.h"
#include "stackfile/scalar.h"

#define STOP_GRACE_NS (10 * SP_NS_PER_S)

/* Letters, digits, '.', '-' and '_', with a letter or digit at both ends. */
static bool name_valid(const char *s)
{
	size_t n = strlen(s);

	for (size_t i = 0; i < n; i++)
		if (!isalnum((unsigned char)s[i]) && !strchr(".-_", s[i]))
			return false;
	return n && n <= SP_ID_MAX && isalnum((unsigned char)s[0]) &&
	       isalnum((unsigned char)s[n - 1]) && !strstr(s, "..");
}

void read_host_name(const struct value *v, void *field)
{
	const char *text = value_text(v, "a name");

	if (text && name_valid(text))
		*(char **)field = v->node->text;
	else if (text)
		value_refuse(v, STACK_CODE_VALUE,
			     "is '%s': a name has letters, digits, '.', '-' and '_', at most %d",
			     text, SP_ID_MAX);
}

static void read_working_dir(const struct value *v, void *field)
{
	const char *text = value_text(v, "an absolute path");

	if (text && (!strcmp(text, "/") || check_abs_path(v, text)))
		*(char **)field = clean_path(v->r, text);
}

static void read_network_mode(const struct value *v, void *field)
{
	const char *text = value_text(v, "none");

	if (text && !strcmp(text, "none"))
		*(bool *)field = true;
	else if (text)
		value_refuse(v, STACK_CODE_UNSUPPORTED, "'%s' is not supported yet ('none' is)",
			     text);
}

static void read_image(const struct value *v, void *field)
{
	struct stack_service *s = sp_container_of((char **)field, struct stack_service, image);

	read_string(v, field);
	s->image_at = v->key_at;
}

#define FIELD(member) offsetof(struct stack_service, member)

static const struct key container_keys[] = {
	{ "image", read_image, FIELD(image), "the image to run; required" },
	{ "hostname", read_host_name, FIELD(hostname),
	  "its host name; default: the service's name" },
	{ "entrypoint", read_command, FIELD(entrypoint),
	  "over the image's: a list, or a string that is split as a shell would; `[]` clears it" },
	{ "command", read_command, FIELD(command), "over the image's, as `entrypoint`" },
	{ "user", read_string, FIELD(user), "`NAME`, `UID`, `NAME:GROUP` or `UID:GID`" },
	{ "working_dir", read_working_dir, FIELD(working_dir), "absolute path" },
	{ "env_file", read_env_file, 0,
	  "files of NAME=value lines: a path, or a list of paths or maps" },
	{ "environment", read_environment, 0,
	  "a map or a list of NAME=value; without a value it is the client's own variable" },
	{ "labels", read_labels, 0, "a map or a list of NAME=value" },
	{ "volumes", read_mounts, 0,
	  "`VOLUME:TARGET[:ro]`, `/PATH/ON/NODE:TARGET[:ro]`, or the long form" },
	{ "tmpfs", read_tmpfs, 0, "`TARGET[:size=64m,mode=1777,ro]`, one or a list" },
	{ "secrets", read_secret_grants, 0, "names of secrets, or the long form" },
	{ "configs", read_config_grants, 0, "names of configs, or the long form" },
	{ "network_mode", read_network_mode, FIELD(network_none), "`none`: loopback only" },
	{ "extra_hosts", read_extra_hosts, 0, "`NAME=IP` or a map, put into /etc/hosts" },
	{ "cap_add", read_capabilities, FIELD(cap_add), "capabilities beyond the default set" },
	{ "cap_drop", read_capabilities, FIELD(cap_drop), "capabilities taken away; `ALL` too" },
	{ "read_only", read_bool, FIELD(read_only), "`true`: the root filesystem is read-only" },
	{ "init", read_bool, FIELD(init), "accepted; every container has an init" },
	{ "mem_limit", read_mem_limit, 0, "memory at most: `512m`, `2gb`" },
	{ "mem_reservation", read_mem_reservation, 0, "memory the node must have free for it" },
	{ "cpus", read_cpu_limit, 0, "CPUs at most: `0.5`" },
	{ "pids_limit", read_pids_limit, 0, "processes at most; -1 is no limit" },
	{ "ulimits", read_ulimits, 0, "`nofile: 1024`, or a map of `soft` and `hard`" },
	{ "sysctls", read_sysctls, 0, "a map or list; only those a container has a copy of" },
	{ "stop_signal", read_signal, FIELD(stop_signal), "default: the image's, or SIGTERM" },
	{ "stop_grace_period", read_duration, FIELD(stop_grace_ns),
	  "from the stop signal to the kill; default `10s`" },
	UNSUPPORTED("blkio_config"),
	UNSUPPORTED("build"),
	UNSUPPORTED("cgroup"),
	UNSUPPORTED("cgroup_parent"),
	UNSUPPORTED("cpu_count"),
	UNSUPPORTED("cpu_percent"),
	UNSUPPORTED("cpu_period"),
	UNSUPPORTED("cpu_quota"),
	UNSUPPORTED("cpu_rt_period"),
	UNSUPPORTED("cpu_rt_runtime"),
	UNSUPPORTED("cpu_shares"),
	UNSUPPORTED("cpuset"),
	UNSUPPORTED("credential_spec"),
	UNSUPPORTED("device_cgroup_rules"),
	UNSUPPORTED("devices"),
	UNSUPPORTED("dns"),
	UNSUPPORTED("dns_opt"),
	UNSUPPORTED("dns_search"),
	UNSUPPORTED("domainname"),
	UNSUPPORTED("gpus"),
	UNSUPPORTED("group_add"),
	UNSUPPORTED("ipc"),
	UNSUPPORTED("isolation"),
	UNSUPPORTED("label_file"),
	UNSUPPORTED("logging"),
	UNSUPPORTED("mac_address"),
	UNSUPPORTED("mem_swappiness"),
	UNSUPPORTED("memswap_limit"),
	UNSUPPORTED("models"),
	UNSUPPORTED("networks"),
	UNSUPPORTED("oom_kill_disable"),
	UNSUPPORTED("oom_score_adj"),
	UNSUPPORTED("pid"),
	UNSUPPORTED("platform"),
	UNSUPPORTED("privileged"),
	UNSUPPORTED("pull_policy"),
	UNSUPPORTED("runtime"),
	UNSUPPORTED("security_opt"),
	UNSUPPORTED("shm_size"),
	UNSUPPORTED("stdin_open"),
	UNSUPPORTED("storage_opt"),
	UNSUPPORTED("tty"),
	UNSUPPORTED("use_api_socket"),
	UNSUPPORTED("userns_mode"),
	UNSUPPORTED("uts"),
	UNSUPPORTED("volumes_from"),
};
KEY_TABLE(keys_container, "services.NAME and x-stackpilot.tasks.NAME", container_keys, true);

void container_init(struct stack_service *s)
{
	s->restart = WIRE_RESTART_NO;
	s->stop_grace_ns = STOP_GRACE_NS;
	s->replicas = 1;
}

void container_finish(const struct value *v, struct stack_service *s)
{
	env_list_sort(s->environment);
	openly_read(v, s);
	if (!node_find(v->node, "image") && !node_find(v->node, "build"))
		value_refuse_key(v, STACK_CODE_MISSING, NULL, "has no 'image'");
}
