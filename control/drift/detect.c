/* See detect.h. */
#include "control/drift/detect.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/mem.h"
#include "base/str.h"
#include "base/time.h"
#include "control/drift/ask.h"
#include "control/node/peers.h"
#include "control/stack/revision.h"
#include "control/store/drift.h"

/* All that a comparison borrows. */
struct looking {
	struct store_stack stack;
	struct store_workloads workloads;
	struct wire_workload **specs; /* as many as workloads */
	struct store_nodes rows;
	struct drift_node *nodes; /* as many as rows */
	char (*digests)[SP_DIGEST_MAX];
	char **stacks;
	struct revision revision;
	struct drift_ask ask;
};

static void looking_fini(struct looking *l)
{
	drift_ask_fini(&l->ask);
	for (size_t i = 0; l->specs && i < l->workloads.n; i++)
		wire_workload_free(l->specs[i]);
	free(l->specs);
	free(l->nodes);
	free(l->digests);
	sp_strv_free(l->stacks);
	revision_fini(&l->revision);
	store_nodes_fini(&l->rows);
	store_workloads_fini(&l->workloads);
}

#define autolooking __attribute__((cleanup(looking_fini)))

static int read_stack(struct store *s, const char *name, const char *within, struct looking *l,
		      struct sp_err *err)
{
	int r = store_stack_get(s, name, &l->stack, err);

	if (r < 0)
		return r;
	if (!l->stack.revision)
		return sp_fail(err, SP_E_CONFLICT, "stack '%s' was never deployed to its end",
			       name);
	if (!sp_str_eq(within, l->stack.operation) &&
	    (!strcmp(l->stack.state, "deploying") || !strcmp(l->stack.state, "destroying")))
		return sp_fail(err, SP_E_CONFLICT, "operation '%s' is changing stack '%s'",
			       l->stack.operation, name);
	return 0;
}

static int read_names(struct store *s, struct looking *l, struct sp_err *err)
{
	autostacks struct store_stacks all = { 0 };
	int r = store_stack_list(s, &all, err);

	l->stacks = r == 0 ? calloc(1, sizeof(*l->stacks)) : NULL;
	for (size_t i = 0; l->stacks && r == 0 && i < all.n; i++)
		if (sp_strv_push(&l->stacks, all.list[i].name) < 0)
			return sp_fail_nomem(err);
	return r < 0 ? r : l->stacks ? 0 : sp_fail_nomem(err);
}

static int read_nodes(struct store *s, struct looking *l, struct sp_err *err)
{
	int r = store_node_list(s, &l->rows, err);

	if (r < 0)
		return r;
	l->nodes = calloc(l->rows.n + 1, sizeof(*l->nodes));
	l->digests = calloc(l->rows.n + 1, sizeof(*l->digests));
	if (!l->nodes || !l->digests)
		return sp_fail_nomem(err);
	for (size_t i = 0; r == 0 && i < l->rows.n; i++) {
		autojson json_t *peers = NULL;

		r = peers_for(s, &l->rows.list[i], &peers, l->digests[i], err);
		l->nodes[i].row = &l->rows.list[i];
		l->nodes[i].peers_digest = l->digests[i];
	}
	return r;
}

static int decode(const struct store_workload *w, struct wire_workload **ret, struct sp_err *err)
{
	autojson json_t *json = NULL;
	int r = sp_json_parse(w->spec, strlen(w->spec), &json, err);

	if (r == 0)
		r = wire_workload_decode(json, ret, err);
	return r < 0 ? sp_err_prefix(err, "workload '%s'", w->id) : 0;
}

static int read_workloads(struct store *s, struct looking *l, struct sp_err *err)
{
	int r = store_workload_list(s, l->stack.name, l->stack.revision, &l->workloads, err);

	if (r < 0)
		return r;
	l->specs = calloc(l->workloads.n + 1, sizeof(*l->specs));
	if (!l->specs)
		return sp_fail_nomem(err);
	for (size_t i = 0; r == 0 && i < l->workloads.n; i++)
		r = decode(&l->workloads.list[i], &l->specs[i], err);
	return r;
}

