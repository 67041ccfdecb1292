/* Resources and dependencies of stacks; see resource.h. */
#include "control/store/resource.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/json.h"
#include "base/str.h"
#include "stackfile/stack.h"

#define TAKES_MAX 9

void store_resources_fini(struct store_resources *r)
{
	free(r->list);
	free(r->dependencies);
	*r = (struct store_resources){ 0 };
}

/* ---- writing ---- */

struct put {
	const struct stack *stack;
	int64_t revision;
};

static int put_resource(struct store *s, const struct put *p, const char *kind, const char *name,
			const char *detail, struct sp_err *err)
{
	char kept[STORE_DETAIL_MAX];
	int r;

	snprintf(kept, sizeof(kept), "%s", detail ? detail : "");
	r = db_write(store_db(s), err,
		     "INSERT INTO resources (stack, revision, kind, name, detail)"
		     " VALUES ($1, $2, $3, $4, $5)",
		     DB_S(p->stack->name), DB_I(p->revision), DB_S(kind), DB_S(name), DB_S(kept));
	return r < 0 ? r : 0;
}

/* One end of a dependency. */
struct end {
	const char *stack, *kind, *name;
};

static int put_dependency(struct store *s, const struct put *p, const struct end *from,
			  const struct end *on, const char *detail, struct sp_err *err)
{
	int r = db_write(store_db(s), err,
			 "INSERT INTO dependencies (stack, revision, kind, name, on_stack,"
			 " on_kind, on_name, detail) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
			 DB_S(p->stack->name), DB_I(p->revision), DB_S(from->kind),
			 DB_S(from->name), DB_S(on->stack), DB_S(on->kind), DB_S(on->name),
			 DB_S(detail));

	return r < 0 ? r : 0;
}

static int put_service(struct store *s, const struct put *p, const struct stack_service *service,
		       struct sp_err *err)
{
	static const char *const conditions[] = { [STACK_STARTED] = "service_started",
						  [STACK_HEALTHY] = "service_healthy",
						  [STACK_COMPLETED] =
							  "service_completed_successfully" };
	struct end from = { p->stack->name, "service", service->name };
	int r = put_resource(s, p, "service", service->name, service->image, err);

	for (size_t i = 0; r == 0 && i < service->n_depends_on; i++) {
		const struct stack_dependency *d = &service->depends_on[i];
		struct end on = { p->stack->name, "service", p->stack->services[d->service].name };

		r = put_dependency(s, p, &from, &on, conditions[d->condition], err);
	}
	return r;
}

static int put_task(struct store *s, const struct put *p, const struct stack_task *task,
		    struct sp_err *err)
{
	struct end from = { p->stack->name, "task", task->run.name };
	int r = put_resource(s, p, "task", task->run.name, task->run.image, err);

	for (size_t i = 0; r == 0 && i < task->n_depends_on; i++) {
		struct end on = { p->stack->name, "task",
				  p->stack->tasks[task->depends_on[i]].run.name };

		r = put_dependency(s, p, &from, &on, "completed", err);
	}
	return r;
}

static int put_require(struct store *s, const struct put *p, const struct stack_require *q,
		       struct sp_err *err)
{
	struct end from = { p->stack->name, "stack", p->stack->name };
	struct end on = { q->stack, "stack", q->stack };
	int r = put_dependency(s, p, &from, &on, "running", err);

	for (size_t i = 0; r == 0 && q->outputs && q->outputs[i]; i++) {
		struct end output = { q->stack, "output", q->outputs[i] };

		r = put_dependency(s, p, &from, &output, "", err);
	}
	return r;
}

static int put_all(struct store *s, void *state, struct sp_err *err)
{
	const struct put *p = state;
	const struct stack *stack = p->stack;
	int r = 0;

	for (size_t i = 0; r == 0 && i < stack->n_services; i++)
		r = put_service(s, p, &stack->services[i], err);
	for (size_t i = 0; r == 0 && i < stack->n_tasks; i++)
		r = put_task(s, p, &stack->tasks[i], err);
	for (size_t i = 0; r == 0 && i < stack->n_outputs; i++)
		r = put_resource(s, p, "output", stack->outputs[i].name,
				 stack->outputs[i].sensitive ? "sensitive" : "", err);
	for (size_t i = 0; r == 0 && i < stack->n_requires; i++)
		r = put_require(s, p, &stack->requires[i], err);
	return r;
}

int store_resources_put(struct store *s, const struct stack *stack, int64_t revision,
			struct sp_err *err)
{
	struct put p = { stack, revision };

	return store_transact(s, put_all, &p, err);
}

/* ---- reading ---- */

static int read_list(struct store *s, struct store_resources *ret, struct sp_err *err)
{
	auto_(db_rows_end) struct db_rows *rows = NULL;
	int r = db_select(store_db(s), &rows, err,
			  "SELECT r.stack, r.kind, r.name, r.detail FROM resources r"
			  " JOIN stacks s ON s.name = r.stack AND s.revision = r.revision"
			  " ORDER BY r.stack, r.kind, r.name");

	while (r >= 0 && (r = db_next(rows, err)) > 0) {
		struct store_resource *list =
			reallocarray(ret->list, ret->n + 1, sizeof(*ret->list));

		if (!list)
			return sp_fail_nomem(err);
		ret->list = list;
		list += ret->n++;
		db_text_into(rows, 0, list->stack, sizeof(list->stack));
		db_text_into(rows, 1, list->kind, sizeof(list->kind));
		db_text_into(rows, 2, list->name, sizeof(list->name));
		db_text_into(rows, 3, list->detail, sizeof(list->detail));
	}
	return r;
}

