/*
 * DOT and mermaid; see deps_graph.h. Names are ids (lower-case letters, digits, '-', '_' and '.'),
 * images may hold more, so all text is quoted.
 */
#include "ctl/deps_graph.h"

#include <ctype.h>
#include <string.h>

#include "base/str.h"
#include "ctl/output.h"

/* Inside double quotes of either language; line breaks are the caller's. */
static void put_quoted(const char *text, struct sp_buf *out)
{
	for (; *text; text++)
		if (*text == '"' || *text == '\\' || iscntrl((unsigned char)*text))
			sp_buf_putc(out, '\'');
		else
			sp_buf_putc(out, *text);
}

static bool is_stack(const json_t *resource)
{
	return sp_str_eq(ctl_json_text(resource, "kind"), "stack");
}

static bool is_shown(const json_t *resource, const struct deps_graph_conf *conf)
{
	return conf->tree || is_stack(resource);
}

/* "network" or "db": what stands in the node. */
static void put_label(const json_t *resource, const struct deps_graph_conf *conf,
		      const char *line_break, struct sp_buf *out)
{
	const char *id = ctl_json_text(resource, "id"), *slash = strchr(id, '/');
	const char *version = ctl_json_text(resource, "version");

	put_quoted(slash ? slash + 1 : id, out);
	if (json_is_true(json_object_get(resource, "missing")))
		sp_buf_printf(out, "%smissing", line_break);
	else if (conf->versions && *version) {
		sp_buf_printf(out, "%s%s", line_break, is_stack(resource) ? "revision " : "");
		put_quoted(version, out);
	}
}

/* Whether both ends of an edge are in the picture. */
static bool edge_shown(const json_t *edge, const struct deps_graph_conf *conf)
{
	return conf->tree || !strchr(ctl_json_text(edge, "from"), '/');
}

static void count(const json_t *resource, struct deps_graph_counts *c)
{
	const char *kind = ctl_json_text(resource, "kind");
	const json_t *depth = json_object_get(resource, "depth");

	c->stacks += is_stack(resource);
	c->services += sp_str_eq(kind, "service");
	c->tasks += sp_str_eq(kind, "task");
	c->missing += json_is_true(json_object_get(resource, "missing"));
	c->circular += json_is_null(depth);
	if (json_integer_value(depth) > c->depth)
		c->depth = json_integer_value(depth);
}

void deps_graph_count(const json_t *deps, const struct deps_graph_conf *conf,
		      struct deps_graph_counts *ret)
{
	const json_t *one;
	size_t i;

	*ret = (struct deps_graph_counts){ 0 };
	json_array_foreach (json_object_get(deps, "resources"), i, one) {
		if (is_shown(one, conf))
			count(one, ret);
	}
	json_array_foreach (json_object_get(deps, "dependencies"), i, one)
		ret->dependencies += edge_shown(one, conf);
}

/* How a language writes what the walk meets. */
struct language {
	const char *begin, *end, *box_end;
	void (*node)(const json_t *resource, const struct deps_graph_conf *conf,
		     struct sp_buf *out);
	void (*box)(const char *stack, struct sp_buf *out); /* around the members of a stack */
	void (*edge)(const char *from, const char *to, struct sp_buf *out);
};

/* ---- DOT ---- */

static void dot_node(const json_t *resource, const struct deps_graph_conf *conf, struct sp_buf *out)
{
	bool missing = json_is_true(json_object_get(resource, "missing"));

	sp_buf_puts(out, "\t\"");
	put_quoted(ctl_json_text(resource, "id"), out);
	sp_buf_puts(out, "\" [label=\"");
	put_label(resource, conf, "\\n", out);
	sp_buf_printf(out, "\"%s%s];\n", is_stack(resource) ? ", style=bold" : "",
		      missing ? ", color=red" : "");
}

