/* Placement: who goes where, who stays, and what is said when nothing fits. */
#include "control/place/place.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

static struct place_node nodes[3];
static struct wire_limits none;
static struct sp_err err;

static void three_nodes(void)
{
	static const char *const names[] = { "worker1", "worker2", "worker3" };

	memset(nodes, 0, sizeof(nodes));
	for (size_t i = 0; i < 3; i++)
		nodes[i] = (struct place_node){ .name = names[i],
						.ready = true,
						.cpus = 4,
						.memory_bytes = UINT64_C(1) << 30 };
}

static void free_ports(void)
{
	for (size_t i = 0; i < 3; i++)
		free(nodes[i].ports);
}

TestSuite(place, .init = three_nodes, .fini = free_ports);

static struct place_request one(const char *id, const char *service)
{
	return (struct place_request){
		.id = id, .service = service, .owner = id, .keep = PLACE_KEEP_NONE, .limits = &none
	};
}

Test(place, replicas_are_spread_over_the_nodes)
{
	struct place_request q[] = { one("demo-api-1", "api"), one("demo-api-2", "api"),
				     one("demo-api-3", "api") };

	cr_assert_eq(place(nodes, 3, q, 3, NULL, &err), 0, "%s", err.message);
	cr_expect_eq(q[0].node, 0);
	cr_expect_eq(q[1].node, 1);
	cr_expect_eq(q[2].node, 2);
}

Test(place, another_service_goes_where_fewer_workloads_are)
{
	struct place_request q[] = { one("demo-db-1", "db"), one("demo-api-1", "api") };

	nodes[0].workloads = 5;
	cr_assert_eq(place(nodes, 3, q, 2, NULL, &err), 0);
	cr_expect_eq(q[0].node, 1);
	cr_expect_eq(q[1].node, 2);
}

Test(place, what_is_placed_stays_and_the_new_one_goes_beside_it)
{
	struct place_request q[] = { one("demo-api-1", "api"), one("demo-api-2", "api") };

	q[1].keep = 0;
	cr_assert_eq(place(nodes, 3, q, 2, NULL, &err), 0);
	cr_expect_eq(q[1].node, 0);
	cr_expect_eq(q[0].node, 1);
}

Test(place, what_no_longer_fits_its_node_moves)
{
	struct place_constraint c = { .value = "worker1", .equal = false };
	struct place_request q = one("demo-api-1", "api");

	q.keep = 0;
	q.constraints = &c;
	q.n_constraints = 1;
	cr_assert_eq(place(nodes, 3, &q, 1, NULL, &err), 0);
	cr_expect_eq(q.node, 1);
}

Test(place, a_constraint_names_a_host_or_a_label)
{
	struct place_pair ssd = { "disk", "ssd" };
	struct place_constraint by_label = { .label = "disk", .value = "ssd", .equal = true };
	struct place_constraint by_name = { .value = "worker3", .equal = true };
	struct place_request q[] = { one("demo-db-1", "db"), one("demo-api-1", "api") };

	nodes[1].labels = &ssd;
	nodes[1].n_labels = 1;
	q[0].constraints = &by_label;
	q[1].constraints = &by_name;
	q[0].n_constraints = q[1].n_constraints = 1;
	cr_assert_eq(place(nodes, 3, q, 2, NULL, &err), 0);
	cr_expect_eq(q[0].node, 1);
	cr_expect_eq(q[1].node, 2);
}

Test(place, a_node_that_does_not_answer_keeps_only_what_is_not_touched)
{
	struct place_request q[] = { one("demo-api-1", "api"), one("demo-api-2", "api") };

	nodes[0].ready = nodes[1].ready = false;
	q[0].keep = 0;
	q[0].untouched = true;
	cr_assert_eq(place(nodes, 2, q, 1, NULL, &err), 0);
	cr_expect_eq(q[0].node, 0);
	q[0].untouched = false;
	cr_expect_lt(place(nodes, 2, q, 1, NULL, &err), 0);
	cr_expect_eq(err.code, SP_E_UNREACHABLE);
}

Test(place, two_replicas_that_publish_a_port_are_never_on_one_node)
{
	struct wire_port port = { .host_port = 8080, .container_port = 80 };
	struct place_request q[] = { one("demo-api-1", "api"), one("demo-api-2", "api"),
				     one("demo-api-3", "api") };
	size_t culprit;

	for (size_t i = 0; i < 3; i++) {
		q[i].ports = &port;
		q[i].n_ports = 1;
	}
	cr_assert_lt(place(nodes, 2, q, 3, &culprit, &err), 0);
	cr_expect_eq(culprit, 2);
	cr_expect_eq(err.code, SP_E_UNPLACEABLE);
	cr_expect_eq(err.stage, SP_STAGE_PLACE);
	cr_expect_str_eq(err.message, "no node for 'demo-api-3': "
				      "worker1: port 8080/tcp already published on worker1 by "
				      "demo-api-1; "
				      "worker2: port 8080/tcp already published on worker2 by "
				      "demo-api-2");
}

