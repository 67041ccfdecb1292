/* Taking and reading snapshots; see snapshot.h. */
#include "control/snapshot/snapshot.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/buf.h"
#include "base/json.h"
#include "base/str.h"
#include "base/time.h"
#include "control/snapshot/summary.h"
#include "control/store/resource.h"
#include "control/store/stack.h"
#include "control/store/verification.h"

static void write_member(struct sp_buf *text, const char *key, const char *value)
{
	sp_json_quote(text, key);
	sp_buf_putc(text, ':');
	sp_json_quote(text, value);
	sp_buf_putc(text, ',');
}

/* One workload, its spec as the row has it: text that was written canonically is not written anew.
 */
static void write_workload(struct sp_buf *text, const struct store_workload *w)
{
	sp_buf_putc(text, '{');
	write_member(text, "id", w->id);
	write_member(text, "service", w->service);
	write_member(text, "node", w->node);
	write_member(text, "template", w->template);
	sp_buf_puts(text, "\"spec\":");
	sp_buf_puts(text, w->spec);
	sp_buf_putc(text, '}');
}

/* Text and summary in one pass, so that there is one tree at a time. */
static int write_workloads(struct sp_buf *text, const struct store_workloads *all,
			   struct snapshot_summary *summary, struct sp_err *err)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < all->n; i++) {
		const struct store_workload *w = &all->list[i];
		autojson json_t *spec = NULL;

		if (i)
			sp_buf_putc(text, ',');
		write_workload(text, w);
		r = sp_json_parse(w->spec, strlen(w->spec), &spec, err);
		if (r == 0)
			snapshot_summary_add(summary, w, spec);
	}
	return r;
}

/* What a snapshot is made of. */
struct content {
	const struct store_workloads *workloads;
	const char *bundle;
	const json_t *tasks;
};

static int write_tasks(struct sp_buf *text, const json_t *tasks, struct sp_err *err)
{
	autofree char *pins = NULL;

	if (!json_object_size(tasks))
		return 0;
	pins = sp_json_canonical(tasks);
	if (!pins)
		return sp_fail_nomem(err);
	sp_buf_puts(text, ",\"tasks\":");
	sp_buf_puts(text, pins);
	return 0;
}

/* The bundle goes in as text, so that it comes out as it was. */
static int write_content(struct sp_buf *text, const struct content *c,
			 struct snapshot_summary *summary, struct sp_err *err)
{
	int r;

	sp_buf_putc(text, '{');
	write_member(text, "bundle", c->bundle);
	sp_buf_puts(text, "\"workloads\":[");
	r = write_workloads(text, c->workloads, summary, err);
	sp_buf_putc(text, ']');
	if (r == 0)
		r = write_tasks(text, c->tasks, err);
	sp_buf_putc(text, '}');
	return r < 0 ? r : sp_buf_check(text, err);
}

static int make_content(const struct content *c, struct store_snapshot *n, struct sp_buf *text,
			struct sp_err *err)
{
	struct snapshot_summary summary;
	int r = snapshot_summary_begin(&summary, err);

	if (r == 0)
		r = write_content(text, c, &summary, err);
	if (r == 0)
		r = sp_digest_of(text->data, text->len, n->content, err);
	n->size_bytes = (int64_t)text->len;
	n->summary = snapshot_summary_end(&summary);
	return r < 0 || n->summary ? r : sp_fail_nomem(err);
}

static void wipe(char **text)
{
	if (*text)
		explicit_bzero(*text, strlen(*text));
	free(*text);
	*text = NULL;
}

static void wipe_buf(struct sp_buf *b)
{
	if (b->data)
		explicit_bzero(b->data, b->len);
	sp_buf_fini(b);
}

static int describe(const struct snapshot_request *q, const struct store_stack *stack,
		    struct store_snapshot *n, struct sp_err *err)
{
	const char *description = q->description ? q->description : "";
	const char *tags = q->tags ? q->tags : "";

	if (strlen(description) >= sizeof(n->description))
		return sp_fail(err, SP_E_TOO_LARGE, "a description has at most %zu bytes",
			       sizeof(n->description) - 1);
	if (strlen(tags) >= sizeof(n->tags))
		return sp_fail(err, SP_E_TOO_LARGE, "tags have at most %zu bytes together",
			       sizeof(n->tags) - 1);
	snprintf(n->stack, sizeof(n->stack), "%s", q->stack);
	snprintf(n->cause, sizeof(n->cause), "%s", q->cause);
	snprintf(n->creator, sizeof(n->creator), "%s", q->creator);
	snprintf(n->operation, sizeof(n->operation), "%s", q->operation ? q->operation : "");
	snprintf(n->description, sizeof(n->description), "%s", description);
	snprintf(n->tags, sizeof(n->tags), "%s", tags);
	n->revision = stack->revision;
	return 0;
}

/* A revision that runs has passed its gates, and may have been proved from outside since. */
static int describe_proof(struct store *s, const struct store_stack *stack,
			  struct store_snapshot *n, struct sp_err *err)
{
	struct store_verification v;
	int r;

