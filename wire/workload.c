/* A spec's end and its identity. */
#include "wire/workload.h"

#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/mem.h"
#include "base/str.h"

static void free_pairs(struct wire_pair *pairs, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		free(pairs[i].key);
		free(pairs[i].value);
	}
	free(pairs);
}

/* A secret may also travel in the environment, so every value is wiped. */
static void free_wiped(char **v)
{
	for (char **s = v; s && *s; s++)
		explicit_bzero(*s, strlen(*s));
	sp_strv_free(v);
}

static void free_files(struct wire_file *files, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		if (files[i].content)
			explicit_bzero(files[i].content, files[i].len);
		free(files[i].content);
		free(files[i].target);
	}
	free(files);
}

static void free_lists(struct wire_workload *w)
{
	for (size_t i = 0; i < w->n_mounts; i++) {
		free(w->mounts[i].source);
		free(w->mounts[i].target);
	}
	free(w->mounts);
	for (size_t i = 0; i < w->n_ports; i++)
		free(w->ports[i].host_address);
	free(w->ports);
	for (size_t i = 0; i < w->n_hosts; i++) {
		free(w->hosts[i].name);
		free(w->hosts[i].address);
	}
	free(w->hosts);
	for (size_t i = 0; i < w->n_ulimits; i++)
		free(w->ulimits[i].name);
	free(w->ulimits);
}

static void free_probe(struct wire_probe *p)
{
	free(p->path);
	free(p->host);
	sp_strv_free(p->command);
	free(p->user);
	free(p->database);
}

void wire_workload_free(struct wire_workload *w)
{
	if (!w)
		return;
	free(w->id);
	free(w->stack);
	free(w->service);
	free(w->image);
	free(w->image_digest);
	sp_strv_free(w->entrypoint);
	sp_strv_free(w->command);
	free_wiped(w->environment);
	free(w->user);
	free(w->working_dir);
	free(w->hostname);
	free_pairs(w->labels, w->n_labels);
	free_files(w->files, w->n_files);
	free_lists(w);
	free(w->address);
	sp_strv_free(w->cap_add);
	sp_strv_free(w->cap_drop);
	free_pairs(w->sysctls, w->n_sysctls);
	free(w->stop_signal);
	free_probe(&w->startup);
	free_probe(&w->liveness);
	free_probe(&w->readiness);
	free(w);
}

int wire_workload_digest(const struct wire_workload *w, char ret[SP_DIGEST_MAX], struct sp_err *err)
{
	struct wire_workload identity = *w; /* shallow: only `hosts` is hidden */
	autojson json_t *json = NULL;
	char *text;
	int r;

	identity.hosts = NULL;
	identity.n_hosts = 0;
	r = wire_workload_encode(&identity, &json, err);
	if (r < 0)
		return r;
	text = sp_json_canonical(json);
	if (!text)
		return sp_fail_nomem(err);
	r = sp_digest_of(text, strlen(text), ret, err);
	explicit_bzero(text, strlen(text));
	free(text);
	return r;
}