Test(place, ports_clash_by_number_protocol_and_address)
{
	struct wire_port wanted = { .host_address = (char *)"10.0.0.2", .host_port = 53 };
	struct place_port taken = { .address = "10.0.0.1", .port = 53, .owner = "x/dns-1" };
	struct place_request q = one("demo-dns-1", "dns");

	q.ports = &wanted;
	q.n_ports = 1;
	cr_assert_eq(place_port_add(&nodes[0], &taken, &err), 0);
	cr_expect_eq(place(nodes, 1, &q, 1, NULL, &err), 0, "another address");
	free(nodes[0].ports);
	nodes[0].ports = NULL;
	nodes[0].n_ports = 0;
	taken.address = NULL;
	taken.udp = true;
	cr_assert_eq(place_port_add(&nodes[0], &taken, &err), 0);
	cr_expect_eq(place(nodes, 1, &q, 1, NULL, &err), 0, "another protocol");
}

struct refusal {
	const char *reason;
	struct wire_limits limits;
	uint32_t max_per_node;
	bool not_ready;
};

Test(place, each_rejected_node_has_its_reason)
{
	static const struct refusal table[] = {
		{ "worker1: cannot enforce the memory limit: it has no cgroup controller 'memory'",
		  { .memory_max_bytes = 1 << 20 },
		  0,
		  false },
		{ "worker1: cannot enforce the pids limit: it has no cgroup controller 'pids'",
		  { .pids_max = 10 },
		  0,
		  false },
		{ "worker1: has 4 CPUs, 4.500 are asked for", { .cpu_max_milli = 4500 }, 0, false },
		{ "worker1: unreachable: timed out", { 0 }, 0, true },
	};
	char *missing[] = { (char *)"memory", (char *)"pids", NULL };

	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		struct place_request q = one("demo-api-1", "api");

		nodes[0].missing = missing;
		nodes[0].ready = !table[i].not_ready;
		nodes[0].trouble = "timed out";
		q.limits = &table[i].limits;
		cr_assert_lt(place(nodes, 1, &q, 1, NULL, &err), 0);
		cr_expect_not_null(strstr(err.message, table[i].reason), "%s", err.message);
	}
}

Test(place, a_best_effort_node_takes_limits_it_cannot_enforce)
{
	char *missing[] = { (char *)"memory", NULL };
	struct wire_limits l = { .memory_max_bytes = 1 << 20 };
	struct place_request q = one("demo-api-1", "api");

	q.limits = &l;
	nodes[0].missing = missing;
	nodes[0].best_effort = true;
	cr_expect_eq(place(nodes, 1, &q, 1, NULL, &err), 0);
}

Test(place, memory_is_reserved_until_none_is_left)
{
	struct wire_limits l = { .memory_max_bytes = UINT64_C(600) << 20 };
	struct place_request q[] = { one("demo-a-1", "a"), one("demo-a-2", "a") };

	q[0].limits = q[1].limits = &l;
	cr_assert_lt(place(nodes, 1, q, 2, NULL, &err), 0);
	cr_expect_not_null(strstr(err.message, "424 MiB of memory left, 600 MiB are asked for"),
			   "%s", err.message);
}

Test(place, no_node_takes_more_replicas_than_allowed)
{
	struct place_request q[] = { one("demo-a-1", "a"), one("demo-a-2", "a"),
				     one("demo-a-3", "a") };

	for (size_t i = 0; i < 3; i++)
		q[i].max_per_node = 1;
	cr_assert_lt(place(nodes, 2, q, 3, NULL, &err), 0);
	cr_expect_not_null(strstr(err.message, "worker1: has 1 of at most 1 replicas per node"));
}

Test(place, a_cluster_without_nodes_says_so)
{
	struct place_request q = one("demo-a-1", "a");

	cr_assert_lt(place(nodes, 0, &q, 1, NULL, &err), 0);
	cr_expect_str_eq(err.message, "no node for 'demo-a-1': the cluster has no nodes");
}

Test(place, says_of_each_node_why_the_workload_goes_there_or_does_not)
{
	struct place_request q[] = { one("demo-api-1", "api"), one("demo-api-2", "api") };
	char reasons[3][PLACE_REASON_MAX];

	nodes[1].workloads = 2;
	nodes[2].ready = false;
	q[1].reasons = reasons;
	cr_assert_eq(place(nodes, 3, q, 2, NULL, &err), 0, "%s", err.message);
	cr_expect_eq(q[1].node, 1);
	cr_expect_str_eq(reasons[0], "has 1 replica of 'api', worker2 has 0");
	cr_expect_str_eq(reasons[1], "has most room of 2 that fit");
	cr_expect_str_eq(reasons[2], "unreachable");
}

Test(place, says_of_what_stays_only_that_it_is_there)
{
	struct place_request q = one("demo-api-1", "api");
	char reasons[3][PLACE_REASON_MAX];

	q.keep = 1;
	q.reasons = reasons;
	cr_assert_eq(place(nodes, 3, &q, 1, NULL, &err), 0);
	cr_expect_str_eq(reasons[1], "it is there already, or was, and still fits");
	cr_expect_str_eq(reasons[0], "");
}

Test(place, prefers_fewer_workloads_then_the_name_and_says_so)
{
	struct place_request q = one("demo-api-1", "api");
	char reasons[3][PLACE_REASON_MAX];

	nodes[1].workloads = 1;
	q.reasons = reasons;
	cr_assert_eq(place(nodes, 3, &q, 1, NULL, &err), 0);
	cr_expect_eq(q.node, 0);
	cr_expect_str_eq(reasons[1], "has 1 workload, worker1 has 0");
	cr_expect_str_eq(reasons[2], "fits as well, worker1 comes first by name");
}
