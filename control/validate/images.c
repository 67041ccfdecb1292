/* The images of services and tasks are in the cluster's store, from which nodes get them. */
#include <stdio.h>

#include "base/str.h"
#include "control/validate/validate.h"
#include "images/catalog.h"

static void check(struct validate *v, const struct stack_service *s)
{
	struct validation_at at = validate_at(v, s);
	char digest[SP_DIGEST_MAX], next[256];
	struct sp_err err = { 0 };

	if (!s->image || img_digest_of(v->control->images, s->image, digest, &err) == 0)
		return;
	if (s->image_at.line) {
		at.line = s->image_at.line;
		at.column = s->image_at.column;
	}
	snprintf(next, sizeof(next), "ctl image import ARCHIVE --name %s", s->image);
	at.next = next;
	validation_add(&v->found, VALIDATION_FAIL, &at, "%s", err.message);
}

bool validate_images(struct validate *v)
{
	const struct stack *stack = v->d->desired.stack;
	size_t failed = v->found.counts[VALIDATION_FAIL];

	validation_begin(&v->found, "images");
	for (size_t i = 0; i < stack->n_services; i++)
		check(v, &stack->services[i]);
	for (size_t i = 0; i < stack->n_tasks; i++)
		check(v, &stack->tasks[i].run);
	validation_end(&v->found, "all %zu are in the cluster's store",
		       stack->n_services + stack->n_tasks);
	return v->found.counts[VALIDATION_FAIL] == failed;
}
