/*
 * What the store knows before a deploy begins, or goes on; see deploy.h. One that was placed by a
 * former attempt keeps those very workloads: nodes, addresses and image digests come from its rows.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "control/deploy/tasks.h"

static int sort_rows(struct deploy *d, const struct store_workloads *rows, struct sp_err *err)
{
	int64_t own = d->o->row.revision;

	for (size_t i = 0; i < rows->n; i++) {
		const struct store_workload *w = &rows->list[i];

		if (store_workloads_add(own && w->revision == own ? &d->placed : &d->known, w) < 0)
			return sp_fail_nomem(err);
	}
	return 0;
}

int deploy_read_before(struct deploy *d, struct sp_err *err)
{
	struct operation *o = d->o;
	autoworkloads struct store_workloads rows = { 0 };
	struct sp_err why = { 0 };
	int r = store_stack_get(o->store, o->row.stack, &d->stack, &why);

	if (r < 0 && r != -ENOENT) {
		*err = why;
		return r;
	}
	d->revision = o->row.revision;
	d->committed = d->revision && d->stack.revision == d->revision;
	if (d->revision)
		snprintf(d->stack.state, sizeof(d->stack.state), "%s", o->row.stack_before);
	r = store_workload_list(o->store, o->row.stack, 0, &rows, err);
	return r < 0 ? r : sort_rows(d, &rows, err);
}

int deploy_read_committed(struct deploy *d, struct sp_err *err)
{
	struct store_stack now = { 0 };
	struct sp_err why = { 0 };
	int r = store_stack_get(d->o->store, d->o->row.stack, &now, &why);

	if (r < 0 && r != -ENOENT) {
		*err = why;
		return r;
	}
	d->committed = d->revision && now.revision == d->revision;
	return 0;
}

bool deploy_is_committed(const struct deploy *d)
{
	return d->committed;
}

const struct store_workload *deploy_find_placed(const struct deploy *d, const char *id)
{
	for (size_t i = 0; i < d->placed.n; i++)
		if (!strcmp(d->placed.list[i].id, id))
			return &d->placed.list[i];
	return NULL;
}

int deploy_adopt_spec(struct deploy *d, struct wire_workload **spec,
		      char ret_template[SP_DIGEST_MAX], struct sp_err *err)
{
	const struct store_workload *row = deploy_find_placed(d, (*spec)->id);
	autojson json_t *json = row ? json_loads(row->spec, 0, NULL) : NULL;
	struct wire_workload *placed = NULL;
	int r;

	if (!json)
		return sp_fail(err, SP_E_CORRUPT, "revision %lld has no workload '%s'",
			       (long long)d->revision, (*spec)->id);
	r = wire_workload_decode(json, &placed, err);
	if (r < 0)
		return r;
	wire_workload_free(*spec);
	*spec = placed;
	snprintf(ret_template, SP_DIGEST_MAX, "%s", row->template);
	return 0;
}

int deploy_adopt(struct deploy *d, struct sp_err *err)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < d->desired.n; i++)
		r = deploy_adopt_spec(d, &d->desired.list[i].spec, d->desired.list[i].template,
				      err);
	return r;
}

int deploy_adopt_places(struct deploy *d, struct sp_err *err)
{
	int r = cluster_read(d->o->store, d->o->row.stack, &d->cluster, err);

	d->targets = calloc(d->desired.n + 1, sizeof(*d->targets));
	if (r == 0 && !d->targets)
		r = sp_fail_nomem(err);
	if (r < 0)
		return r;
	for (size_t i = 0; i < d->desired.n; i++) {
		const struct store_workload *row =
			deploy_find_placed(d, d->desired.list[i].spec->id);

		snprintf(d->targets[i].node, sizeof(d->targets[i].node), "%s", row->node);
		d->targets[i].spec = json_loads(row->spec, 0, NULL);
		if (!d->targets[i].spec)
			return sp_fail_nomem(err);
	}
	return deploy_tasks_adopt_places(d, err);
}
