/* Runs of agentd-nft: what it is told and tells, what becomes of its processes, and a program that
 * does not answer. */
#include <poll.h>
#include <sys/wait.h>

#include "base/str.h"
#include "netcfg/generation.h"
#include "netcfg/nft.h"
#include "netcfg/ruleset.h"
#include "tests/unit/netcfg/world.h"

#define TABLE   "table ip " NET_TABLE " {\nchain c {\n%s}\n}\n"
#define RUNS    20
#define LINES   20000
#define PATIENT 5000 /* ms, for a process to end */

static struct net_nft *nft;
static struct sp_buf table = SP_BUF_INIT;
static struct net_nft_answer answer;

static void set_up(void)
{
	world_enter();
	must(net_nft_open(world_nft(), &nft, &err));
}

static void tear_down(void)
{
	net_nft_free(nft);
	sp_buf_fini(&table);
}

TestSuite(nft, .init = set_up, .fini = tear_down);

static int run(enum net_nft_verb verb, const char *text, struct sp_err *err)
{
	return net_nft_run(nft, verb, text, &table, &answer, err);
}

static char *with_rules(const char *rules)
{
	return sp_str_format(TABLE, rules);
}

Test(nft, puts_lists_and_removes_the_table)
{
	autofree char *text = with_rules("tcp dport 80 accept\n"), *other = with_rules("");

	must(run(NET_NFT_LIST, "", &err));
	cr_expect_eq(table.len, 0);
	must(run(NET_NFT_PUT, text, &err));
	cr_expect(net_ruleset_same(text, table.data), "%s", table.data);
	must(run(NET_NFT_PUT, other, &err));
	cr_expect(net_ruleset_same(other, table.data), "%s", table.data);
	must(run(NET_NFT_REMOVE, "", &err));
	cr_expect_eq(table.len, 0);
	must(run(NET_NFT_REMOVE, "", &err));
}

Test(nft, a_table_that_is_refused_changes_nothing_and_says_why)
{
	autofree char *text = with_rules("tcp dport 80 accept\n");
	struct sp_err why = { 0 };

	must(run(NET_NFT_PUT, text, &err));
	cr_expect_lt(run(NET_NFT_PUT, "table ip " NET_TABLE " { nonsense }", &why), 0);
	cr_expect(sp_str_starts(why.message, "nftables: "), "%s", why.message);
	must(run(NET_NFT_LIST, "", &err));
	cr_expect(net_ruleset_same(text, table.data), "%s", table.data);
}

Test(nft, the_generation_changes_with_the_rules_and_with_nothing_else)
{
	autofree char *text = with_rules("");
	autoclose int kernel = must(net_generation_open(&err));
	uint32_t before, after;

	must(run(NET_NFT_PUT, text, &err));
	must(net_generation_read(kernel, &before, &err));
	cr_expect(answer.settled);
	cr_expect_eq(answer.generation, before);
	must(run(NET_NFT_LIST, "", &err));
	must(net_generation_read(kernel, &after, &err));
	cr_expect_eq(after, before);
	must(run(NET_NFT_PUT, text, &err));
	must(net_generation_read(kernel, &after, &err));
	cr_expect_neq(after, before);
}

Test(nft, a_long_table_passes_both_ways)
{
	struct sp_buf rules = SP_BUF_INIT;
	autofree char *text = NULL;

	for (int i = 0; i < LINES; i++)
		sp_buf_printf(&rules, "tcp dport %d accept\n", i);
	text = with_rules(rules.data);
	must(run(NET_NFT_PUT, text, &err));
	cr_expect(net_ruleset_same(text, table.data));
	sp_buf_fini(&rules);
}

Test(nft, runs_that_changed_something_end_by_themselves_and_are_collected)
{
	autofree char *text = with_rules("");
	struct pollfd p = { .events = POLLIN };

	cr_expect_eq(net_nft_ending(nft), -1);
	for (int i = 0; i < RUNS; i++)
		must(run(NET_NFT_PUT, text, &err));
	while ((p.fd = net_nft_ending(nft)) >= 0) {
		cr_assert_eq(poll(&p, 1, PATIENT), 1);
		net_nft_collect(nft);
	}
	cr_expect_eq(waitpid(-1, NULL, WNOHANG), -1);
	must(run(NET_NFT_PUT, text, &err));
	net_nft_free(take_ptr(nft));
	cr_expect_eq(waitpid(-1, NULL, WNOHANG), -1);
}

Test(nft, a_program_that_does_not_answer_is_told_and_not_left)
{
	struct sp_err why = { 0 };

	net_nft_free(take_ptr(nft));
	must(net_nft_open("/bin/true", &nft, &err));
	cr_expect_eq(run(NET_NFT_LIST, "", &why), -EIO);
	cr_expect_str_eq(why.message, "agentd-nft: ended without an answer");
	cr_expect_eq(waitpid(-1, NULL, WNOHANG), -1);
}

Test(nft, must_be_there_when_the_agent_starts)
{
	struct sp_err why = { 0 };

	net_nft_free(take_ptr(nft));
	cr_expect_eq(net_nft_open("/nowhere/agentd-nft", &nft, &why), -ENOENT);
	cr_expect(strstr(why.message, "'/nowhere/agentd-nft'"), "%s", why.message);
}
