/* What the node's network lets through and what not: real connections between namespaces. */
#include <sys/wait.h>

#include "netcfg/nat.h"
#include "tests/unit/netcfg/world.h"

/*
 * The node is 192.168.56.11 with containers a (.2) and b (.3) in 10.90.1.0/24. On its lan is a
 * stranger .1, which has a route to the containers, and peer node .12 with its container behind it.
 */
struct scene {
	struct net_node *node;
	int a, b, stranger, peer;
	int service_a, service_stranger;
	char seen[INET_ADDRSTRLEN];
};

static const struct net_port published[] = {
	{ .host_port = 8080, .port = 80, .workload = "web" },
	{ .host_port = 8081, .port = 80, .workload = "web" },
	{ .host_port = 8082, .port = 80, .workload = "web" },
	{ .host_port = 5353, .port = 53, .udp = true, .workload = "web" },
};

static struct net_node *opened; /* the scene's; freed after the test */

static void close_scene(void)
{
	net_node_free(opened);
}

TestSuite(traffic, .fini = close_scene);

static void attach(struct scene *s, const char *workload, int netns, const char *address)
{
	struct net_attachment a = { .workload = workload, .netns = netns, .address = ip(address) };

	cr_assert_eq(must(net_node_attach(s->node, &a, &err)), 1);
}

static void set_up(struct scene *s)
{
	struct net_port ports[SP_COUNT(published)];
	struct net_peer peer = { "worker2", ip("192.168.57.12"), prefix("10.90.2.0/24") };
	struct net_plan plan = { prefix("10.90.1.0/24"), &peer, 1, ports, SP_COUNT(ports) };

	memcpy(ports, published, sizeof(ports));
	for (size_t i = 0; i < SP_COUNT(ports); i++)
		ports[i].address = ip("10.90.1.2");
	ports[1].host_address = ip("192.168.56.11");
	ports[2].host_address = ip("127.0.0.1");
	world_enter();
	s->stranger = world_netns();
	s->peer = world_netns();
	world_cable("lan1", "192.168.56.11", s->stranger, "192.168.56.1");
	world_cable("lan2", "192.168.57.11", s->peer, "192.168.57.12");
	world_route(s->stranger, "10.90.1.0/24", "192.168.56.11");
	world_route(s->peer, "10.90.1.0/24", "192.168.57.11");
	must(net_node_open(world_nft(), &opened, &err));
	s->node = opened;
	cr_assert_eq(must(net_node_apply(s->node, &plan, &err)), 1);
	s->a = world_netns();
	s->b = world_netns();
	attach(s, "web", s->a, "10.90.1.2");
	attach(s, "other", s->b, "10.90.1.3");
	s->service_a = world_listen(s->a, SOCK_STREAM, 80);
	s->service_stranger = world_listen(s->stranger, SOCK_STREAM, 7000);
}

static void expect(struct scene *s, int from, const char *to, uint16_t port, int service,
		   const char *seen)
{
	int patience_ms = seen ? WORLD_TRUST_MS : WORLD_PATIENCE_MS;
	bool through = world_call(from, to, port, service, patience_ms, s->seen);

	cr_expect_eq(through, seen != NULL, "%s:%u", to, port);
	if (through && seen)
		cr_expect_str_eq(s->seen, seen, "%s:%u", to, port);
}

Test(traffic, containers_of_a_node_reach_each_other_and_are_reached_by_the_node)
{
	struct scene s;

	set_up(&s);
	expect(&s, s.b, "10.90.1.2", 80, s.service_a, "10.90.1.3");
	expect(&s, -1, "10.90.1.2", 80, s.service_a, "10.90.1.1");
}

Test(traffic, a_container_leaves_the_cluster_with_its_nodes_address)
{
	struct scene s;

	set_up(&s);
	expect(&s, s.a, "192.168.56.1", 7000, s.service_stranger, "192.168.56.11");
}

Test(traffic, a_published_port_leads_into_the_container_and_shows_the_callers_address)
{
	struct scene s;

	set_up(&s);
	expect(&s, s.stranger, "192.168.56.11", 8080, s.service_a, "192.168.56.1");
	expect(&s, s.stranger, "192.168.56.11", 8081, s.service_a, "192.168.56.1");
	expect(&s, s.stranger, "192.168.56.11", 8082, s.service_a, NULL);
}

Test(traffic, a_port_published_on_one_address_is_not_on_another)
{
	struct scene s;

	set_up(&s);
	expect(&s, s.peer, "192.168.57.11", 8080, s.service_a, "192.168.57.12");
	expect(&s, s.peer, "192.168.57.11", 8081, s.service_a, NULL);
}

