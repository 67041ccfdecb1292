/* Settings of network namespaces: in the right one, and no others. */
#include "netcfg/sysctl.h"

#include "tests/unit/netcfg/world.h"

static int read_forward(void *arg, struct sp_err *err)
{
	autoclose int fd = open("/proc/sys/net/ipv4/ip_forward", O_RDONLY | O_CLOEXEC);

	(void)err;
	return pread(fd, arg, 1, 0) == 1 ? 0 : -EIO;
}

Test(sysctl, a_setting_is_changed_in_that_namespace_alone)
{
	int other;
	char here = '?', there = '?';

	world_enter();
	other = world_netns();
	must(net_sysctl_put(-1, "net.ipv4.ip_forward", "0", &err));
	cr_expect_eq(must(net_sysctl_put(other, "net.ipv4.ip_forward", "1", &err)), 1);
	cr_expect_eq(must(net_sysctl_put(other, "net.ipv4.ip_forward", "1", &err)), 0);
	must(net_netns_run(other, read_forward, &there, &err));
	must(net_netns_run(-1, read_forward, &here, &err));
	cr_expect_eq(there, '1');
	cr_expect_eq(here, '0');
}

Test(sysctl, names_outside_net_are_refused)
{
	static const char *const bad[] = { "kernel.hostname",
					   "net",
					   "net.",
					   "net..ipv4",
					   "net./../../kernel/hostname",
					   "net.ipv4.ip_forward.",
					   "/net.ipv4" };

	world_enter();
	for (size_t i = 0; i < SP_COUNT(bad); i++)
		cr_expect_lt(net_sysctl_put(-1, bad[i], "1", NULL), 0, "%s", bad[i]);
	cr_expect_eq(net_sysctl_put(-1, "net.ipv4.no_such_thing", "1", NULL), -ENOENT);
	cr_expect_eq(net_sysctl_put(-1, "net.ipv4.ip_forward", "maybe", NULL), -EINVAL);
}
