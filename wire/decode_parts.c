/* The objects inside a spec: mounts, files, ports, hosts, ulimits, limits, probes. */
#include <stdio.h>
#include <stdlib.h>

#include "base/base64.h"
#include "base/str.h"
#include "base/time.h"
#include "wire/check.h"
#include "wire/decode.h"
#include "wire/names.h"
#include "wire/target.h"

#define MODE_MAX          07777
#define ID_MAX_NUMBER     65535 /* uids of a workload: the size of its range, less one */
#define DURATION_MAX      (24 * 3600 * SP_NS_PER_S)
#define PROBE_INTERVAL    (10 * SP_NS_PER_S)
#define PROBE_TIMEOUT     (2 * SP_NS_PER_S)
#define PROBE_FALL        3
#define PROBE_COUNT_MAX   1000
#define CPU_MILLI_MAX     1000000
#define CGROUP_WEIGHT_MAX 10000

#define A_PATH   "an absolute path without '.' or '..'"
#define A_TARGET A_PATH ", outside of " WIRE_TARGETS_OWN

static bool is_target(const char *path)
{
	return wire_path_valid(path) && wire_target_free(path);
}

void wire_mount_item(struct sp_json_reader *r, void *item)
{
	struct wire_mount *m = item;

	m->type = (enum wire_mount_type)wire_enum(r, "type", wire_mount_types, -1);
	m->target = wire_need(r, "target", is_target, A_TARGET);
	m->read_only = sp_json_bool(r, "read_only", false);
	switch (m->type) {
	case WIRE_MOUNT_VOLUME:
		m->source = wire_need(r, "source", sp_id_valid, "a volume id");
		break;
	case WIRE_MOUNT_BIND:
		m->source = wire_need(r, "source", wire_path_valid, A_PATH);
		m->create_host_path = sp_json_bool(r, "create_host_path", false);
		break;
	case WIRE_MOUNT_TMPFS:
		m->size_bytes = (uint64_t)sp_json_int(r, "size_bytes", 0, INT64_MAX, 0);
		m->mode = (uint32_t)sp_json_int(r, "mode", 0, MODE_MAX, 0);
		break;
	}
}

void wire_file_item(struct sp_json_reader *r, void *item)
{
	struct wire_file *f = item;
	const char *text;

	f->target = wire_need(r, "target", is_target, A_TARGET);
	f->mode = (uint32_t)sp_json_int(r, "mode", 0, MODE_MAX, 0444);
	f->uid = (uint32_t)sp_json_int(r, "uid", 0, ID_MAX_NUMBER, 0);
	f->gid = (uint32_t)sp_json_int(r, "gid", 0, ID_MAX_NUMBER, 0);
	f->secret = sp_json_bool(r, "secret", false);
	text = sp_json_need_str(r, "content");
	if (r->error)
		return;
	if (sp_base64_decode(text, &f->content, &f->len, NULL) < 0)
		sp_json_refuse(r, "content", "is not base64");
	else if (f->len > WIRE_FILE_MAX)
		sp_json_refuse(r, "content", "%zu bytes, at most %d", f->len, WIRE_FILE_MAX);
}

void wire_port_item(struct sp_json_reader *r, void *item)
{
	static const char *const protocols[] = { "tcp", "udp", NULL };
	struct wire_port *p = item;

	p->host_address = wire_opt(r, "host_address", wire_ipv4_valid, "an IPv4 address");
	p->host_port = (uint16_t)sp_json_need_int(r, "host_port", 1, UINT16_MAX);
	p->container_port = (uint16_t)sp_json_need_int(r, "container_port", 1, UINT16_MAX);
	p->udp = wire_enum(r, "protocol", protocols, 0) == 1;
}

void wire_host_item(struct sp_json_reader *r, void *item)
{
	struct wire_host *h = item;

	h->name = wire_need(r, "name", wire_host_valid, "a host name");
	h->address = wire_need(r, "address", wire_ip_valid, "an address");
}

void wire_ulimit_item(struct sp_json_reader *r, void *item)
{
	struct wire_ulimit *u = item;

	u->name = wire_need(r, "name", wire_ulimit_valid, "a resource limit");
	u->soft = sp_json_need_int(r, "soft", -1, INT64_MAX);
	u->hard = sp_json_int(r, "hard", -1, INT64_MAX, u->soft);
	if (u->hard >= 0 && (u->soft < 0 || u->soft > u->hard))
		sp_json_refuse(r, "soft", "is above the hard limit");
}

