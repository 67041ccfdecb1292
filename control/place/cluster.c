/* Nodes and what is taken of them; see cluster.h. */
#include "control/place/cluster.h"

#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/list.h"
#include "base/str.h"
#include "control/store/stack.h"

/* Strings and specs that nodes point to, freed together. */
struct piece {
	struct sp_list link;
	struct wire_workload *spec;
	char *owner;
	struct place_pair *labels;
	char **missing;
};

static struct sp_list *pieces_of(struct cluster *c)
{
	return c->owned;
}

static struct piece *add_piece(struct cluster *c)
{
	struct piece *p = calloc(1, sizeof(*p));

	if (p)
		sp_list_append(pieces_of(c), &p->link);
	return p;
}

void cluster_fini(struct cluster *c)
{
	struct piece *p;

	if (c->owned) {
		SP_LIST_EACH (pieces_of(c), p, link) {
			wire_workload_free(p->spec);
			free(p->owner);
			free(p->labels);
			sp_strv_free(p->missing);
			free(p);
		}
	}
	for (size_t i = 0; c->nodes && i < c->rows.n; i++)
		free(c->nodes[i].ports);
	free(c->nodes);
	free(c->owned);
	store_nodes_fini(&c->rows);
	*c = (struct cluster){ 0 };
}

static int read_labels(struct piece *piece, const json_t *info, struct place_node *node)
{
	json_t *labels = json_object_get(info, "labels"), *value;
	const char *key;

	piece->labels = calloc(json_object_size(labels) + 1, sizeof(*piece->labels));
	if (!piece->labels)
		return -1;
	node->labels = piece->labels;
	json_object_foreach (labels, key, value) {
		if (json_is_string(value))
			piece->labels[node->n_labels++] =
				(struct place_pair){ key, json_string_value(value) };
	}
	return 0;
}

static int read_missing(struct piece *piece, const json_t *info, struct place_node *node)
{
	json_t *list = json_object_get(info, "missing_controllers"), *value;
	size_t i;

	json_array_foreach (list, i, value) {
		if (json_is_string(value) &&
		    sp_strv_push(&piece->missing, json_string_value(value)) < 0)
			return -1;
	}
	node->missing = piece->missing;
	return 0;
}

static int read_node(struct cluster *c, const struct store_node *row, struct place_node *node,
		     struct sp_err *err)
{
	struct piece *piece = add_piece(c);
	const json_t *info = row->info;
	const char *limits = json_string_value(json_object_get(info, "limits"));

	node->name = row->name;
	node->ready = row->state == STORE_NODE_READY;
	node->trouble = row->error;
	node->best_effort = sp_str_eq(limits, "best-effort");
	node->cpus = (uint32_t)json_integer_value(json_object_get(info, "cpus"));
	node->memory_bytes = (uint64_t)json_integer_value(json_object_get(info, "memory_bytes"));
	if (!piece || read_labels(piece, info, node) < 0 || read_missing(piece, info, node) < 0)
		return sp_fail_nomem(err);
	return 0;
}

static int take_ports(struct place_node *node, const struct wire_workload *spec, const char *owner,
		      struct sp_err *err)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < spec->n_ports; i++)
		r = place_port_add(node,
				   &(struct place_port){ .address = spec->ports[i].host_address,
							 .port = spec->ports[i].host_port,
							 .udp = spec->ports[i].udp,
							 .owner = owner },
				   err);
	return r;
}

/* What one workload of another stack takes. */
static int take_workload(struct cluster *c, const struct store_workload *w, struct sp_err *err)
{
	size_t at = cluster_find(c, w->node);
	struct piece *piece = add_piece(c);
	autojson json_t *json = json_loads(w->spec, 0, NULL);
	int r;

	if (!piece)
		return sp_fail_nomem(err);
	if (at == PLACE_KEEP_NONE)
		return 0;
	r = wire_workload_decode(json, &piece->spec, err);
	if (r < 0)
		return sp_err_prefix(err, "spec of '%s'", w->id);
	piece->owner = sp_str_format("%s/%s-%u", w->stack, w->service, w->replica);
	if (!piece->owner)
		return sp_fail_nomem(err);
	c->nodes[at].workloads++;
	c->nodes[at].memory_taken_bytes += piece->spec->limits.memory_max_bytes;
	return take_ports(&c->nodes[at], piece->spec, piece->owner, err);
}

static int read_nodes(struct store *s, struct cluster *c, struct sp_err *err)
{
	int r = store_node_list(s, &c->rows, err);

	c->owned = malloc(sizeof(struct sp_list));
	c->nodes = calloc(c->rows.n + 1, sizeof(*c->nodes));
	if (c->owned)
		sp_list_init(pieces_of(c));
	if (!c->owned || !c->nodes)
		return sp_fail_nomem(err);
	for (size_t i = 0; r == 0 && i < c->rows.n; i++)
		r = read_node(c, &c->rows.list[i], &c->nodes[i], err);
	return r;
}

int cluster_read(struct store *s, const char *stack, struct cluster *ret, struct sp_err *err)
{
	autoworkloads struct store_workloads all = { 0 };
	struct cluster c = { 0 };
	int r = read_nodes(s, &c, err);

	if (r == 0)
		r = store_workload_list_others(s, stack, &all, err);
	for (size_t i = 0; r == 0 && i < all.n; i++)
		r = take_workload(&c, &all.list[i], err);
	if (r < 0) {
		cluster_fini(&c);
		return r;
	}
	*ret = c;
	return 0;
}

size_t cluster_find(const struct cluster *c, const char *node)
{
	for (size_t i = 0; i < c->rows.n; i++)
		if (!strcmp(c->rows.list[i].name, node))
			return i;
	return PLACE_KEEP_NONE;
}
