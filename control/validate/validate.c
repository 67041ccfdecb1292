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

/* The nodes a deploy would choose. Memory, CPUs and ports ask for no image. */
static int choose(struct validate *v, struct sp_err *err)
{
	struct deploy *d = v->d;
	int r = deploy_read_before(d, err);

	if (r == 0)
		r = from_output_give_all(v->store, &d->desired, err);
	if (r == 0)
		r = desired_pin_present(&d->desired, v->control->images, err);
	if (r == 0)
		r = deploy_compare_rows(d, err);
	return r < 0 ? r : deploy_choose_nodes(d, err);
}

/* At the ports of a service, where one of them is taken; else at the service. */
static struct validation_at misfit_at(const struct validate *v)
{
	const struct deploy *d = v->d;
	const struct stack_service *s = d->misfit;
	struct validation_at at = s ? validate_at(v, s) : (struct validation_at){ .file = v->file };

	for (size_t i = 0; s && i < d->cluster.rows.n; i++)
		if (place_port_is_taken(&d->cluster.nodes[i], s->ports, s->n_ports)) {
			at.line = s->ports_at.line;
			at.column = s->ports_at.column;
		}
	at.resource = d->o->at.resource;
	at.next = d->o->at.next;
	return at;
}

static bool validate_resources(struct validate *v)
{
	struct operation *o = v->d->o;
	struct sp_err err = { 0 };
	int r;

	validation_begin(&v->found, "resources");
	snprintf(o->row.stack, sizeof(o->row.stack), "%s", v->d->desired.stack->name);
	r = choose(v, &err);
	if (r < 0) {
		struct validation_at at = misfit_at(v);

		validation_add(&v->found, VALIDATION_FAIL, &at, "%s", err.message);
	}
	validation_end(&v->found, "%zu nodes have the memory, CPUs and ports for %zu workloads",
		       v->d->cluster.rows.n, v->d->desired.n);
	return r == 0;
}

static void validate_nodes(struct validate *v, bool images)
{
	static const char no_place[] = "not looked at: there is no place for all workloads";
	bool placed = validate_resources(v);

	if (!placed)
		skip(v, "disk", no_place);
	else if (!images)
		skip(v, "disk", "not looked at: an image is missing, and its size is unknown");
	else
		validate_disk(v);
	if (placed)
		validate_files(v);
	else
		skip(v, "files", no_place);
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