void wire_limits_member(struct sp_json_reader *up, struct wire_limits *l)
{
	json_t *object = sp_json_object(up, "limits");
	struct sp_json_reader r;
	char path[SP_JSON_PATH_MAX];

	if (!object)
		return;
	snprintf(path, sizeof(path), "%.150s.limits", up->path);
	sp_json_open(&r, object, path, up->err);
	l->memory_max_bytes = (uint64_t)sp_json_int(&r, "memory_max_bytes", 0, INT64_MAX, 0);
	l->memory_high_bytes = (uint64_t)sp_json_int(&r, "memory_high_bytes", 0, INT64_MAX, 0);
	l->memory_low_bytes = (uint64_t)sp_json_int(&r, "memory_low_bytes", 0, INT64_MAX, 0);
	l->cpu_max_milli = (uint32_t)sp_json_int(&r, "cpu_max_milli", 0, CPU_MILLI_MAX, 0);
	l->cpu_weight = (uint32_t)sp_json_int(&r, "cpu_weight", 0, CGROUP_WEIGHT_MAX, 0);
	l->pids_max = sp_json_int(&r, "pids_max", -1, INT32_MAX, 0);
	l->io_weight = (uint32_t)sp_json_int(&r, "io_weight", 0, CGROUP_WEIGHT_MAX, 0);
	up->error = sp_json_done(&r);
}

static void decode_http(struct sp_json_reader *r, struct wire_probe *p)
{
	p->path = wire_opt(r, "path", NULL, NULL);
	if (!p->path && !r->error)
		p->path = wire_copy(r, "path", "/", NULL, NULL);
	if (p->path && p->path[0] != '/')
		sp_json_refuse(r, "path", "does not start with '/'");
	for (const char *c = p->path; c && *c; c++)
		if ((unsigned char)*c <= ' ' || *c == 0x7f)
			sp_json_refuse(r, "path", "holds a space or a control character");
	p->status_min = (uint16_t)sp_json_int(r, "status_min", 100, 599, 200);
	p->status_max = (uint16_t)sp_json_int(r, "status_max", 100, 599, 399);
	if (p->status_min > p->status_max)
		sp_json_refuse(r, "status_min", "is above status_max");
}

static void decode_kind(struct sp_json_reader *r, struct wire_probe *p)
{
	switch (p->type) {
	case WIRE_PROBE_NONE:
		break;
	case WIRE_PROBE_HTTP:
		decode_http(r, p);
		break;
	case WIRE_PROBE_EXEC:
		p->command = wire_strv(r, "command", NULL, NULL);
		if (!p->command || !p->command[0])
			sp_json_refuse(r, "command", "is empty");
		p->program_hidden = sp_json_bool(r, "program_hidden", false);
		break;
	case WIRE_PROBE_POSTGRES:
		p->user = wire_opt(r, "user", NULL, NULL);
		p->database = wire_opt(r, "database", NULL, NULL);
		break;
	case WIRE_PROBE_TCP:
		break;
	}
	if (p->type == WIRE_PROBE_EXEC || p->type == WIRE_PROBE_NONE)
		return;
	p->host = wire_opt(r, "host", wire_host_valid, "a host name");
	p->port = (uint16_t)sp_json_need_int(r, "port", 1, UINT16_MAX);
}

static void decode_timing(struct sp_json_reader *r, struct wire_probe *p)
{
	p->delay_ns = sp_json_int(r, "delay_ns", 0, DURATION_MAX, 0);
	p->interval_ns = sp_json_int(r, "interval_ns", SP_NS_PER_MS, DURATION_MAX, PROBE_INTERVAL);
	p->timeout_ns =
		sp_json_int(r, "timeout_ns", SP_NS_PER_MS, DURATION_MAX,
			    p->interval_ns < PROBE_TIMEOUT ? p->interval_ns : PROBE_TIMEOUT);
	p->rise = (uint32_t)sp_json_int(r, "rise", 1, PROBE_COUNT_MAX, 1);
	p->fall = (uint32_t)sp_json_int(r, "fall", 1, PROBE_COUNT_MAX, PROBE_FALL);
	p->jitter_percent = (uint32_t)sp_json_int(r, "jitter_percent", 0, 100, 0);
}

void wire_probe_member(struct sp_json_reader *up, const char *key, struct wire_probe *p)
{
	json_t *object = sp_json_object(up, key);
	struct sp_json_reader r;
	char path[SP_JSON_PATH_MAX];

	if (!object)
		return;
	snprintf(path, sizeof(path), "%.150s.%s", up->path, key);
	sp_json_open(&r, object, path, up->err);
	p->type = (enum wire_probe_type)wire_enum(&r, "type", wire_probe_types, -1);
	decode_kind(&r, p);
	if (p->type != WIRE_PROBE_NONE)
		decode_timing(&r, p);
	up->error = sp_json_done(&r);
}
