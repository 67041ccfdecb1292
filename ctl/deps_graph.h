/* Dependencies (the document of GET /v1/deps) as text of graph languages. */
#pragma once

#include <jansson.h>
#include <stdbool.h>

#include "base/buf.h"

struct deps_graph_conf {
	bool versions; /* write a stack's revision and a service's image into its node */
	bool tree;     /* services and tasks too, inside of their stack */
};

/* What is drawn, in numbers. */
struct deps_graph_counts {
	size_t stacks, services, tasks, dependencies, missing, circular;
	long long depth;
};

void deps_graph_count(const json_t *deps, const struct deps_graph_conf *conf,
		      struct deps_graph_counts *ret);
void deps_graph_dot(const json_t *deps, const struct deps_graph_conf *conf, struct sp_buf *out);
void deps_graph_mermaid(const json_t *deps, const struct deps_graph_conf *conf, struct sp_buf *out);