static void dot_box(const char *stack, struct sp_buf *out)
{
	sp_buf_puts(out, "\tsubgraph \"cluster_");
	put_quoted(stack, out);
	sp_buf_puts(out, "\" {\n");
}

static void dot_edge(const char *from, const char *to, struct sp_buf *out)
{
	sp_buf_puts(out, "\t\"");
	put_quoted(from, out);
	sp_buf_puts(out, "\" -> \"");
	put_quoted(to, out);
	sp_buf_puts(out, "\";\n");
}

static const struct language dot = {
	.begin = "digraph dependencies {\n\trankdir=LR;\n\tnode [shape=box];\n",
	.end = "}\n",
	.box_end = "\t}\n",
	.node = dot_node,
	.box = dot_box,
	.edge = dot_edge,
};

/* ---- mermaid ---- */

/* Its ids are words: everything else in an id becomes its code. */
static void put_word(const char *id, struct sp_buf *out)
{
	sp_buf_putc(out, 'n');
	for (; *id; id++)
		if (isalnum((unsigned char)*id))
			sp_buf_putc(out, *id);
		else
			sp_buf_printf(out, "_%02x", (unsigned char)*id);
}

static void mermaid_node(const json_t *resource, const struct deps_graph_conf *conf,
			 struct sp_buf *out)
{
	sp_buf_puts(out, "\t");
	put_word(ctl_json_text(resource, "id"), out);
	sp_buf_puts(out, "[\"");
	put_label(resource, conf, "<br/>", out);
	sp_buf_puts(out, "\"]\n");
}

static void mermaid_box(const char *stack, struct sp_buf *out)
{
	sp_buf_puts(out, "\tsubgraph s_");
	put_word(stack, out);
	sp_buf_puts(out, "[\"");
	put_quoted(stack, out);
	sp_buf_puts(out, "\"]\n");
}

static void mermaid_edge(const char *from, const char *to, struct sp_buf *out)
{
	sp_buf_puts(out, "\t");
	put_word(from, out);
	sp_buf_puts(out, " --> ");
	put_word(to, out);
	sp_buf_puts(out, "\n");
}

static const struct language mermaid = {
	.begin = "flowchart LR\n",
	.end = "",
	.box_end = "\tend\n",
	.node = mermaid_node,
	.box = mermaid_box,
	.edge = mermaid_edge,
};

/* ---- the walk ---- */

/* A stack with its members; ids are sorted, so its own node is the first of them. */
static void draw_stack(const struct language *l, const json_t *deps, const char *stack,
		       const struct deps_graph_conf *conf, struct sp_buf *out)
{
	const json_t *one;
	size_t i;

	if (conf->tree)
		l->box(stack, out);
	json_array_foreach (json_object_get(deps, "resources"), i, one) {
		if (sp_str_eq(ctl_json_text(one, "stack"), stack) && is_shown(one, conf))
			l->node(one, conf, out);
	}
	if (conf->tree)
		sp_buf_puts(out, l->box_end);
}

static void draw(const struct language *l, const json_t *deps, const struct deps_graph_conf *conf,
		 struct sp_buf *out)
{
	const json_t *one;
	size_t i;

	sp_buf_puts(out, l->begin);
	json_array_foreach (json_object_get(deps, "resources"), i, one) {
		if (is_stack(one))
			draw_stack(l, deps, ctl_json_text(one, "stack"), conf, out);
	}
	json_array_foreach (json_object_get(deps, "dependencies"), i, one) {
		if (edge_shown(one, conf))
			l->edge(ctl_json_text(one, "from"), ctl_json_text(one, "to"), out);
	}
	sp_buf_puts(out, l->end);
}

void deps_graph_dot(const json_t *deps, const struct deps_graph_conf *conf, struct sp_buf *out)
{
	draw(&dot, deps, conf, out);
}

void deps_graph_mermaid(const json_t *deps, const struct deps_graph_conf *conf, struct sp_buf *out)
{
	draw(&mermaid, deps, conf, out);
}
