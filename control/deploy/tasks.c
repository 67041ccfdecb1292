/* Tasks up to where they may run: read, placed, written; see tasks.h. */
#include "control/deploy/tasks.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "control/stack/from_output.h"
#include "control/store/resource.h"
#include "stackfile/expand.h"

#define BEFORE_ALL INT64_C(-1000000) /* position of the first task in start order */
#define AFTER_ALL  INT64_C(1000000)

void deploy_tasks_fini(struct deploy *d)
{
	for (size_t i = 0; i < d->n_tasks; i++) {
		wire_workload_free(d->tasks[i].spec);
		json_decref(d->tasks[i].json);
	}
	free(d->tasks);
	d->tasks = NULL;
	d->n_tasks = 0;
}

static int refuse_image(struct deploy *d, const struct stack_task *task, int r, struct sp_err *err)
{
	struct wire_failure *at = &d->o->at;

	sp_err_prefix(err, "%s:%u: task '%s'", d->desired.bundle->file, task->run.at.line,
		      task->run.name);
	snprintf(at->resource, sizeof(at->resource), "%s", task->run.image);
	snprintf(at->next, sizeof(at->next), "ctl image import ARCHIVE --name %s", task->run.image);
	return r;
}

static int read_task(struct deploy *d, struct deploy_task *t, const struct stack_task *task,
		     struct sp_err *err)
{
	int r = stack_expand(d->desired.stack, &task->run, 1, &t->spec, err);

	t->task = task;
	if (r < 0)
		return r;
	t->spec->restart = WIRE_RESTART_NO; /* its tries are the deploy's to count */
	t->spec->state_socket = true;
	if (d->revision)
		return deploy_adopt_spec(d, &t->spec, t->template, err);
	r = from_output_give(d->o->store, &task->run, t->spec, err);
	if (r < 0)
		return r;
	r = desired_pin_spec(
		t->spec, d->o->control->images,
		json_string_value(json_object_get(d->request.was_tasks, task->run.name)),
		t->template, err);
	return r < 0 ? refuse_image(d, task, r, err) : 0;
}

int deploy_tasks_read(struct deploy *d, struct sp_err *err)
{
	const struct stack *s = d->desired.stack;
	int r = 0;

	d->tasks = calloc(s->n_tasks + 1, sizeof(*d->tasks));
	if (!d->tasks)
		return sp_fail_nomem(err);
	for (size_t i = 0; r == 0 && i < s->n_tasks; i++)
		r = read_task(d, &d->tasks[d->n_tasks++], &s->tasks[s->task_order[i]], err);
	return r;
}

static bool shares_volume(const struct wire_workload *a, const struct wire_workload *b)
{
	for (size_t i = 0; i < a->n_mounts; i++)
		for (size_t j = 0; j < b->n_mounts; j++)
			if (a->mounts[i].type == WIRE_MOUNT_VOLUME &&
			    b->mounts[j].type == WIRE_MOUNT_VOLUME &&
			    !strcmp(a->mounts[i].source, b->mounts[j].source))
				return true;
	return false;
}

/* A volume is on one node: that of the service that uses it. */
static size_t node_of_volumes(const struct deploy *d, const struct deploy_task *t)
{
	for (size_t i = 0; i < d->desired.n; i++)
		if (shares_volume(t->spec, d->desired.list[i].spec))
			return cluster_find(&d->cluster, d->targets[i].node);
	return PLACE_KEEP_NONE;
}

static int place_task(struct deploy *d, struct deploy_task *t, struct sp_err *err)
{
	struct place_request q = { .id = t->spec->id,
				   .service = t->task->run.name,
				   .owner = t->spec->id,
				   .keep = node_of_volumes(d, t),
				   .limits = &t->spec->limits,
				   .memory_bytes = t->task->run.reservation.memory_bytes };
	int r = deploy_fill_constraints(&t->task->run, &q) < 0 ? sp_fail_nomem(err) : 0;

	if (r == 0)
		r = place(d->cluster.nodes, d->cluster.rows.n, &q, 1, NULL, err);
	if (r == 0)
		snprintf(t->node, sizeof(t->node), "%s", d->cluster.rows.list[q.node].name);
	else
		snprintf(d->o->at.resource, sizeof(d->o->at.resource), "%s", t->spec->id);
	free((struct place_constraint *)q.constraints);
	return r;
}

int deploy_tasks_place(struct deploy *d, struct sp_err *err)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < d->n_tasks; i++) {
		d->tasks[i].own_hosts = d->tasks[i].spec->n_hosts;
		r = place_task(d, &d->tasks[i], err);
	}
	return r;
}

int deploy_tasks_adopt_places(struct deploy *d, struct sp_err *err)
{
	for (size_t i = 0; i < d->n_tasks; i++) {
		const struct store_workload *row = deploy_find_placed(d, d->tasks[i].spec->id);

		snprintf(d->tasks[i].node, sizeof(d->tasks[i].node), "%s", row->node);
		d->tasks[i].json = json_loads(row->spec, 0, NULL);
		if (!d->tasks[i].json)
			return sp_fail_nomem(err);
	}
	return 0;
}

static int put_row(struct store *s, const struct deploy *d, size_t i, struct sp_err *err)
{
	const struct deploy_task *t = &d->tasks[i];
	autofree char *spec = sp_json_canonical(t->json);
	struct store_workload row = {
		.revision = d->revision,
		.replica = 1,
		.position = (t->task->when == STACK_BEFORE ? BEFORE_ALL : AFTER_ALL) + (int64_t)i,
		.gate = STORE_GATE_TASK,
		.spec = spec
	};

	if (!spec)
		return sp_fail_nomem(err);
	snprintf(row.id, sizeof(row.id), "%s", t->spec->id);
	snprintf(row.stack, sizeof(row.stack), "%s", t->spec->stack);
	snprintf(row.service, sizeof(row.service), "%s", t->spec->service);
	snprintf(row.node, sizeof(row.node), "%s", t->node);
	snprintf(row.template, sizeof(row.template), "%s", t->template);
	return store_workload_put(s, &row, err);
}

static int write_task(struct store *s, struct deploy *d, size_t i, struct sp_err *err)
{
	struct deploy_task *t = &d->tasks[i];
	int r;

	deploy_drop_names(t->spec, t->own_hosts);
	r = deploy_give_address(s, d, t->spec, t->node, err);
	if (r == 0)
		r = deploy_name_the_others(d, t->spec, err);
	json_decref(t->json);
	t->json = NULL;
	if (r == 0)
		r = wire_workload_encode(t->spec, &t->json, err);
	if (r == 0)
		r = put_row(s, d, i, err);
	return r < 0 ? r
		     : store_task_pin(s, t->spec->stack, d->revision, t->spec->service,
				      t->spec->image_digest, err);
}

int deploy_tasks_write(struct store *s, struct deploy *d, struct sp_err *err)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < d->n_tasks; i++)
		r = write_task(s, d, i, err);
	return r;
}