/* What is expected, and what is there: the agents look while the store is read. */
static int read_both(struct control *c, struct store *s, struct looking *l, struct sp_err *err)
{
	int r = read_nodes(s, l, err);

	if (r == 0)
		r = drift_ask_begin(&l->ask, c, &l->rows, l->stack.name, err);
	if (r == 0)
		r = read_workloads(s, l, err);
	if (r == 0)
		r = revision_read(s, l->stack.name, l->stack.revision, &l->revision, err);
	if (r == 0)
		r = read_names(s, l, err);
	if (r == 0)
		r = drift_ask_wait(&l->ask, err);
	for (size_t i = 0; r == 0 && i < l->rows.n; i++)
		l->nodes[i].seen = l->ask.replies[i];
	return r;
}

static bool has_workload(const struct looking *l, const char *node)
{
	for (size_t i = 0; i < l->workloads.n; i++)
		if (!strcmp(l->workloads.list[i].node, node))
			return true;
	return false;
}

static int list_unreachable(const struct looking *l, char ***ret, struct sp_err *err)
{
	char **list = calloc(1, sizeof(*list));

	for (size_t i = 0; list && i < l->rows.n; i++)
		if (!l->nodes[i].seen && has_workload(l, l->rows.list[i].name) &&
		    sp_strv_push(&list, l->rows.list[i].name) < 0) {
			sp_strv_free(list);
			list = NULL;
		}
	*ret = list;
	return list ? 0 : sp_fail_nomem(err);
}

static json_t *names_json(char *const *names)
{
	json_t *list = json_array();

	for (; list && *names; names++)
		json_array_append_new(list, json_string(*names));
	return list;
}

static int describe(const struct looking *l, struct drift_report *report, int64_t took_ns,
		    struct sp_err *err)
{
	char at[SP_TIME_STAMP_MAX];

	sp_time_format(sp_time_real_ns(), at);
	report->json = json_pack("{s:s, s:I, s:s, s:I, s:I, s:I, s:o, s:o}", "stack", l->stack.name,
				 "revision", (json_int_t)l->stack.revision, "at", at, "took_ns",
				 (json_int_t)took_ns, "workloads", (json_int_t)l->workloads.n,
				 "ignored", (json_int_t)report->findings.ignored, "unreachable",
				 names_json(report->unreachable), "findings",
				 drift_findings_json(&report->findings, l->stack.name));
	return report->json ? 0 : sp_fail_nomem(err);
}

static int compare(struct looking *l, struct drift_findings *ret, struct sp_err *err)
{
	struct drift_input in = { .stack = l->stack.name,
				  .workloads = &l->workloads,
				  .specs = l->specs,
				  .nodes = l->nodes,
				  .n_nodes = l->rows.n,
				  .stacks = l->stacks,
				  .ignore = l->revision.stack->drift_ignore,
				  .n_ignore = l->revision.stack->n_drift_ignore };

	return drift_compare(&in, ret, err);
}

int drift_find(struct control *c, struct store *s, const char *stack, const char *within,
	       struct drift_report *ret, struct sp_err *err)
{
	autolooking struct looking l = { 0 };
	struct drift_report report = { 0 };
	int64_t began = sp_time_mono_ns();
	int r = read_stack(s, stack, within, &l, err);

	if (r == 0)
		r = read_both(c, s, &l, err);
	if (r == 0)
		r = compare(&l, &report.findings, err);
	if (r == 0)
		r = list_unreachable(&l, &report.unreachable, err);
	if (r == 0)
		r = describe(&l, &report, sp_time_mono_ns() - began, err);
	if (r < 0)
		drift_report_fini(&report);
	else
		*ret = report;
	return r;
}

int drift_keep(struct store *s, const struct drift_report *report, struct sp_err *err)
{
	autofree char *text = sp_json_canonical(json_object_get(report->json, "findings"));
	struct store_drift d = { .stack = json_string_value(json_object_get(report->json, "stack")),
				 .report = report->json,
				 .findings = report->findings.n };
	char key[SP_DIGEST_MAX];
	int r = text ? sp_digest_of(text, strlen(text), key, err) : sp_fail_nomem(err);

	if (r < 0)
		return r;
	d.key = key;
	return store_drift_put(s, &d, err);
}

int drift_detect(struct control *c, struct store *s, const char *stack, const char *within,
		 struct drift_report *ret, struct sp_err *err)
{
	int r = drift_find(c, s, stack, within, ret, err);

	if (r == 0)
		r = drift_keep(s, ret, err);
	if (r < 0)
		drift_report_fini(ret);
	return r;
}

void drift_report_fini(struct drift_report *r)
{
	drift_findings_fini(&r->findings);
	sp_strv_free(r->unreachable);
	json_decref(r->json);
	*r = (struct drift_report){ 0 };
}
