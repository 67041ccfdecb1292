/* Addresses and prefixes: strict reading, containment, arithmetic. */
#include "netcfg/prefix.h"

#include <criterion/criterion.h>

#include "base/mem.h"

static struct in_addr ip(const char *s)
{
	struct in_addr a = { 0 };

	cr_assert_eq(net_address_parse(s, &a, NULL), 0, "%s", s);
	return a;
}

Test(prefix, what_is_written_is_what_was_read)
{
	static const char *const good[] = { "10.90.1.0/24", "10.0.0.0/8", "192.168.56.11/32",
					    "128.0.0.0/1" };

	for (size_t i = 0; i < SP_COUNT(good); i++) {
		char text[NET_PREFIX_TEXT_MAX];
		struct net_prefix p;

		cr_assert_eq(net_prefix_parse(good[i], &p, NULL), 0, "%s", good[i]);
		net_prefix_format(&p, text);
		cr_expect_str_eq(text, good[i]);
	}
}

Test(prefix, malformed_ones_are_refused)
{
	static const char *const bad[] = { "",
					   "10.90.1.0",
					   "10.90.1.0/",
					   "10.90.1.0/33",
					   "10.90.1.1/24",
					   "10.90.1.0/0",
					   "10.90.1.0/+8",
					   "10.90.1/24",
					   "010.90.1.0/24",
					   "::1/64",
					   "10.90.1.0/24 ",
					   "1000.90.1.0/24" };
	struct net_prefix p;

	for (size_t i = 0; i < SP_COUNT(bad); i++)
		cr_expect_lt(net_prefix_parse(bad[i], &p, NULL), 0, "'%s'", bad[i]);
}

Test(prefix, overlap_works_both_ways)
{
	struct net_prefix wide, narrow, other;

	net_prefix_parse("10.90.0.0/16", &wide, NULL);
	net_prefix_parse("10.90.1.0/24", &narrow, NULL);
	net_prefix_parse("10.91.0.0/16", &other, NULL);
	cr_expect(net_prefix_overlaps(&wide, &narrow));
	cr_expect(net_prefix_overlaps(&narrow, &wide));
	cr_expect_not(net_prefix_overlaps(&other, &wide));
	cr_expect(net_prefix_contains(&narrow, ip("10.90.1.255")));
	cr_expect_not(net_prefix_contains(&narrow, ip("10.90.2.0")));
}

Test(prefix, addresses_are_counted_from_the_network)
{
	struct net_prefix p = net_prefix_of(ip("10.90.1.77"), 24);

	cr_expect_eq(p.network.s_addr, ip("10.90.1.0").s_addr);
	cr_expect_eq(net_prefix_nth(&p, 1).s_addr, ip("10.90.1.1").s_addr);
	cr_expect_eq(net_prefix_nth(&p, 255).s_addr, ip("10.90.1.255").s_addr);
}