static void read_dependency(const struct db_rows *rows, struct store_dependency *d)
{
	db_text_into(rows, 0, d->stack, sizeof(d->stack));
	db_text_into(rows, 1, d->kind, sizeof(d->kind));
	db_text_into(rows, 2, d->name, sizeof(d->name));
	db_text_into(rows, 3, d->on_stack, sizeof(d->on_stack));
	db_text_into(rows, 4, d->on_kind, sizeof(d->on_kind));
	db_text_into(rows, 5, d->on_name, sizeof(d->on_name));
	db_text_into(rows, 6, d->detail, sizeof(d->detail));
}

static int read_dependencies(struct store *s, struct store_resources *ret, struct sp_err *err)
{
	auto_(db_rows_end) struct db_rows *rows = NULL;
	int r = db_select(store_db(s), &rows, err,
			  "SELECT d.stack, d.kind, d.name, d.on_stack, d.on_kind, d.on_name,"
			  " d.detail FROM dependencies d"
			  " JOIN stacks s ON s.name = d.stack AND s.revision = d.revision"
			  " ORDER BY d.stack, d.kind, d.name, d.on_stack, d.on_kind, d.on_name");

	while (r >= 0 && (r = db_next(rows, err)) > 0) {
		struct store_dependency *list =
			reallocarray(ret->dependencies, ret->n_dependencies + 1, sizeof(*list));

		if (!list)
			return sp_fail_nomem(err);
		ret->dependencies = list;
		read_dependency(rows, &list[ret->n_dependencies++]);
	}
	return r;
}

int store_resources_read(struct store *s, struct store_resources *ret, struct sp_err *err)
{
	autoresources struct store_resources all = { 0 };
	int r = read_list(s, &all, err);

	if (r >= 0)
		r = read_dependencies(s, &all, err);
	if (r < 0)
		return r;
	*ret = all;
	all = (struct store_resources){ 0 };
	return 0;
}

int store_task_pin(struct store *s, const char *stack, int64_t revision, const char *task,
		   const char *digest, struct sp_err *err)
{
	int r = store_write(s, err,
			    "UPDATE resources SET digest = $1 WHERE stack = $2 AND revision = $3"
			    " AND kind = 'task' AND name = $4",
			    DB_S(digest), DB_S(stack), DB_I(revision), DB_S(task));

	return r < 0 ? r : 0;
}

int store_task_pins(struct store *s, const char *stack, int64_t revision, json_t **ret,
		    struct sp_err *err)
{
	auto_(db_rows_end) struct db_rows *rows = NULL;
	autojson json_t *pins = json_object();
	int r = db_select(store_db(s), &rows, err,
			  "SELECT name, digest FROM resources WHERE stack = $1 AND revision = $2"
			  " AND kind = 'task' AND digest <> '' ORDER BY name",
			  DB_S(stack), DB_I(revision));

	while (r >= 0 && (r = db_next(rows, err)) > 0)
		if (json_object_set_new(pins, db_text(rows, 0), json_string(db_text(rows, 1))) < 0)
			return sp_fail_nomem(err);
	if (r < 0)
		return r;
	*ret = take_ptr(pins);
	return 0;
}

int store_resources_coming(struct store *s, const char *stack, char ret_by[STORE_NAME_MAX],
			   struct sp_err *err)
{
	auto_(db_rows_end) struct db_rows *rows = NULL;
	int r = db_select(
		store_db(s), &rows, err,
		"SELECT d.stack FROM dependencies d JOIN operations o ON o.stack = d.stack"
		" AND o.revision = d.revision WHERE o.state = 'running' AND"
		" o.direction = 'forward' AND d.on_kind = 'stack' AND d.on_stack = $1"
		" ORDER BY d.stack LIMIT 1",
		DB_S(stack));

	if (r == 0)
		r = db_next(rows, err);
	if (r == 1)
		db_text_into(rows, 0, ret_by, STORE_NAME_MAX);
	return r;
}

static int compare(const void *left, const void *right)
{
	int64_t a = *(const int64_t *)left, b = *(const int64_t *)right;

	return a < b ? -1 : a > b;
}

int store_operation_takes(struct store *s, const char *stack, const char *kind, int64_t *ret_ns,
			  struct sp_err *err)
{
	auto_(db_rows_end) struct db_rows *rows = NULL;
	int64_t takes[TAKES_MAX];
	size_t n = 0;
	int r = db_select(store_db(s), &rows, err,
			  "SELECT finished_at - created_at FROM operations WHERE stack = $1"
			  " AND kind = $2 AND state = 'succeeded' ORDER BY number DESC LIMIT 9",
			  DB_S(stack), DB_S(kind));

	while (r >= 0 && n < SP_COUNT(takes) && (r = db_next(rows, err)) > 0)
		takes[n++] = db_number(rows, 0);
	if (r < 0)
		return r;
	qsort(takes, n, sizeof(*takes), compare);
	*ret_ns = n ? takes[n / 2] : 0;
	return 0;
}
