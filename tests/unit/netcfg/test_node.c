/* The node's network as a state: made, kept, found again, changed and taken away. */
#include <stdlib.h>

#include "base/str.h"
#include "netcfg/nat.h"
#include "netcfg/ruleset.h"
#include "netcfg/veth.h"
#include "tests/unit/netcfg/world.h"

#define CYCLES 200

static struct net_port ports[] = {
	{ .host_port = 8080, .port = 80, .workload = "web" },
	{ .host_port = 5353, .port = 53, .udp = true, .workload = "dns" },
};
static struct net_peer peers[2];
static struct net_plan plan;
static struct net_node *node; /* the test's; freed after it */
static struct net_nat *nat;
static char **attached, **states;

static void clean(void)
{
	net_node_free(node);
	net_nat_free(nat);
	sp_strv_free(attached);
	sp_strv_free(states);
}

TestSuite(node, .fini = clean);

static void make_plan(void)
{
	ports[0].address = ip("10.90.1.2");
	ports[1].address = ip("10.90.1.3");
	peers[0] = (struct net_peer){ "worker3", ip("192.168.56.13"), prefix("10.90.3.0/24") };
	peers[1] = (struct net_peer){ "worker2", ip("192.168.56.12"), prefix("10.90.2.0/24") };
	plan = (struct net_plan){ prefix("10.90.1.0/24"), peers, 2, ports, 2 };
}

static void node_open(void)
{
	must(net_node_open(world_nft(), &node, &err));
}

static void enter(void)
{
	world_enter();
	world_cable("lan0", "192.168.56.11", world_netns(), "192.168.56.1");
	make_plan();
	node_open();
}

static bool differs(void)
{
	autobuf struct sp_buf wanted = SP_BUF_INIT;

	must(net_ruleset_render(&plan, &wanted, &err));
	must(net_nat_list(nat, &err));
	return !net_ruleset_same(wanted.data, net_nat_table(nat));
}

static int attach(const char *workload, int netns, const char *address, struct sp_err *err)
{
	struct net_attachment a = { workload, netns, ip(address) };

	return net_node_attach(node, &a, err);
}

static const char *state(void)
{
	char *text = world_state();

	cr_assert_eq(sp_strv_push(&states, text), 0);
	free(text);
	return states[sp_strv_count(states) - 1];
}

static int count_lines(const char *text, const char *start)
{
	int n = 0;

	for (; text; text = strchr(text, '\n'), text = text ? text + 1 : NULL)
		n += sp_str_starts(text, start);
	return n;
}

Test(node, a_second_apply_changes_nothing)
{
	const char *first, *second;

	enter();
	cr_expect_eq(must(net_node_apply(node, &plan, &err)), 1);
	first = state();
	cr_expect_eq(count_lines(first, "route "), 2, "%s", first);
	cr_expect_eq(must(net_node_apply(node, &plan, &err)), 0);
	second = state();
	cr_expect_str_eq(first, second);
}

Test(node, a_handle_opened_after_a_restart_finds_all_in_place)
{
	int netns;

	enter();
	netns = world_netns();
	must(net_node_apply(node, &plan, &err));
	cr_expect_eq(must(attach("demo-web-1", netns, "10.90.1.2", &err)), 1);
	net_node_free(node);
	node_open();
	cr_expect_eq(must(net_node_apply(node, &plan, &err)), 0);
	cr_expect_eq(must(net_node_attached(node, &attached, &err)), 1);
	cr_expect_str_eq(attached[0], "demo-web-1");
	cr_expect_eq(must(attach("demo-web-1", netns, "10.90.1.2", &err)), 0);
}

Test(node, what_the_new_plan_has_not_goes)
{
	const char *text;

	enter();
	must(net_node_apply(node, &plan, &err));
	plan.n_peers = 1;
	plan.n_ports = 0;
	plan.subnet = prefix("10.90.7.0/24");
	cr_expect_eq(must(net_node_apply(node, &plan, &err)), 1);
	text = state();
	cr_expect_eq(count_lines(text, "route "), 1, "%s", text);
	cr_expect_eq(count_lines(text, "addr "), 3, "lo, lan0 and sp0:\n%s", text);
	must(net_nat_open(world_nft(), &nat, &err));
	cr_expect_not(differs());
}

