/* Capabilities, ulimits, signals and extra hosts, checked against the names the kernel has. */
#include "stackfile/privilege.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "base/signame.h"
#include "base/str.h"
#include "stackfile/keys.h"
#include "stackfile/scalar.h"

/* capabilities(7), Linux 6.18 */
static const char *const capabilities[] = { "ALL",
					    "AUDIT_CONTROL",
					    "AUDIT_READ",
					    "AUDIT_WRITE",
					    "BLOCK_SUSPEND",
					    "BPF",
					    "CHECKPOINT_RESTORE",
					    "CHOWN",
					    "DAC_OVERRIDE",
					    "DAC_READ_SEARCH",
					    "FOWNER",
					    "FSETID",
					    "IPC_LOCK",
					    "IPC_OWNER",
					    "KILL",
					    "LEASE",
					    "LINUX_IMMUTABLE",
					    "MAC_ADMIN",
					    "MAC_OVERRIDE",
					    "MKNOD",
					    "NET_ADMIN",
					    "NET_BIND_SERVICE",
					    "NET_BROADCAST",
					    "NET_RAW",
					    "PERFMON",
					    "SETFCAP",
					    "SETGID",
					    "SETPCAP",
					    "SETUID",
					    "SYSLOG",
					    "SYS_ADMIN",
					    "SYS_BOOT",
					    "SYS_CHROOT",
					    "SYS_MODULE",
					    "SYS_NICE",
					    "SYS_PACCT",
					    "SYS_PTRACE",
					    "SYS_RAWIO",
					    "SYS_RESOURCE",
					    "SYS_TIME",
					    "SYS_TTY_CONFIG",
					    "WAKE_ALARM",
					    NULL };

static char *upper(struct reader *r, const char *s)
{
	char *copy = stack_arena_dup(r->arena, s);

	for (char *c = copy; c && *c; c++)
		*c = (char)toupper((unsigned char)*c);
	return copy;
}

static void capability_one(const struct value *v, char ***list)
{
	const char *text = value_text(v, "a capability such as NET_ADMIN"), *meant;
	char *name = text ? upper(v->r, text) : NULL;
	char suggestion[64];

	if (!name)
		return;
	if (sp_str_starts(name, "CAP_"))
		name += 4;
	for (size_t i = 0; capabilities[i]; i++)
		if (!strcmp(capabilities[i], name)) {
			stack_arena_strv_push(v->r->arena, list, name);
			return;
		}
	meant = sp_str_nearest(name, capabilities);
	snprintf(suggestion, sizeof(suggestion), "; did you mean '%s'?", meant ? meant : "");
	value_refuse(v, STACK_CODE_VALUE, "is '%s', which is no capability%s", text,
		     meant ? suggestion : "");
}

void read_capabilities(const struct value *v, void *field)
{
	if (node_is_null(v->node) || !value_is_list(v))
		return;
	for (size_t i = 0; i < v->node->n; i++) {
		struct value item = value_child(v, i);

		capability_one(&item, field);
	}
}

/* getrlimit(2), lower case */
static const char *const ulimits[] = { "as",    "core",    "cpu",      "data",   "fsize",
				       "locks", "memlock", "msgqueue", "nice",   "nofile",
				       "nproc", "rss",     "rtprio",   "rttime", "sigpending",
				       "stack", NULL };

static void read_ulimit_value(const struct value *v, void *field)
{
	const char *text = value_text(v, "a whole number, -1 for no limit");
	int64_t n;

	if (!text)
		return;
	if (sp_parse_i64(text, &n, NULL) < 0 || n < -1)
		value_refuse(v, STACK_CODE_TYPE,
			     "expects a whole number, -1 for no limit, not '%s'", text);
	else
		*(int64_t *)field = n;
}

static const struct key ulimit_keys[] = {
	{ "soft", read_ulimit_value, offsetof(struct wire_ulimit, soft),
	  "where the process starts; -1 is no limit; required" },
	{ "hard", read_ulimit_value, offsetof(struct wire_ulimit, hard),
	  "how far it may raise it; required" },
};
KEY_TABLE(keys_ulimit, "services.NAME.ulimits.NAME", ulimit_keys, true);

static bool over(int64_t soft, int64_t hard)
{
	return hard >= 0 && (soft < 0 || soft > hard);
}

