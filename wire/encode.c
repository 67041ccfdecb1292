/* A spec to JSON. What holds its default is left out, so equal specs give equal documents. */
#include <stdlib.h>
#include <string.h>

#include "base/base64.h"
#include "base/json.h"
#include "base/mem.h"
#include "wire/names.h"
#include "wire/workload.h"

/* An object being built; the first failure (there is only running out of memory) sticks. */
struct out {
	json_t *object;
	bool failed;
};

static struct out out_new(void)
{
	json_t *o = json_object();

	return (struct out){ .object = o, .failed = !o };
}

static void put(struct out *o, const char *key, json_t *value)
{
	if (!value || o->failed || json_object_set_new(o->object, key, value) < 0)
		o->failed = true;
}

static void put_str(struct out *o, const char *key, const char *s)
{
	if (s)
		put(o, key, json_string(s));
}

static void put_int(struct out *o, const char *key, int64_t v, int64_t fallback)
{
	if (v != fallback)
		put(o, key, json_integer(v));
}

static void put_bool(struct out *o, const char *key, bool v)
{
	if (v)
		put(o, key, json_true());
}

static void put_strv(struct out *o, const char *key, char *const *v)
{
	json_t *list = v ? json_array() : NULL;

	if (!v)
		return;
	put(o, key, list);
	for (; *v && !o->failed; v++)
		if (json_array_append_new(list, json_string(*v)) < 0)
			o->failed = true;
}

static void put_pairs(struct out *o, const char *key, const struct wire_pair *pairs, size_t n)
{
	struct out sub = n ? out_new() : (struct out){ 0 };

	if (!n)
		return;
	for (size_t i = 0; i < n; i++)
		put_str(&sub, pairs[i].key, pairs[i].value);
	o->failed |= sub.failed;
	put(o, key, sub.object);
}

typedef void (*put_fn)(struct out *o, const void *item);

static void put_list(struct out *o, const char *key, const void *items, size_t n, size_t size,
		     put_fn fn)
{
	json_t *list = n ? json_array() : NULL;

	if (!n)
		return;
	put(o, key, list);
	for (size_t i = 0; i < n && !o->failed; i++) {
		struct out sub = out_new();

		fn(&sub, (const char *)items + i * size);
		if (json_array_append_new(list, sub.object) < 0 || sub.failed)
			o->failed = true;
	}
}

static void put_mount(struct out *o, const void *item)
{
	const struct wire_mount *m = item;

	put_str(o, "type", wire_mount_types[m->type]);
	put_str(o, "source", m->type == WIRE_MOUNT_TMPFS ? NULL : m->source);
	put_str(o, "target", m->target);
	put_bool(o, "read_only", m->read_only);
	put_bool(o, "create_host_path", m->type == WIRE_MOUNT_BIND && m->create_host_path);
	if (m->type == WIRE_MOUNT_TMPFS) {
		put_int(o, "size_bytes", (int64_t)m->size_bytes, 0);
		put_int(o, "mode", m->mode, 0);
	}
}

static void put_file(struct out *o, const void *item)
{
	const struct wire_file *f = item;
	autofree char *text = sp_base64_encode(f->content, f->len);

	put_str(o, "target", f->target);
	put(o, "content", text ? json_string(text) : NULL);
	put_int(o, "mode", f->mode, 0444);
	put_int(o, "uid", f->uid, 0);
	put_int(o, "gid", f->gid, 0);
	put_bool(o, "secret", f->secret);
	if (text && f->secret)
		explicit_bzero(text, strlen(text));
}

static void put_port(struct out *o, const void *item)
{
	const struct wire_port *p = item;

	put_str(o, "host_address", p->host_address);
	put_int(o, "host_port", p->host_port, 0);
	put_int(o, "container_port", p->container_port, 0);
	put_str(o, "protocol", p->udp ? "udp" : NULL);
}

static void put_host(struct out *o, const void *item)
{
	const struct wire_host *h = item;

	put_str(o, "name", h->name);
	put_str(o, "address", h->address);
}

static void put_ulimit(struct out *o, const void *item)
{
	const struct wire_ulimit *u = item;

	put_str(o, "name", u->name);
	put(o, "soft", json_integer(u->soft));
	put_int(o, "hard", u->hard, u->soft);
}