Test(traffic, the_node_itself_reaches_its_published_ports_by_any_of_its_names)
{
	struct scene s;

	set_up(&s);
	expect(&s, -1, "192.168.56.11", 8080, s.service_a, "192.168.56.11");
	expect(&s, -1, "127.0.0.1", 8080, s.service_a, "10.90.1.1");
	expect(&s, -1, "127.0.0.1", 8082, s.service_a, "10.90.1.1");
}

Test(traffic, containers_reach_published_ports_of_their_own_node_even_their_own)
{
	struct scene s;

	set_up(&s);
	expect(&s, s.b, "192.168.56.11", 8080, s.service_a, "10.90.1.1");
	expect(&s, s.a, "192.168.56.11", 8080, s.service_a, "10.90.1.1");
}

Test(traffic, a_stranger_with_a_route_gets_into_no_container)
{
	struct scene s;

	set_up(&s);
	expect(&s, s.stranger, "10.90.1.2", 80, s.service_a, NULL);
}

Test(traffic, a_peer_node_and_its_containers_reach_containers_with_their_own_addresses)
{
	struct scene s;
	int service;

	set_up(&s);
	expect(&s, s.peer, "10.90.1.2", 80, s.service_a, "192.168.57.12");
	world_up("lo");
	world_address(s.peer, "lo", "10.90.2.7"); /* stands for a container over there */
	service = world_listen(s.peer, SOCK_STREAM, 7000);
	expect(&s, s.a, "10.90.2.7", 7000, service, "10.90.1.2");
}

Test(traffic, a_container_cannot_reach_what_listens_on_the_nodes_localhost)
{
	struct scene s;
	int service;

	set_up(&s);
	service = world_listen(-1, SOCK_STREAM, 9000);
	must(net_sysctl_put(s.a, "net.ipv4.conf.all.route_localnet", "1", &err));
	expect(&s, s.a, "10.90.1.1", 9000, service,
	       "10.90.1.2"); /* the node's own address is open */
	world_route(s.a, "127.0.0.0/8", "10.90.1.1");
	{
		struct net_netlink *nl = NULL;
		struct net_addr lo = { .index = 1, .address = ip("127.0.0.1"), .length = 8 };

		must(net_netlink_open(s.a, &nl, &err));
		must(net_link_up(nl, lo.index, &err));
		must(net_addr_delete(nl, &lo, &err));
		world_route(s.a, "127.0.0.0/8", "10.90.1.1");
		net_netlink_free(nl);
	}
	expect(&s, s.a, "127.0.0.1", 9000, service, NULL);
}

Test(traffic, udp_ports_are_published_too)
{
	struct scene s;
	struct sockaddr_in to, from = { 0 };
	socklen_t len = sizeof(from);
	char text[8] = "";
	int service, caller;

	set_up(&s);
	service = world_listen(s.a, SOCK_DGRAM, 53);
	caller = must(net_netns_socket(s.stranger, AF_INET, SOCK_DGRAM, 0, &err));
	to = world_sockaddr("192.168.56.11", 5353);
	cr_assert_eq(sendto(caller, "query", 5, 0, (struct sockaddr *)&to, sizeof(to)), 5);
	cr_assert_eq(recvfrom(service, text, sizeof(text), 0, (struct sockaddr *)&from, &len), 5);
	cr_expect_str_eq(text, "query");
}

/* A client of UDP that keeps its port, and whoever answers it. */
struct talk {
	struct sockaddr_in to;
	int caller, first, second; /* services in the containers a and b */
};

static void talk_open(struct scene *s, struct talk *t)
{
	set_up(s);
	t->to = world_sockaddr("192.168.56.11", 5353);
	t->first = world_listen(s->a, SOCK_DGRAM, 53);
	t->second = world_listen(s->b, SOCK_DGRAM, 53);
	t->caller = must(net_netns_socket(s->stranger, AF_INET, SOCK_DGRAM, 0, &err));
	world_patience(t->caller, WORLD_PATIENCE_MS);
	world_patience(t->first, WORLD_PATIENCE_MS);
	world_patience(t->second, WORLD_PATIENCE_MS);
}