Test(node, a_peer_that_moved_is_reached_by_its_new_address)
{
	const char *text;

	enter();
	must(net_node_apply(node, &plan, &err));
	peers[0].address = ip("192.168.56.33");
	cr_expect_eq(must(net_node_apply(node, &plan, &err)), 1);
	text = state();
	cr_expect_eq(count_lines(text, "route "), 2, "%s", text);
	cr_expect_eq(must(net_node_apply(node, &plan, &err)), 0);
}

Test(node, a_peer_out_of_reach_is_told_by_name_and_does_not_stop_the_others)
{
	struct sp_err err = { 0 };
	const char *text;

	enter();
	peers[0].address = ip("172.20.0.1");
	cr_expect_lt(net_node_apply(node, &plan, &err), 0);
	cr_expect(strstr(err.message, "worker3"), "%s", err.message);
	text = state();
	cr_expect_eq(count_lines(text, "route "), 1, "%s", text);
}

Test(node, rules_changed_behind_our_back_are_put_right)
{
	enter();
	must(net_node_apply(node, &plan, &err));
	must(net_nat_open(world_nft(), &nat, &err));
	plan.n_ports = 1;
	cr_expect_eq(must(net_nat_apply(nat, &plan, &err)), 1);
	plan.n_ports = 2;
	cr_expect(differs());
	cr_expect_eq(must(net_node_apply(node, &plan, &err)), 1);
	cr_expect_not(differs());
	cr_expect_eq(must(net_nat_remove(nat, &err)), 1);
	cr_expect_eq(must(net_nat_remove(nat, &err)), 0);
	cr_expect_eq(must(net_node_apply(node, &plan, &err)), 1);
}

Test(node, remove_leaves_the_network_as_it_was_and_can_be_repeated)
{
	const char *before, *after;

	enter();
	before = state();
	must(net_node_apply(node, &plan, &err));
	must(attach("web", world_netns(), "10.90.1.2", &err));
	cr_expect_eq(must(net_node_remove(node, &err)), 1);
	after = state();
	cr_expect_str_eq(before, after);
	cr_expect_eq(must(net_node_remove(node, &err)), 0);
	cr_expect_lt(attach("web", world_netns(), "10.90.1.2", NULL), 0);
}

Test(node, conflicting_plans_are_refused_and_change_nothing)
{
	static const struct {
		const char *subnet, *peer_subnet, *says;
		int ret;
	} cases[] = {
		{ "192.168.0.0/16", "10.90.3.0/24", "a network this node is in", -EBUSY },
		{ "10.90.1.0/24", "192.168.56.128/25", "a network this node is in", -EBUSY },
		{ "10.90.1.0/24", "10.90.0.0/16", "overlaps", -EBUSY },
		{ "10.90.1.0/31", "10.90.3.0/24", "length", -EINVAL },
	};
	const char *before;

	enter();
	before = state();
	for (size_t i = 0; i < SP_COUNT(cases); i++) {
		struct sp_err err = { 0 };

		plan.subnet = prefix(cases[i].subnet);
		peers[0].subnet = prefix(cases[i].peer_subnet);
		cr_expect_eq(net_node_apply(node, &plan, &err), cases[i].ret, "%zu: %s", i,
			     err.message);
		cr_expect(strstr(err.message, cases[i].says), "%s", err.message);
		cr_expect_str_eq(state(), before);
	}
}