static void ulimit_one(const struct value *v, struct stack_service *s)
{
	struct wire_ulimit u = { .name = stack_arena_dup(v->r->arena, v->key) }, *slot;
	size_t i = 0;

	while (ulimits[i] && strcmp(ulimits[i], v->key) != 0)
		i++;
	if (!ulimits[i]) {
		value_refuse_key(v, STACK_CODE_VALUE, NULL, "is no limit of getrlimit(2)");
		return;
	}
	if (v->node->kind != NODE_MAP) {
		read_ulimit_value(v, &u.soft);
		u.hard = u.soft;
	} else {
		key_table_read(&keys_ulimit, v, &u);
		if (!node_find(v->node, "soft") || !node_find(v->node, "hard"))
			value_refuse(v, STACK_CODE_MISSING, "needs 'soft' and 'hard'");
		else if (over(u.soft, u.hard))
			value_refuse(v, STACK_CODE_CONFLICT, "has a soft limit above the hard one");
	}
	slot = value_push(v, &s->ulimits, &s->n_ulimits, sizeof(*slot));
	if (slot)
		*slot = u;
}

void read_ulimits(const struct value *v, void *service)
{
	if (node_is_null(v->node) || !value_is_map(v))
		return;
	for (size_t i = 0; i < v->node->n; i++) {
		struct value item = value_child(v, i);

		ulimit_one(&item, service);
	}
}

void read_signal(const struct value *v, void *field)
{
	const char *text = value_text(v, "a signal such as SIGTERM");
	char *name = text ? upper(v->r, text) : NULL;
	int number = name ? sp_signal_parse(name) : -1;

	if (!name)
		return;
	if (number <= 0)
		value_refuse(v, STACK_CODE_VALUE, "is '%s', which is no signal", text);
	else if (number >= SIGRTMIN)
		*(char **)field = stack_arena_format(v->r->arena, "SIGRTMIN+%d", number - SIGRTMIN);
	else
		*(char **)field = stack_arena_dup(v->r->arena, sp_signal_name(number));
}

static bool ip_valid(const char *s)
{
	unsigned char address[sizeof(struct in6_addr)];

	return inet_pton(AF_INET, s, address) == 1 || inet_pton(AF_INET6, s, address) == 1;
}

static void host_add(const struct value *v, const char *name, const char *address,
		     struct stack_service *s)
{
	struct wire_host *h;

	if (!strcmp(address, "host-gateway")) {
		value_refuse(v, STACK_CODE_UNSUPPORTED,
			     "asks for 'host-gateway', which is not supported yet");
	} else if (!ip_valid(address)) {
		value_refuse(v, STACK_CODE_VALUE, "has '%s', which is no IP address", address);
	} else if (!*name || strlen(name) > 253 || strpbrk(name, " \t\n#")) {
		value_refuse(v, STACK_CODE_VALUE, "has '%s', which is no host name", name);
	} else if ((h = value_push(v, &s->extra_hosts, &s->n_extra_hosts, sizeof(*h)))) {
		*h = (struct wire_host){ stack_arena_dup(v->r->arena, name),
					 stack_arena_dup(v->r->arena, address) };
	}
}

/* "name=IP", or "name:IP" as it used to be; an IPv6 address may be in brackets. */
static void host_line(const struct value *v, struct stack_service *s)
{
	const char *text = value_text(v, "NAME=IP");
	char *name = text ? stack_arena_dup(v->r->arena, text) : NULL;
	char *address = name ? name + strcspn(name, "=:") : NULL;

	if (!name)
		return;
	if (!*address) {
		value_refuse(v, STACK_CODE_TYPE, "expects NAME=IP, not '%s'", text);
		return;
	}
	*address++ = '\0';
	if (address[0] == '[' && sp_str_ends(address, "]")) {
		address[strlen(address) - 1] = '\0';
		address++;
	}
	host_add(v, name, address, s);
}

/* NAME: IP, or NAME: [IP, IP] */
static void host_pair(const struct value *v, struct stack_service *s)
{
	if (v->node->kind != NODE_LIST) {
		const char *address = value_text(v, "an IP address");

		if (address)
			host_add(v, v->key, address, s);
		return;
	}
	for (size_t i = 0; value_is_list(v) && i < v->node->n; i++) {
		struct value item = value_child(v, i);
		const char *address = value_text(&item, "an IP address");

		if (address)
			host_add(&item, v->key, address, s);
	}
}

void read_extra_hosts(const struct value *v, void *service)
{
	bool map = v->node->kind == NODE_MAP;

	if (node_is_null(v->node) || (!map && !value_is_list(v)))
		return;
	for (size_t i = 0; i < v->node->n; i++) {
		struct value item = value_child(v, i);

		if (map)
			host_pair(&item, service);
		else
			host_line(&item, service);
	}
}