static void put_limits(struct out *o, const struct wire_limits *l)
{
	struct out sub = out_new();

	put_int(&sub, "memory_max_bytes", (int64_t)l->memory_max_bytes, 0);
	put_int(&sub, "memory_high_bytes", (int64_t)l->memory_high_bytes, 0);
	put_int(&sub, "memory_low_bytes", (int64_t)l->memory_low_bytes, 0);
	put_int(&sub, "cpu_max_milli", l->cpu_max_milli, 0);
	put_int(&sub, "cpu_weight", l->cpu_weight, 0);
	put_int(&sub, "pids_max", l->pids_max, 0);
	put_int(&sub, "io_weight", l->io_weight, 0);
	o->failed |= sub.failed;
	if (json_object_size(sub.object))
		put(o, "limits", sub.object);
	else
		json_decref(sub.object);
}

static void put_probe(struct out *o, const char *key, const struct wire_probe *p)
{
	struct out sub;

	if (p->type == WIRE_PROBE_NONE)
		return;
	sub = out_new();
	put_str(&sub, "type", wire_probe_types[p->type]);
	put_int(&sub, "port", p->type == WIRE_PROBE_EXEC ? 0 : p->port, 0);
	put_str(&sub, "host", p->type == WIRE_PROBE_EXEC ? NULL : p->host);
	if (p->type == WIRE_PROBE_HTTP) {
		put_str(&sub, "path", p->path);
		put_int(&sub, "status_min", p->status_min, 0);
		put_int(&sub, "status_max", p->status_max, 0);
	}
	put_strv(&sub, "command", p->type == WIRE_PROBE_EXEC ? p->command : NULL);
	put_bool(&sub, "program_hidden", p->type == WIRE_PROBE_EXEC && p->program_hidden);
	put_str(&sub, "user", p->type == WIRE_PROBE_POSTGRES ? p->user : NULL);
	put_str(&sub, "database", p->type == WIRE_PROBE_POSTGRES ? p->database : NULL);
	put_int(&sub, "delay_ns", p->delay_ns, 0);
	put_int(&sub, "interval_ns", p->interval_ns, 0);
	put_int(&sub, "timeout_ns", p->timeout_ns, 0);
	put_int(&sub, "rise", p->rise, 0);
	put_int(&sub, "fall", p->fall, 0);
	put_int(&sub, "jitter_percent", p->jitter_percent, 0);
	o->failed |= sub.failed;
	put(o, key, sub.object);
}

static void put_identity_and_process(struct out *o, const struct wire_workload *w)
{
	put_str(o, "id", w->id);
	put_str(o, "stack", w->stack);
	put_str(o, "service", w->service);
	put_int(o, "replica", w->replica, 0);
	put_str(o, "image", w->image);
	put_str(o, "image_digest", w->image_digest);
	put_strv(o, "entrypoint", w->entrypoint);
	put_strv(o, "command", w->command);
	put_bool(o, "program_hidden", w->program_hidden);
	put_strv(o, "environment", w->environment);
	put_str(o, "user", w->user);
	put_str(o, "working_dir", w->working_dir);
	put_str(o, "hostname", w->hostname);
	put_pairs(o, "labels", w->labels, w->n_labels);
	put_str(o, "stop_signal", w->stop_signal);
	put_int(o, "stop_grace_ns", w->stop_grace_ns, WIRE_STOP_GRACE_NS);
	put_str(o, "restart", wire_restarts[w->restart]);
	put_int(o, "restart_attempts", w->restart_attempts, 0);
}

static void put_surroundings(struct out *o, const struct wire_workload *w)
{
	put_list(o, "mounts", w->mounts, w->n_mounts, sizeof(*w->mounts), put_mount);
	put_list(o, "files", w->files, w->n_files, sizeof(*w->files), put_file);
	put_list(o, "ports", w->ports, w->n_ports, sizeof(*w->ports), put_port);
	put_bool(o, "network_none", w->network_none);
	put_str(o, "address", w->address);
	put_list(o, "hosts", w->hosts, w->n_hosts, sizeof(*w->hosts), put_host);
	put_strv(o, "cap_add", w->cap_add);
	put_strv(o, "cap_drop", w->cap_drop);
	put_bool(o, "read_only", w->read_only);
	put_bool(o, "state_socket", w->state_socket);
	put_limits(o, &w->limits);
	put_list(o, "ulimits", w->ulimits, w->n_ulimits, sizeof(*w->ulimits), put_ulimit);
	put_pairs(o, "sysctls", w->sysctls, w->n_sysctls);
	put_probe(o, "startup", &w->startup);
	put_probe(o, "liveness", &w->liveness);
	put_probe(o, "readiness", &w->readiness);
}

int wire_workload_encode(const struct wire_workload *w, json_t **ret, struct sp_err *err)
{
	struct out o = out_new();

	put_identity_and_process(&o, w);
	put_surroundings(&o, w);
	if (o.failed) {
		json_decref(o.object);
		return sp_fail_nomem(err);
	}
	*ret = o.object;
	return 0;
}
