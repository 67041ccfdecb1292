/* The order of a validation, and its placing; see validate.h. */
#include "control/validate/validate.h"

#include <stdio.h>

#include "base/json.h"
#include "base/time.h"
#include "control/stack/from_output.h"

static void skip(struct validate *v, const char *area, const char *why)
{
	validation_begin(&v->found, area);
	validation_add(&v->found, VALIDATION_SKIP, &(struct validation_at){ 0 }, "%s", why);
}

/* The nodes a deploy would choose; NULL when it would find none. */
static int choose(struct validate *v, struct sp_err *err)
{
	struct deploy *d = v->d;
	const char *service = NULL;
	int r = deploy_read_before(d, err);

	if (r == 0)
		r = from_output_give_all(v->store, &d->desired, err);
	if (r == 0)
		r = desired_pin(&d->desired, v->control->images, &service, err);
	if (r == 0)
		r = deploy_compare_rows(d, err);
	return r < 0 ? r : deploy_choose_nodes(d, err);
}

static bool validate_resources(struct validate *v)
{
	struct operation *o = v->d->o;
	struct sp_err err = { 0 };
	int r;

	validation_begin(&v->found, "resources");
	snprintf(o->row.stack, sizeof(o->row.stack), "%s", v->d->desired.stack->name);
	r = choose(v, &err);
	if (r < 0)
		validation_add(&v->found, VALIDATION_FAIL,
			       &(struct validation_at){ .file = v->file,
							.resource = o->at.resource,
							.next = o->at.next },
			       "%s", err.message);
	validation_end(&v->found, "%zu nodes have the memory, CPUs and ports for %zu workloads",
		       v->d->cluster.rows.n, v->d->desired.n);
	return r == 0;
}

static void validate_nodes(struct validate *v, bool images)
{
	if (images && validate_resources(v)) {
		validate_disk(v);
		validate_files(v);
		return;
	}
	if (!images)
		skip(v, "resources", "not looked at: an image is missing");
	skip(v, "disk", "not looked at: there is no place for all workloads");
	skip(v, "files", "not looked at: there is no place for all workloads");
}

static void validate_all(struct validate *v, const char *bundle)
{
	static const char *const rest[] = { "dependencies", "tasks",     "lock", "permissions",
					    "images",       "resources", "disk", "files" };

	if (!validate_configuration(v, bundle)) {
		for (size_t i = 0; i < sizeof(rest) / sizeof(*rest); i++)
			skip(v, rest[i], "not looked at: the file cannot be read");
		return;
	}
	validate_dependencies(v);
	validate_tasks(v);
	validate_lock(v);
	validate_permissions(v);
	validate_nodes(v, validate_images(v));
}

int validate_bundle(struct control *c, struct store *s, const char *requester, const char *bundle,
		    json_t **ret, struct sp_err *err)
{
	int64_t begun = sp_time_mono_ns();
	struct operation o = { .control = c, .store = s }; /* of no row: it is never begun */
	struct deploy d = { .o = &o };
	struct validate v = { .control = c, .store = s, .requester = requester, .d = &d };
	int r;

	validate_all(&v, bundle);
	r = validation_view(&v.found, d.desired.stack ? d.desired.stack->name : "",
			    sp_time_mono_ns() - begun, ret, err);
	validation_fini(&v.found);
	deploy_fini(&d);
	return r;
}

int validate_before(struct deploy *d, struct sp_err *err)
{
	struct operation *o = d->o;
	struct validate v = {
		.control = o->control, .store = o->store, .d = d, .file = d->desired.bundle->file
	};
	int r;

	if (!d->desired.stack->policy.validate_before)
		return 0;
	validate_dependencies(&v);
	validate_disk(&v);
	validate_files(&v);
	r = validation_result(&v.found, err);
	if (r < 0)
		snprintf(o->at.next, sizeof(o->at.next), "ctl validate FILE");
	validation_fini(&v.found);
	return r;
}
