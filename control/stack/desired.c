/* From bundle to workload specs; see desired.h. */
#include "control/stack/desired.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "control/snapshot/snapshot.h"
#include "images/blob.h"
#include "images/catalog.h"
#include "stackfile/expand.h"
#include "stackfile/read.h"

void desired_fini(struct desired *d)
{
	for (size_t i = 0; i < d->n; i++)
		wire_workload_free(d->list[i].spec);
	free(d->list);
	stack_free(d->stack);
	stack_bundle_free(d->bundle);
	*d = (struct desired){ 0 };
}

static int read_stack(struct desired *d, struct sp_err *err)
{
	struct stack_source source = stack_bundle_source(d->bundle);
	struct stack_resolver resolver = stack_bundle_resolver(d->bundle);
	struct stack_report report = { 0 };
	int r = stack_read(&source, &resolver, &d->stack, &report, err);

	stack_report_fini(&report);
	return r;
}

/* A service that others wait for to complete has to complete. */
static enum store_gate gate_of(const struct stack *s, size_t service)
{
	for (size_t i = 0; i < s->n_services; i++)
		for (size_t j = 0; j < s->services[i].n_depends_on; j++)
			if (s->services[i].depends_on[j].service == service &&
			    s->services[i].depends_on[j].condition == STACK_COMPLETED)
				return STORE_GATE_COMPLETED;
	return STORE_GATE_READY;
}

static int expand_service(struct desired *d, size_t service, int64_t position, struct sp_err *err)
{
	const struct stack_service *s = &d->stack->services[service];
	int r = 0;

	for (uint32_t i = 1; r == 0 && i <= s->replicas; i++) {
		struct desired_workload *w = &d->list[d->n];

		w->service = service;
		w->position = position;
		w->gate = gate_of(d->stack, service);
		r = stack_expand(d->stack, s, i, &w->spec, err);
		d->n += r == 0;
	}
	return r;
}

static int expand(struct desired *d, struct sp_err *err)
{
	size_t total = 0;
	int r = 0;

	for (size_t i = 0; i < d->stack->n_services; i++)
		total += d->stack->services[i].replicas;
	if (total > DESIRED_MAX)
		return sp_fail(err, SP_E_TOO_LARGE, "%zu workloads in one stack, at most %d", total,
			       DESIRED_MAX);
	d->list = calloc(total + 1, sizeof(*d->list));
	if (!d->list)
		return sp_fail_nomem(err);
	for (size_t i = 0; r == 0 && i < d->stack->n_services; i++)
		r = expand_service(d, d->stack->start_order[i], (int64_t)i, err);
	return r;
}

int desired_read(const char *bundle, struct desired *ret, struct sp_err *err)
{
	autojson json_t *json = NULL;
	struct desired d = { 0 };
	int r = sp_json_parse(bundle, strlen(bundle), &json, err);

	if (r == 0)
		r = stack_bundle_decode(json, &d.bundle, err);
	if (r == 0)
		r = read_stack(&d, err);
	if (r == 0)
		r = expand(&d, err);
	if (r < 0) {
		sp_err_at(err, SP_STAGE_VALIDATE);
		desired_fini(&d);
		return r;
	}
	*ret = d;
	return 0;
}

/* The manifest it ran with: its name may stand for another one by now. */
static int pinned_before(struct img_store *images, const char *image, const char *was,
			 char ret[SP_DIGEST_MAX], struct sp_err *err)
{
	int r = img_blob_has(images, was, NULL, err);

	if (r == 0)
		return sp_fail(err, SP_E_NOT_FOUND,
			       "image '%s' of then, %s, is not in the cluster's store any more",
			       image, was);
	snprintf(ret, SP_DIGEST_MAX, "%s", was);
	return r < 0 ? r : 0;
}

/* The manifest a name stands for; of the same image as the workload before, the same. */
static int pinned_now(struct img_store *images, const struct desired_workload *w,
		      const struct desired_workload *first, char ret[SP_DIGEST_MAX],
		      struct sp_err *err)
{
	if (w == first || strcmp(w->spec->image, w[-1].spec->image) != 0)
		return img_digest_of(images, w->spec->image, ret, err);
	snprintf(ret, SP_DIGEST_MAX, "%s", w[-1].spec->image_digest);
	return 0;
}

static int pin_to(struct wire_workload *spec, const char *digest, char ret_template[SP_DIGEST_MAX],
		  struct sp_err *err)
{
	free(spec->image_digest);
	spec->image_digest = strdup(digest);
	if (!spec->image_digest)
		return sp_fail_nomem(err);
	return wire_workload_digest(spec, ret_template, err);
}

int desired_pin_spec(struct wire_workload *spec, struct img_store *images, const char *was,
		     char ret_template[SP_DIGEST_MAX], struct sp_err *err)
{
	char digest[SP_DIGEST_MAX];
	int r = was ? pinned_before(images, spec->image, was, digest, err)
		    : img_digest_of(images, spec->image, digest, err);

	return r < 0 ? r : pin_to(spec, digest, ret_template, err);
}

static int pin_one(struct desired *d, size_t i, struct img_store *images, const json_t *was,
		   struct sp_err *err)
{
	struct desired_workload *w = &d->list[i];
	const char *before = was ? snapshot_image_digest(was, w->spec->id) : NULL;
	char digest[SP_DIGEST_MAX];
	int r = before ? pinned_before(images, w->spec->image, before, digest, err)
		       : pinned_now(images, w, d->list, digest, err);

	return r < 0 ? r : pin_to(w->spec, digest, w->template, err);
}

int desired_pin_as(struct desired *d, struct img_store *images, const json_t *was,
		   const char **ret_service, struct sp_err *err)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < d->n; i++) {
		r = pin_one(d, i, images, was, err);
		if (r < 0)
			*ret_service = d->stack->services[d->list[i].service].name;
	}
	return r;
}

int desired_pin_present(struct desired *d, struct img_store *images, struct sp_err *err)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < d->n; i++) {
		struct desired_workload *w = &d->list[i];

		r = desired_pin_spec(w->spec, images, NULL, w->template, err);
		if (r == -ENOENT)
			r = 0;
	}
	return r;
}
