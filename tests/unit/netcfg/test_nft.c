/* Runs of agentd-nft: what it is told and tells, what becomes of its processes, and a program that
 * does not answer. */
#include <poll.h>
#include <seccomp.h>
#include <sys/prctl.h>
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

static int tell(pid_t agent, enum net_nft_verb verb, const char *text, struct sp_err *err)
{
	autobuf struct sp_buf told = SP_BUF_INIT;
	const struct net_nft_told head = { .agent = agent };

	sp_buf_append(&told, &head, sizeof(head));
	sp_buf_puts(&told, text);
	return net_nft_ask(nft, verb, &told, &table, &answer, err);
}

static int run(enum net_nft_verb verb, const char *text, struct sp_err *err)
{
	return tell(getpid(), verb, text, err);
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
	cr_expect(answer.changed);
	must(run(NET_NFT_PUT, other, &err));
	cr_expect(net_ruleset_same(other, table.data), "%s", table.data);
	must(run(NET_NFT_PUT, other, &err));
	cr_expect_not(answer.changed);
	must(run(NET_NFT_REMOVE, "", &err));
	cr_expect_eq(table.len, 0);
	cr_expect(answer.changed);
	must(run(NET_NFT_REMOVE, "", &err));
	cr_expect_not(answer.changed);
}

/* Every request of the library's is refused from here on, but none of ours: they name no address.
 */
static void refuse_the_library(void)
{
	scmp_filter_ctx f = seccomp_init(SCMP_ACT_ALLOW);

	cr_assert_eq(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0), 0);
	cr_assert_eq(seccomp_rule_add(f, SCMP_ACT_ERRNO(ENOBUFS), SCMP_SYS(sendto), 1,
				      SCMP_A5_64(SCMP_CMP_EQ, sizeof(struct sockaddr_nl), 0)),
		     0);
	cr_assert_eq(seccomp_load(f), 0);
	seccomp_release(f);
}

Test(nft, a_table_that_cannot_be_listed_is_an_error_and_not_an_empty_table)
{
	autofree char *text = with_rules("tcp dport 80 accept\n");
	struct sp_err why = { 0 };

	must(run(NET_NFT_PUT, text, &err));
	refuse_the_library();
	cr_expect_lt(run(NET_NFT_LIST, "", &why), 0);
	cr_expect(sp_str_starts(why.message, "nftables: "), "%s", why.message);
	cr_expect_lt(run(NET_NFT_PUT, text, &why), 0);
}

Test(nft, other_tables_are_no_table_of_ours)
{
	must(run(NET_NFT_PUT, "table ip " NET_TABLE "_too {}", &err));
	cr_expect_eq(table.len, 0, "%s", table.data);
	must(run(NET_NFT_LIST, "", &err));
	cr_expect_eq(table.len, 0, "%s", table.data);
}

Test(nft, a_run_of_an_agent_that_is_gone_does_nothing)
{
	autofree char *text = with_rules("");
	struct sp_err why = { 0 };

	cr_expect_eq(tell(getppid(), NET_NFT_PUT, text, &why), -EINTR);
	cr_expect_str_eq(why.message, "the agent is gone");
	must(run(NET_NFT_LIST, "", &err));
	cr_expect_eq(table.len, 0);
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
	cr_expect_eq(after, before, "it is the same table");
	must(run(NET_NFT_REMOVE, "", &err));
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

/* Wait for all that is ending. */
static void let_end(void)
{
	struct pollfd p = { .events = POLLIN };

	while ((p.fd = net_nft_ending(nft)) >= 0) {
		cr_assert_eq(poll(&p, 1, PATIENT), 1);
		net_nft_collect(nft);
	}
	cr_expect_eq(waitpid(-1, NULL, WNOHANG), -1);
}

Test(nft, runs_that_changed_something_end_by_themselves_and_are_collected)
{
	autofree char *text = with_rules(""), *other = with_rules("accept\n");

	cr_expect_eq(net_nft_ending(nft), -1);
	for (int i = 0; i < RUNS; i++)
		must(run(NET_NFT_PUT, i % 2 ? text : other, &err));
	let_end();
	must(run(NET_NFT_PUT, other, &err));
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
	let_end();
}

/* A program that hangs: a shell, for which the verb is a script that it finds here. */
Test(nft, a_program_that_hangs_keeps_nobody_and_is_killed)
{
	autobuf struct sp_buf told = SP_BUF_INIT;
	char dir[] = "/tmp/spnft.XXXXXX";
	struct sp_err why = { 0 };
	struct pollfd p = { .events = POLLIN };

	cr_assert(mkdtemp(dir) && chdir(dir) == 0);
	must(sp_file_replace_at(AT_FDCWD, "list", "exec sleep 1000", 15, 0600, &err));
	net_nft_free(take_ptr(nft));
	must(net_nft_open("/bin/sh", &nft, &err));
	for (int i = 0; i < 3; i++) {
		must(net_nft_begin(nft, NET_NFT_LIST, &told, &err));
		p.fd = net_nft_fd(nft);
		cr_expect_eq(poll(&p, 1, WORLD_PATIENCE_MS), 0);
		cr_expect_eq(must(net_nft_read(nft, &table, &answer, &err)), 1);
		cr_expect_eq(net_nft_give_up(nft, &why), -ETIMEDOUT);
		cr_expect_str_eq(why.message, "agentd-nft: no answer in 10 s");
		cr_expect_eq(net_nft_fd(nft), -1);
	}
	let_end();
	cr_expect(unlink("list") == 0 && chdir("/") == 0 && rmdir(dir) == 0);
}

Test(nft, must_be_there_when_the_agent_starts)
{
	struct sp_err why = { 0 };

	net_nft_free(take_ptr(nft));
	cr_expect_eq(net_nft_open("/nowhere/agentd-nft", &nft, &why), -ENOENT);
	cr_expect(strstr(why.message, "'/nowhere/agentd-nft'"), "%s", why.message);
}