	if (!sp_str_eq(stack->state, store_stack_state_name(STORE_STACK_RUNNING)))
		return 0;
	n->verified_at_ns = 1;
	r = store_verification_get(s, stack->name, &v, err);
	snprintf(n->verified_by, sizeof(n->verified_by), "%s",
		 r == 1 && v.ok && v.revision == stack->revision ? v.verified_by
								 : STORE_SNAPSHOT_GATES);
	return r < 0 ? r : 0;
}

struct taking {
	const struct snapshot_request *q;
	const struct config *config;
	struct store_snapshot n;
};

static int read_stack(struct store *s, const char *name, struct store_stack *ret,
		      struct sp_err *err)
{
	int r = store_stack_get(s, name, ret, err);

	if (r == 0 && !ret->revision)
		r = sp_fail(err, SP_E_NOT_FOUND, "nothing of stack '%s' runs yet", name);
	return r;
}

static int take(struct store *s, void *state, struct sp_err *err)
{
	struct taking *t = state;
	struct store_snapshot_policy policy = { .keep = t->config->snapshot_keep,
						.max_age_ns = t->config->snapshot_max_age_ns,
						.in_use = t->q->in_use };
	autoworkloads struct store_workloads all = { 0 };
	__attribute__((cleanup(wipe))) char *bundle = NULL;
	__attribute__((cleanup(wipe_buf))) struct sp_buf text = SP_BUF_INIT;
	autojson json_t *tasks = NULL;
	struct store_stack stack;
	int r = read_stack(s, t->q->stack, &stack, err);

	store_snapshot_fini(&t->n);
	if (r == 0)
		r = describe(t->q, &stack, &t->n, err);
	if (r == 0)
		r = describe_proof(s, &stack, &t->n, err);
	if (r == 0)
		r = store_workload_list(s, t->q->stack, stack.revision, &all, err);
	if (r == 0)
		r = store_revision_bundle(s, t->q->stack, stack.revision, &bundle, err);
	if (r == 0)
		r = store_task_pins(s, t->q->stack, stack.revision, &tasks, err);
	if (r == 0)
		r = make_content(&(struct content){ &all, bundle, tasks }, &t->n, &text, err);
	if (r == 0)
		r = store_snapshot_add(s, &t->n, text.data, err);
	policy.made = t->n.version;
	if (r == 0)
		r = store_snapshot_prune(s, t->q->stack, &policy, err);
	return r < 0 ? r : 0;
}

int snapshot_take(struct store *s, const struct config *config, const struct snapshot_request *q,
		  struct store_snapshot *ret, struct sp_err *err)
{
	struct taking t = { .q = q, .config = config };
	int r = store_transact(s, take, &t, err);

	if (r == 0 && ret)
		*ret = t.n;
	else
		store_snapshot_fini(&t.n);
	return r;
}

void snapshot_fini(struct snapshot *n)
{
	store_snapshot_fini(&n->row);
	wipe(&n->bundle);
	json_decref(n->workloads);
	json_decref(n->tasks);
	n->workloads = n->tasks = NULL;
}

/* What is asked of a whole spec is its own; where it stands in the network follows from the node.
 */
static void forget_network(json_t *workloads)
{
	json_t *one;
	size_t i;

	json_array_foreach (workloads, i, one) {
		json_t *spec = json_object_get(one, "spec");

		json_object_del(spec, "address");
		json_object_del(spec, "hosts");
	}
}

static int read_content(struct snapshot *n, const char *text, struct sp_err *err)
{
	autojson json_t *content = NULL;
	const char *bundle;
	int r = sp_json_parse(text, strlen(text), &content, err);

	if (r < 0)
		return r;
	bundle = json_string_value(json_object_get(content, "bundle"));
	n->workloads = json_incref(json_object_get(content, "workloads"));
	n->tasks = json_incref(json_object_get(content, "tasks"));
	if (!bundle || !json_is_array(n->workloads))
		return sp_fail(err, SP_E_CORRUPT, "snapshot v%" PRId64 " of '%s' is incomplete",
			       n->row.version, n->row.stack);
	forget_network(n->workloads);
	n->bundle = strdup(bundle);
	return n->bundle ? 0 : sp_fail_nomem(err);
}

int snapshot_open(struct store *s, const char *stack, int64_t version, struct snapshot *ret,
		  struct sp_err *err)
{
	__attribute__((cleanup(wipe))) char *text = NULL;
	autowholesnapshot struct snapshot n = { 0 };
	int r = store_snapshot_get(s, stack, version, &n.row, err);

	if (r == 0)
		r = store_snapshot_text(s, &n.row, &text, err);
	if (r == 0)
		r = read_content(&n, text, err);
	if (r < 0)
		return r;
	*ret = n;
	n = (struct snapshot){ 0 };
	return 0;
}

static const json_t *find(const json_t *workloads, const char *id)
{
	const json_t *one;
	size_t i;

	json_array_foreach (workloads, i, one) {
		if (sp_str_eq(json_string_value(json_object_get(one, "id")), id))
			return one;
	}
	return NULL;
}

const char *snapshot_node(const json_t *workloads, const char *id)
{
	return json_string_value(json_object_get(find(workloads, id), "node"));
}

const char *snapshot_image_digest(const json_t *workloads, const char *id)
{
	const json_t *spec = json_object_get(find(workloads, id), "spec");

	return json_string_value(json_object_get(spec, "image_digest"));
}
