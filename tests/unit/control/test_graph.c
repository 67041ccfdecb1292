/* Walks over graphs: what is reached, in which order, and what goes in circles. */
#include "control/deps/graph.h"

#include <criterion/criterion.h>

#define MAX 8

static struct graph *make(size_t n, const struct graph_edge *edges, size_t n_edges)
{
	struct graph *g = NULL;

	cr_assert_eq(graph_new(n, edges, n_edges, &g, NULL), 0);
	return g;
}

/* 3 -> {1, 2} -> 0, and 4 alone. */
static const struct graph_edge diamond[] = { { 3, 1 }, { 3, 2 }, { 1, 0 }, { 2, 0 } };
/* 0 -> 1 -> 2 -> 0, 3 -> 0, and 2 -> 4. */
static const struct graph_edge ring[] = { { 0, 1 }, { 1, 2 }, { 2, 0 }, { 3, 0 }, { 2, 4 } };

Test(graph, reaches_all_that_is_behind_both_ways)
{
	struct graph *g = make(5, diamond, 4);
	bool ahead[MAX] = { 0 }, behind[MAX] = { 0 };

	graph_reach(g, 3, false, ahead, NULL);
	graph_reach(g, 0, true, behind, NULL);
	cr_expect(ahead[0] && ahead[1] && ahead[2] && !ahead[3] && !ahead[4]);
	cr_expect(!behind[0] && behind[1] && behind[2] && behind[3] && !behind[4]);
	cr_expect_eq(graph_next(g, 3, false, 1), 2);
	cr_expect_eq(graph_next(g, 3, false, 2), GRAPH_NONE);
	cr_expect_eq(graph_next(g, 0, true, 0), 1);
	graph_free(g);
}

Test(graph, levels_are_the_longest_chains)
{
	static const struct graph_edge edges[] = { { 3, 1 }, { 3, 0 }, { 1, 2 }, { 2, 0 } };
	struct graph *g = make(5, edges, 4);
	size_t levels[MAX];

	graph_levels(g, NULL, NULL, levels, NULL);
	cr_expect_eq(levels[0], 0);
	cr_expect_eq(levels[2], 1);
	cr_expect_eq(levels[1], 2);
	cr_expect_eq(levels[3], 3);
	cr_expect_eq(levels[4], 0);
	graph_free(g);
}

Test(graph, levels_of_a_part_count_only_that_part)
{
	struct graph *g = make(5, diamond, 4);
	bool in[MAX] = { true, true, false, true, false };
	size_t levels[MAX];

	graph_levels(g, in, NULL, levels, NULL);
	cr_expect_eq(levels[0], 0);
	cr_expect_eq(levels[3], 2);
	cr_expect_eq(levels[2], GRAPH_NONE);
	graph_free(g);
}

Test(graph, what_is_on_a_circle_or_depends_on_one_has_no_level)
{
	struct graph *g = make(5, ring, 5);
	size_t levels[MAX];

	graph_levels(g, NULL, NULL, levels, NULL);
	for (size_t i = 0; i < 4; i++)
		cr_expect_eq(levels[i], GRAPH_NONE);
	cr_expect_eq(levels[4], 0);
	graph_free(g);
}

Test(graph, a_circle_is_told_in_order_without_what_only_leads_to_it)
{
	struct graph *g = make(5, ring, 5);
	size_t levels[MAX], path[MAX];

	graph_levels(g, NULL, NULL, levels, NULL);
	cr_assert_eq(graph_cycle(g, levels, path), 3);
	for (size_t i = 0; i < 3; i++)
		cr_expect_eq(path[(i + 1) % 3], (path[i] + 1) % 3);
	graph_free(g);
}

Test(graph, no_circle_in_a_diamond)
{
	struct graph *g = make(5, diamond, 4);
	size_t levels[MAX], path[MAX];

	graph_levels(g, NULL, NULL, levels, NULL);
	cr_expect_eq(graph_cycle(g, levels, path), 0);
	graph_free(g);
}

Test(graph, a_cut_helps_only_where_every_circle_goes_through_it)
{
	/* 0 -> 1 -> 2 -> 0 and 1 -> 0: both circles go through 0 -> 1. */
	static const struct graph_edge edges[] = { { 0, 1 }, { 1, 2 }, { 2, 0 }, { 1, 0 } };
	struct graph *g = make(3, edges, 4);
	bool helps;

	cr_assert_eq(graph_cut_helps(g, &edges[0], &helps, NULL), 0);
	cr_expect(helps);
	cr_assert_eq(graph_cut_helps(g, &edges[1], &helps, NULL), 0);
	cr_expect_not(helps);
	graph_free(g);
}

Test(graph, a_node_may_depend_on_itself)
{
	static const struct graph_edge self[] = { { 0, 0 } };
	struct graph *g = make(1, self, 1);
	size_t levels[1], path[1];
	bool helps;

	graph_levels(g, NULL, NULL, levels, NULL);
	cr_expect_eq(graph_cycle(g, levels, path), 1);
	cr_assert_eq(graph_cut_helps(g, &self[0], &helps, NULL), 0);
	cr_expect(helps);
	graph_free(g);
}

Test(graph, an_empty_one_is_fine)
{
	struct graph *g = make(0, NULL, 0);
	size_t levels[1], path[1];

	cr_expect_eq(graph_levels(g, NULL, NULL, levels, NULL), 0);
	cr_expect_eq(graph_cycle(g, levels, path), 0);
	graph_free(g);
	graph_free(NULL);
}

Test(graph, the_shortest_circle_through_a_node_begins_with_it)
{
	static const struct graph_edge edges[] = { { 0, 1 }, { 1, 2 }, { 2, 0 },
						   { 0, 3 }, { 3, 0 }, { 4, 0 } };
	struct graph *g = make(5, edges, 6);
	size_t circle[MAX], n;

	cr_assert_eq(graph_circle_through(g, 0, circle, &n, NULL), 0);
	cr_expect_eq(n, 2);
	cr_expect(circle[0] == 0 && circle[1] == 3);
	cr_assert_eq(graph_circle_through(g, 2, circle, &n, NULL), 0);
	cr_expect_eq(n, 3);
	cr_expect(circle[0] == 2 && circle[1] == 0 && circle[2] == 1);
	cr_assert_eq(graph_circle_through(g, 4, circle, &n, NULL), 0);
	cr_expect_eq(n, 0);
	graph_free(g);
}