Test(node, garbage_in_names_and_ports_is_refused)
{
	static const char *const bad[] = { "", "..", "a b", "x\"; flush ruleset", "A", NULL };
	struct sp_err err = { 0 };

	enter();
	for (const char *const *name = bad; *name; name++) {
		ports[0].workload = *name;
		cr_expect_eq(net_node_apply(node, &plan, &err), -EINVAL, "'%s'", *name);
		cr_expect_eq(net_node_detach(node, *name, &err), -EINVAL, "'%s'", *name);
	}
	ports[0].workload = "web";
	ports[1] = ports[0];
	ports[1].workload = "late";
	cr_expect_eq(net_node_apply(node, &plan, &err), -EBUSY);
	cr_expect_str_eq(err.message, "port 0.0.0.0:8080/tcp is already published by 'web', and "
				      "wanted by 'late'");
	ports[0].host_port = 0;
	cr_expect_eq(net_node_apply(node, &plan, &err), -EINVAL);
}

Test(node, a_link_of_that_name_that_is_no_bridge_is_left_alone)
{
	struct sp_err why = { 0 };

	world_enter();
	make_plan();
	world_cable(NET_BRIDGE, "192.168.56.11", world_netns(), "192.168.56.1");
	node_open();
	cr_expect_eq(net_node_apply(node, &plan, &why), -EBUSY, "%s", why.message);
	cr_expect_eq(must(net_node_remove(node, &err)), 0);
}

Test(node, an_address_that_is_no_containers_is_refused)
{
	static const char *const bad[] = { "10.90.1.0", "10.90.1.1", "10.90.1.255", "10.90.2.2" };
	int netns;

	enter();
	netns = world_netns();
	must(net_node_apply(node, &plan, &err));
	for (size_t i = 0; i < SP_COUNT(bad); i++)
		cr_expect_eq(attach("web", netns, bad[i], NULL), -EINVAL, "%s", bad[i]);
}

Test(node, a_pair_that_leads_to_an_earlier_container_is_replaced)
{

	enter();
	must(net_node_apply(node, &plan, &err));
	cr_expect_eq(must(attach("web", world_netns(), "10.90.1.2", &err)), 1);
	cr_expect_eq(must(attach("web", world_netns(), "10.90.1.2", &err)), 1);
	cr_expect_eq(must(net_node_attached(node, &attached, &err)), 1);
	cr_expect_eq(must(net_node_detach(node, "web", &err)), 1);
	cr_expect_eq(must(net_node_detach(node, "web", &err)), 0);
}

Test(node, an_attachment_that_fails_leaves_nothing)
{
	const char *before;
	int home;

	enter();
	home = world_here();
	must(net_node_apply(node, &plan, &err));
	before = state();
	cr_expect_lt(attach("web", -1, "10.90.1.2", NULL), 0);
	cr_expect_lt(attach("web", STDIN_FILENO, "10.90.1.2", NULL), 0);
	world_cable("eth0", "172.30.0.1", world_netns(), "172.30.0.2");
	cr_expect_lt(attach("web", home, "10.90.1.2", NULL), 0, "eth0 is taken there");
	cr_expect_eq(count_lines(state(), "link "), count_lines(before, "link ") + 1);
}

Test(node, the_end_of_a_container_takes_its_pair_away)
{
	int netns, left = 1;

	enter();
	netns = world_netns();
	must(net_node_apply(node, &plan, &err));
	must(attach("web", netns, "10.90.1.2", &err));
	close(netns);
	for (int i = 0; i < 500 && left; i++) { /* the kernel tidies up in its own time */
		sp_strv_free(attached);
		attached = NULL;
		left = must(net_node_attached(node, &attached, &err));
		usleep(10000);
	}
	cr_expect_eq(left, 0);
}

Test(node, two_hundred_cycles_leave_everything_as_before)
{
	int netns;
	const char *before, *after;

	enter();
	netns = world_netns();
	must(net_node_apply(node, &plan, &err));
	before = state();
	for (int i = 0; i < CYCLES; i++) {
		cr_assert_eq(must(attach("web", netns, "10.90.1.2", &err)), 1);
		cr_assert_eq(must(net_node_detach(node, "web", &err)), 1);
	}
	after = state();
	cr_expect_str_eq(before, after);
	cr_expect_eq(must(net_node_apply(node, &plan, &err)), 0);
}
