/* The table's text compared line by line. */
#include <criterion/criterion.h>
#include <stdlib.h>

#include "base/str.h"
#include "netcfg/ruleset.h"

static const char wanted[] = "table ip stackpilot {\n"
			     "set subnets {\ntype ipv4_addr\nelements = { 10.90.1.0/24, "
			     "10.90.2.0/24 }\n}\n"
			     "chain published {\ntcp dport 80 dnat to 10.90.1.2:80\n}\n"
			     "chain passing {\ntype filter hook forward\ndrop\n}\n"
			     "}\n";

static void expect(const char *present, const char *missing, const char *extra)
{
	char **lacks = NULL, **more = NULL;

	cr_assert_eq(net_ruleset_compare(wanted, present, &lacks, &more, NULL), 0);
	cr_expect_leq(sp_strv_count(lacks), 1);
	cr_expect_leq(sp_strv_count(more), 1);
	cr_expect(sp_str_eq(lacks[0], missing), "missing: %s", lacks[0] ? lacks[0] : "none");
	cr_expect(sp_str_eq(more[0], extra), "extra: %s", more[0] ? more[0] : "none");
	sp_strv_free(lacks);
	sp_strv_free(more);
}

Test(ruleset, nft_lays_the_same_table_out_differently)
{
	expect("table ip stackpilot {\n\tset subnets {\n\t\ttype ipv4_addr\n"
	       "\t\telements = { 10.90.1.0/24,\n\t\t\t     10.90.2.0/24 }\n\t}\n\n"
	       "\tchain published {\n\t\ttcp dport 80 dnat to 10.90.1.2:80\n\t}\n\n"
	       "\tchain passing {\n\t\ttype filter hook forward\n\t\tdrop\n\t}\n}\n",
	       NULL, NULL);
}

Test(ruleset, a_rule_that_is_gone_is_told_with_its_chain)
{
	expect("table ip stackpilot {\nset subnets {\ntype ipv4_addr\nelements = { 10.90.1.0/24, "
	       "10.90.2.0/24 }\n}\nchain published {\n}\n"
	       "chain passing {\ntype filter hook forward\ndrop\n}\n}\n",
	       "chain published: tcp dport 80 dnat to 10.90.1.2:80", NULL);
}

Test(ruleset, a_rule_that_is_there_twice_is_one_too_many)
{
	expect("table ip stackpilot {\nset subnets {\ntype ipv4_addr\nelements = { 10.90.1.0/24, "
	       "10.90.2.0/24 }\n}\nchain published {\ntcp dport 80 dnat to 10.90.1.2:80\n}\n"
	       "chain passing {\ntype filter hook forward\ndrop\ndrop\n}\n}\n",
	       NULL, "chain passing: drop");
}

Test(ruleset, of_a_chain_that_is_gone_only_its_name_is_told)
{
	expect("table ip stackpilot {\nset subnets {\ntype ipv4_addr\nelements = { 10.90.1.0/24, "
	       "10.90.2.0/24 }\n}\nchain published {\ntcp dport 80 dnat to 10.90.1.2:80\n}\n}\n",
	       "chain passing", NULL);
}

Test(ruleset, without_the_table_one_thing_is_missing)
{
	expect("", "table ip stackpilot", NULL);
}
