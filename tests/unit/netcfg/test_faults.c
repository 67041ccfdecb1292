/* The n-th request to the kernel fails, for every n: what was begun is undone, and the next try
 * succeeds. */
#include <dlfcn.h>
#include <netlink/errno.h>
#include <netlink/netlink.h>
#include <stdlib.h>

#include "tests/unit/netcfg/world.h"

#define STEPS_MAX 64 /* more requests than any of the calls makes */

static int until_failure; /* requests that still go through; negative: all */

/* In front of libnl's own: every request of netcfg and of libnl-route passes here. */
int nl_send_auto(struct nl_sock *sk, struct nl_msg *msg)
{
	static int (*real)(struct nl_sock *, struct nl_msg *);

	if (!real)
		*(void **)&real = dlsym(RTLD_NEXT, "nl_send_auto");
	if (until_failure == 0) {
		until_failure = -1;
		return -NLE_FAILURE;
	}
	if (until_failure > 0)
		until_failure--;
	return real(sk, msg);
}

static struct net_peer peer;
static struct net_plan plan;
static struct net_node *node;

static void set_up(void)
{
	until_failure = -1;
	world_enter();
	world_cable("lan0", "192.168.56.11", world_netns(), "192.168.56.1");
	peer = (struct net_peer){ "worker2", ip("192.168.56.12"), prefix("10.90.2.0/24") };
	plan = (struct net_plan){ .subnet = prefix("10.90.1.0/24"), .peers = &peer, .n_peers = 1 };
	must(net_node_open(world_nft(), &node, &err));
}

static void tear_down(void)
{
	net_node_free(node);
}

TestSuite(faults, .init = set_up, .fini = tear_down);

Test(faults, an_attachment_that_fails_at_any_step_leaves_nothing_and_can_be_repeated)
{
	int netns = world_netns(), failures = 0;
	struct net_attachment a = { "web", netns, ip("10.90.1.2") };
	autofree char *before = NULL;

	must(net_node_apply(node, &plan, &err));
	before = world_state();
	for (int n = 0; n < STEPS_MAX; n++) {
		struct sp_err why = { 0 };
		autofree char *after = NULL;
		int r;

		until_failure = n;
		r = net_node_attach(node, &a, &why);
		until_failure = -1;
		if (r >= 0)
			break;
		failures++;
		cr_expect(*why.message, "step %d has no message", n);
		after = world_state();
		cr_expect_str_eq(after, before, "step %d: %s", n, why.message);
	}
	cr_expect_gt(failures, 5);
	cr_expect_lt(failures, STEPS_MAX);
	cr_expect_eq(must(net_node_attach(node, &a, &err)), 0);
}

Test(faults, a_plan_whose_application_fails_at_any_step_is_completed_by_the_next)
{
	int failures = 0;

	for (int n = 0; n < STEPS_MAX; n++) {
		struct sp_err why = { 0 };
		int r;

		must(net_node_remove(node, &err));
		until_failure = n;
		r = net_node_apply(node, &plan, &why);
		until_failure = -1;
		failures += r < 0;
		cr_expect(r >= 0 || *why.message, "step %d has no message", n);
		must(net_node_apply(node, &plan, &err));
		cr_expect_eq(must(net_node_apply(node, &plan, &err)), 0, "step %d", n);
		if (r >= 0)
			break;
	}
	cr_expect_gt(failures, 5);
	cr_expect_lt(failures, STEPS_MAX);
}