/* Does a query of the caller arrive there, and the answer come back? */
static bool talks_to(const struct talk *t, int service)
{
	struct sockaddr_in from = { 0 };
	socklen_t len = sizeof(from);
	char text[8] = "";

	cr_assert_eq(
		sendto(t->caller, "query", 5, 0, (const struct sockaddr *)&t->to, sizeof(t->to)),
		5);
	return recvfrom(service, text, sizeof(text), 0, (struct sockaddr *)&from, &len) == 5 &&
	       sendto(service, "reply", 5, 0, (struct sockaddr *)&from, len) == 5 &&
	       recv(t->caller, text, sizeof(text), 0) == 5;
}

/* UDP port 5353 of the node leads to this container; "": nowhere. */
static void publish(struct scene *s, const char *address)
{
	struct net_port port = { .host_port = 5353, .port = 53, .udp = true, .workload = "dns" };
	struct net_plan plan = { .subnet = prefix("10.90.1.0/24"), .ports = &port, .n_ports = 1 };

	if (*address)
		port.address = ip(address);
	else
		plan.n_ports = 0;
	must(net_node_apply(s->node, &plan, &err));
}

Test(traffic, a_client_of_udp_follows_a_port_that_moves)
{
	struct scene s;
	struct talk t;

	talk_open(&s, &t);
	cr_expect(talks_to(&t, t.first));
	publish(&s, "10.90.1.3");
	cr_expect(talks_to(&t, t.second));
	publish(&s, "10.90.1.2");
	cr_expect(talks_to(&t, t.first));
}

Test(traffic, a_client_of_udp_that_came_before_the_port_was_published_gets_through)
{
	struct scene s;
	struct talk t;

	talk_open(&s, &t);
	publish(&s, "");
	cr_expect_not(talks_to(&t, t.first));
	publish(&s, "10.90.1.2");
	cr_expect(talks_to(&t, t.first));
	publish(&s, "");
	cr_expect_not(talks_to(&t, t.first));
}

Test(traffic, a_flow_that_is_still_true_is_left_alone)
{
	struct net_port ports[] = {
		{ .host_port = 5353, .port = 53, .udp = true, .workload = "dns" },
		{ .host_port = 5354, .port = 54, .udp = true, .workload = "other" },
	};
	struct net_plan plan = { .subnet = prefix("10.90.1.0/24"), .ports = ports, .n_ports = 2 };
	struct net_nat *nat = NULL;
	struct scene s;
	struct talk t;

	talk_open(&s, &t);
	ports[0].address = ip("10.90.1.2");
	ports[1].address = ip("10.90.1.3");
	cr_expect(talks_to(&t, t.first));
	must(net_nat_open(world_nft(), &nat, &err));
	must(net_nat_apply(nat, &plan, &err));
	cr_expect_eq(net_nat_flows(nat), 0);
	ports[0].address = ip("10.90.1.3");
	must(net_nat_apply(nat, &plan, &err));
	cr_expect_eq(net_nat_flows(nat), 1);
	net_nat_free(nat);
}

/* A rule of the operator's own: UDP port 7777 of the node leads into container b. */
static void lead_by_hand(void)
{
	static const char rules[] = "add table ip own; add chain ip own in "
				    "{ type nat hook prerouting priority -110; }; "
				    "add rule ip own in udp dport 7777 dnat to 10.90.1.3:53";
	pid_t pid = fork();
	int status;

	cr_assert_geq(pid, 0);
	if (pid == 0) {
		execlp("nft", "nft", rules, NULL);
		_exit(127);
	}
	cr_assert_eq(waitpid(pid, &status, 0), pid);
	cr_assert_eq(status, 0);
}

Test(traffic, a_flow_that_a_rule_of_the_operators_leads_into_a_container_is_left_alone)
{
	struct net_port port = { .host_port = 5353, .port = 53, .udp = true, .workload = "dns" };
	struct net_plan plan = { .subnet = prefix("10.90.1.0/24"), .ports = &port, .n_ports = 1 };
	struct net_nat *nat = NULL;
	struct scene s;
	struct talk ours, own;

	talk_open(&s, &ours);
	lead_by_hand();
	own = ours;
	own.to = world_sockaddr("192.168.56.11", 7777);
	port.address = ip("10.90.1.2");
	must(net_nat_open(world_nft(), &nat, &err));
	must(net_nat_apply(nat, &plan, &err));
	cr_expect(talks_to(&ours, ours.first));
	cr_expect(talks_to(&own, own.second));
	plan.n_ports = 0;
	must(net_nat_apply(nat, &plan, &err));
	cr_expect_eq(net_nat_flows(nat), 1, "%d", net_nat_flows(nat));
	net_nat_free(nat);
}
