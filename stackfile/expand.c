/* From a service of the model to the spec of one replica; see expand.h. */
#include "stackfile/expand.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/str.h"

SP_AUTO(struct wire_workload *, wire_workload_free)

/* Copies remember that memory ran out, so that the steps below read as a list. */
struct copier {
	bool failed;
};

static char *copy(struct copier *c, const char *s)
{
	char *d = s ? strdup(s) : NULL;

	c->failed |= s && !d;
	return d;
}

static char **copy_list(struct copier *c, char **v)
{
	char **d = v ? sp_strv_copy(v) : NULL;

	c->failed |= v && !d;
	return d;
}

/* Zeroed room for n elements, and n into *ret_n once they are there. */
static void *room(struct copier *c, size_t n, size_t size, size_t *ret_n)
{
	void *list = n ? calloc(n, size) : NULL;

	c->failed |= n && !list;
	*ret_n = list ? n : 0;
	return list;
}

static void copy_identity(struct copier *c, const struct stack *s, const struct stack_service *from,
			  struct wire_workload *w)
{
	w->id = sp_str_format("%s-%s-%u", s->name, from->name, w->replica);
	c->failed |= !w->id;
	w->stack = copy(c, s->name);
	w->service = copy(c, from->name);
	w->image = copy(c, from->image);
	w->hostname = copy(c, from->hostname ? from->hostname : from->name);
	w->labels = room(c, from->n_labels, sizeof(*w->labels), &w->n_labels);
	for (size_t i = 0; i < w->n_labels; i++)
		w->labels[i] = (struct wire_pair){ copy(c, from->labels[i].key),
						   copy(c, from->labels[i].value) };
}

/* An entrypoint of one's own leaves nothing of the image's command (Compose, "entrypoint"). */
static void copy_process(struct copier *c, const struct stack_service *from,
			 struct wire_workload *w)
{
	static char *nothing[] = { NULL };

	w->entrypoint = copy_list(c, from->entrypoint);
	w->command = copy_list(c, from->entrypoint && !from->command ? nothing : from->command);
	w->program_hidden = from->program_hidden;
	w->environment = copy_list(c, from->environment);
	w->user = copy(c, from->user);
	w->working_dir = copy(c, from->working_dir);
	w->stop_signal = copy(c, from->stop_signal);
	w->stop_grace_ns = from->stop_grace_ns;
	w->restart = from->restart;
	w->restart_attempts = from->restart_attempts;
}

static void copy_mounts(struct copier *c, const struct stack *s, const struct stack_service *from,
			struct wire_workload *w)
{
	w->mounts = room(c, from->n_mounts, sizeof(*w->mounts), &w->n_mounts);
	for (size_t i = 0; i < w->n_mounts; i++) {
		const struct stack_mount *m = &from->mounts[i];
		const char *source =
			m->type == WIRE_MOUNT_VOLUME ? s->volumes[m->volume].id : m->source;

		w->mounts[i] = (struct wire_mount){ .type = m->type,
						    .source = copy(c, source),
						    .target = copy(c, m->target),
						    .read_only = m->read_only,
						    .create_host_path = m->create_host_path,
						    .size_bytes = m->size_bytes,
						    .mode = m->mode };
	}
}

static void copy_files(struct copier *c, const struct stack *s, const struct stack_service *from,
		       struct wire_workload *w)
{
	w->files = room(c, from->n_grants, sizeof(*w->files), &w->n_files);
	for (size_t i = 0; i < w->n_files; i++) {
		const struct stack_grant *g = &from->grants[i];
		const struct stack_content *content =
			&(g->secret ? s->secrets : s->configs)[g->content];
		struct wire_file *f = &w->files[i];

		*f = (struct wire_file){ .target = copy(c, g->target),
					 .mode = g->mode,
					 .uid = g->uid,
					 .gid = g->gid,
					 .secret = g->secret };
		f->content = malloc(content->len + 1);
		c->failed |= !f->content;
		if (!f->content)
			continue;
		memcpy(f->content, content->data, content->len);
		f->content[content->len] = '\0';
		f->len = content->len;
	}
}

static void copy_network(struct copier *c, const struct stack_service *from,
			 struct wire_workload *w)
{
	w->network_none = from->network_none;
	w->ports = room(c, from->n_ports, sizeof(*w->ports), &w->n_ports);
	for (size_t i = 0; i < w->n_ports; i++) {
		w->ports[i] = from->ports[i];
		w->ports[i].host_address = copy(c, from->ports[i].host_address);
	}
	w->hosts = room(c, from->n_extra_hosts, sizeof(*w->hosts), &w->n_hosts);
	for (size_t i = 0; i < w->n_hosts; i++)
		w->hosts[i] = (struct wire_host){ copy(c, from->extra_hosts[i].name),
						  copy(c, from->extra_hosts[i].address) };
}

static void copy_confinement(struct copier *c, const struct stack_service *from,
			     struct wire_workload *w)
{
	w->cap_add = copy_list(c, from->cap_add);
	w->cap_drop = copy_list(c, from->cap_drop);
	w->read_only = from->read_only;
	w->limits = from->limits;
	w->ulimits = room(c, from->n_ulimits, sizeof(*w->ulimits), &w->n_ulimits);
	for (size_t i = 0; i < w->n_ulimits; i++) {
		w->ulimits[i] = from->ulimits[i];
		w->ulimits[i].name = copy(c, from->ulimits[i].name);
	}
	w->sysctls = room(c, from->n_sysctls, sizeof(*w->sysctls), &w->n_sysctls);
	for (size_t i = 0; i < w->n_sysctls; i++)
		w->sysctls[i] = (struct wire_pair){ copy(c, from->sysctls[i].key),
						    copy(c, from->sysctls[i].value) };
}

static void copy_probe(struct copier *c, const struct wire_probe *from, struct wire_probe *to)
{
	*to = *from;
	to->path = copy(c, from->path);
	to->host = copy(c, from->host);
	to->command = copy_list(c, from->command);
	to->user = copy(c, from->user);
	to->database = copy(c, from->database);
}

int stack_expand(const struct stack *s, const struct stack_service *service, uint32_t replica,
		 struct wire_workload **ret, struct sp_err *err)
{
	auto_(wire_workload_free) struct wire_workload *w = calloc(1, sizeof(*w));
	struct copier c = { false };

	if (!w)
		return sp_fail_nomem(err);
	w->replica = replica;
	copy_identity(&c, s, service, w);
	copy_process(&c, service, w);
	copy_mounts(&c, s, service, w);
	copy_files(&c, s, service, w);
	copy_network(&c, service, w);
	copy_confinement(&c, service, w);
	copy_probe(&c, &service->startup, &w->startup);
	copy_probe(&c, &service->liveness, &w->liveness);
	copy_probe(&c, &service->readiness, &w->readiness);
	if (c.failed)
		return sp_fail_nomem(err);
	*ret = take_ptr(w);
	return 0;
}
