/* Taking and reading snapshots; see snapshot.h. */
#include "control/snapshot/snapshot.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/json.h"
#include "base/str.h"
#include "base/time.h"
#include "control/snapshot/summary.h"
#include "control/store/stack.h"

/* What is asked of a whole spec is its own; where it stands in the network follows from the node.
 */
static json_t *workload_of(const struct store_workload *w)
{
	json_t *spec = json_loads(w->spec, 0, NULL);
	json_t *one;

	if (!spec)
		return NULL;
	json_object_del(spec, "address");
	json_object_del(spec, "hosts");
	one = json_pack("{s:s, s:s, s:s, s:s, s:o}", "id", w->id, "service", w->service, "node",
			w->node, "template", w->template, "spec", spec);
	return one;
}

static json_t *workloads_of(const struct store_workloads *all)
{
	json_t *list = json_array();

	for (size_t i = 0; list && i < all->n; i++) {
		if (json_array_append_new(list, workload_of(&all->list[i])) < 0) {
			json_decref(list);
			return NULL;
		}
	}
	return list;
}

/* The bundle goes in as text, so that it comes out as it was. */
static int write_content(const struct store_workloads *all, const char *bundle,
			 struct store_snapshot *n, char **ret, struct sp_err *err)
{
	autojson json_t *workloads = workloads_of(all);
	autojson json_t *content =
		workloads ? json_pack("{s:s, s:O}", "bundle", bundle, "workloads", workloads)
			  : NULL;
	char *text = content ? sp_json_text(content) : NULL; /* its order is always the same */
	int r;

	if (!text)
		return sp_fail_nomem(err);
	n->size_bytes = (int64_t)strlen(text);
	n->summary = snapshot_summary(workloads);
	r = n->summary ? sp_digest_of(text, strlen(text), n->content, err) : sp_fail_nomem(err);
	if (r == 0)
		*ret = text;
	else
		free(text);
	return r;
}

static void wipe(char **text)
{
	if (*text)
		explicit_bzero(*text, strlen(*text));
	free(*text);
	*text = NULL;
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
	n->verified_at_ns =
		sp_str_eq(stack->state, store_stack_state_name(STORE_STACK_RUNNING)) ? 1 : 0;
	return 0;
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
	__attribute__((cleanup(wipe))) char *bundle = NULL, *text = NULL;
	struct store_stack stack;
	int r = read_stack(s, t->q->stack, &stack, err);

	store_snapshot_fini(&t->n);
	if (r == 0)
		r = describe(t->q, &stack, &t->n, err);
	if (r == 0)
		r = store_workload_list(s, t->q->stack, stack.revision, &all, err);
	if (r == 0)
		r = store_revision_bundle(s, t->q->stack, stack.revision, &bundle, err);
	if (r == 0)
		r = write_content(&all, bundle, &t->n, &text, err);
	if (r == 0)
		r = store_snapshot_add(s, &t->n, text, err);
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
	n->workloads = NULL;
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
	if (!bundle || !json_is_array(n->workloads))
		return sp_fail(err, SP_E_CORRUPT, "snapshot v%" PRId64 " of '%s' is incomplete",
			       n->row.version, n->row.stack);
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
