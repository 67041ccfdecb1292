/* Which ports can be published. */
#include "netcfg/port.h"

#include "tests/unit/netcfg/world.h"

Test(port, clashes_are_by_address_port_and_protocol)
{
	struct net_port any = { .host_port = 80 }, one = { .host_port = 80 };
	struct net_port other = { .host_port = 80 }, udp = { .host_port = 80, .udp = true };

	one.host_address = ip("192.168.56.11");
	other.host_address = ip("127.0.0.1");
	cr_expect(net_port_clashes(&any, &one));
	cr_expect(net_port_clashes(&one, &any));
	cr_expect_not(net_port_clashes(&one, &other));
	cr_expect_not(net_port_clashes(&any, &udp));
}

Test(port, one_that_another_workload_has_is_refused_by_its_name)
{
	struct net_port had = { .host_port = 8080, .port = 80, .workload = "demo-api-1" };
	struct net_port wanted = had;
	struct sp_err err = { 0 };

	world_enter();
	cr_expect_eq(net_port_check(&wanted, &had, 1, &err), 0, "its own: %s", err.message);
	wanted.workload = "blog-web-1";
	cr_expect_eq(net_port_check(&wanted, &had, 1, &err), -EBUSY);
	cr_expect_str_eq(err.message, "port 0.0.0.0:8080/tcp is already published by 'demo-api-1'");
}

Test(port, one_that_a_process_of_the_node_listens_on_is_refused)
{
	struct net_port tcp = { .host_port = 8080, .port = 80, .workload = "web" }, udp = tcp;
	struct sp_err err = { 0 };
	int listener;

	udp.udp = true;
	world_enter();
	cr_expect_eq(net_port_check(&tcp, NULL, 0, &err), 0, "%s", err.message);
	listener = world_listen(-1, SOCK_STREAM, 8080);
	cr_expect_eq(net_port_check(&tcp, NULL, 0, &err), -EBUSY);
	cr_expect_eq(net_port_check(&udp, NULL, 0, &err), 0, "%s", err.message);
	close(listener);
	listener = world_listen(-1, SOCK_DGRAM, 8080);
	cr_expect_eq(net_port_check(&udp, NULL, 0, &err), -EBUSY);
	cr_expect_eq(net_port_check(&tcp, NULL, 0, &err), 0, "%s", err.message);
}

Test(port, zero_and_foreign_addresses_are_invalid)
{
	struct net_port p = { .host_port = 0, .port = 80, .workload = "web" };

	world_enter();
	cr_expect_eq(net_port_check(&p, NULL, 0, NULL), -EINVAL);
	p.host_port = 8080;
	p.host_address = ip("203.0.113.7");
	cr_expect_eq(net_port_check(&p, NULL, 0, NULL), -EINVAL);
}
