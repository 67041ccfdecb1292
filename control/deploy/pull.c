/* The pull steps: each node gets the images of what it will start; see deploy.h. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/str.h"
#include "control/deploy/tasks.h"
#include "control/node/image_push.h"
#include "images/reference.h"

struct pull {
	struct deploy *d;
	const char *node;
};

static bool is_first_use(const struct deploy *d, size_t i)
{
	for (size_t j = 0; j < i; j++)
		if (d->targets[j].put && !strcmp(d->targets[j].node, d->targets[i].node) &&
		    !strcmp(d->desired.list[j].spec->image, d->desired.list[i].spec->image))
			return false;
	return true;
}

static bool is_first_use_by_task(const struct deploy *d, size_t i)
{
	const struct deploy_task *t = &d->tasks[i];

	for (size_t j = 0; j < d->desired.n; j++)
		if (d->targets[j].put && !strcmp(d->targets[j].node, t->node) &&
		    !strcmp(d->desired.list[j].spec->image, t->spec->image))
			return false;
	for (size_t j = 0; j < i; j++)
		if (!strcmp(d->tasks[j].node, t->node) &&
		    !strcmp(d->tasks[j].spec->image, t->spec->image))
			return false;
	return true;
}

/* Whether the node has this name for this manifest, unpacked. */
static bool has_image(const json_t *images, const char *reference, const char *digest)
{
	const json_t *one;
	size_t i;

	json_array_foreach (json_object_get(images, "images"), i, one) {
		if (sp_str_eq(json_string_value(json_object_get(one, "reference")), reference) &&
		    sp_str_eq(json_string_value(json_object_get(one, "digest")), digest) &&
		    json_is_true(json_object_get(one, "unpacked")))
			return true;
	}
	return false;
}

static int pull_one(struct operation *o, struct agent *a, const json_t *images,
		    const struct wire_workload *w, struct image_push *sum, struct sp_err *err)
{
	struct img_reference reference;
	char key[IMG_REFERENCE_MAX];
	struct image_push counts;
	int r = img_reference_parse(w->image, &reference, err);

	if (r < 0)
		return r;
	img_reference_key(&reference, key);
	if (has_image(images, key, w->image_digest))
		return 0;
	r = image_push(o->control->images, a, key, w->image_digest, &counts, err);
	sum->blobs_sent += counts.blobs_sent;
	sum->blobs_present += counts.blobs_present;
	sum->bytes_sent += counts.bytes_sent;
	if (r < 0)
		snprintf(o->at.resource, sizeof(o->at.resource), "%s", w->image);
	return operation_agent_failed(o, a, r, err);
}

static int pull_to_node(struct operation *o, void *state, struct sp_err *err)
{
	struct pull *p = state;
	struct deploy *d = p->d;
	autojson json_t *images = NULL;
	struct image_push sum = { 0 };
	struct agent *a = NULL;
	int r = operation_agent(o, p->node, &a, err);

	if (r == 0)
		r = operation_agent_failed(o, a, agent_get(a, "/v1/images", &images, err), err);
	for (size_t i = 0; r == 0 && i < d->desired.n; i++)
		if (d->targets[i].put && !strcmp(d->targets[i].node, p->node) && is_first_use(d, i))
			r = pull_one(o, a, images, d->desired.list[i].spec, &sum, err);
	for (size_t i = 0; r == 0 && i < d->n_tasks; i++)
		if (!strcmp(d->tasks[i].node, p->node) && is_first_use_by_task(d, i))
			r = pull_one(o, a, images, d->tasks[i].spec, &sum, err);
	if (r == 0)
		operation_say(o, "%llu blobs sent, %llu bytes", (unsigned long long)sum.blobs_sent,
			      (unsigned long long)sum.bytes_sent);
	return r;
}

static bool concerns(const struct deploy *d, const char *node)
{
	for (size_t i = 0; i < d->desired.n; i++)
		if (d->targets[i].put && !strcmp(d->targets[i].node, node))
			return true;
	for (size_t i = 0; i < d->n_tasks; i++)
		if (!strcmp(d->tasks[i].node, node))
			return true;
	return false;
}

static struct operation_step pull_step(struct pull *p)
{
	return (struct operation_step){ .name = "pull",
					.node = p->node,
					.stage = SP_STAGE_PULL,
					.fn = pull_to_node,
					.state = p };
}

int deploy_plan_pull(struct deploy *d, struct sp_err *err)
{
	int r = 0;

	free(d->pulls);
	d->pulls = calloc(d->cluster.rows.n + 1, sizeof(*d->pulls));
	if (!d->pulls)
		return sp_fail_nomem(err);
	for (size_t i = 0; r == 0 && i < d->cluster.rows.n; i++) {
		struct pull p = { d, d->cluster.rows.list[i].name };
		struct operation_step step = pull_step(&p);

		if (concerns(d, p.node))
			r = operation_plan(d->o, &step, &d->pulls[i], err);
	}
	return r;
}

int deploy_pull(struct deploy *d, struct sp_err *err)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < d->cluster.rows.n; i++) {
		struct pull p = { d, d->cluster.rows.list[i].name };
		struct operation_step step = pull_step(&p);

		if (d->pulls[i])
			r = operation_step(d->o, d->pulls[i], &step, err);
	}
	return r;
}
