/*
 * agentd-nft: the node's nftables table listed, put or removed, once (netcfg/nft_task.h).
 *
 * It has nothing of agentd's memory, no environment, and of root's capabilities the one for the
 * network; it ends with its task.
 *
 *   main   the cage, the answer       table   what nftables is told
 *   told   what we are told           flows   what has to change with the table
 */
#include <errno.h>
#include <linux/capability.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/mem.h"
#include "netcfg/generation.h"
#include "netcfg/nft/flows.h"
#include "netcfg/nft/table.h"
#include "netcfg/nft/told.h"
#include "netcfg/nft_task.h"
#include "netcfg/ruleset.h"

enum { EXIT_DONE = 0, EXIT_REFUSED = 1, EXIT_USAGE = 2 };

#define LIST_ATTEMPTS 16 /* while others change the rules */

static const char *const verbs[] = {
#define X(sym, name) [NET_NFT_##sym] = name,
	NET_NFT_VERBS(X)
#undef X
};

static int verb_of(const char *name)
{
	for (size_t i = 0; name && i < SP_COUNT(verbs); i++)
		if (!strcmp(verbs[i], name))
			return (int)i;
	return -1;
}

/* It dies with the agent, also with one that died before it could be followed, and may do nothing
 * but change the network. */
static int shut_in(pid_t agent, struct sp_err *err)
{
	struct __user_cap_header_struct self = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct caps[_LINUX_CAPABILITY_U32S_3] = { 0 };

	caps[0].effective = caps[0].permitted = 1U << CAP_NET_ADMIN;
	if (prctl(PR_SET_NAME, NET_NFT_PROGRAM) < 0 || prctl(PR_SET_PDEATHSIG, SIGKILL) < 0 ||
	    prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0 || syscall(SYS_capset, &self, caps) < 0)
		return sp_fail_errno(err, errno, "give up what is not needed");
	if (getppid() != agent)
		return sp_fail(err, SP_E_INTERRUPTED, "the agent is gone");
	return 0;
}

/* The table, and the generation that it is of; what failed while others changed it is repeated. */
static int look(struct nft_table *t, int kernel, struct net_nft_answer *a, const char **ret_text)
{
	uint32_t before = 0, after = 0;
	int listed = 0, r = net_generation_read(kernel, &before, &a->err);

	for (int i = 0; i < LIST_ATTEMPTS && r == 0 && !a->settled; i++) {
		listed = nft_table_list(t, ret_text, &a->err);
		r = net_generation_read(kernel, &after, &a->err);
		a->settled = before == after;
		before = after;
	}
	a->generation = after;
	return r < 0 ? r : listed;
}

static bool publishes_udp(const char *table)
{
	return strstr(table, "udp dport ") != NULL;
}

/* The flows are looked at where there may be some: not where no port of UDP was or is. */
static int put(struct nft_table *t, const struct told *told, struct net_nft_answer *a)
{
	autofree char *before = NULL; /* with head.flows the flows may be of an older table */
	const char *present;
	bool flows = told->head.flows || told->head.n_ports;
	int r = nft_table_list(t, &present, &a->err);

	if (r < 0)
		return r;
	a->changed = !net_ruleset_same(present, told->text);
	flows |= publishes_udp(present);
	if (flows && !told->head.flows)
		before = strdup(present);
	if (a->changed)
		r = nft_table_put(t, told->text, &a->err);
	if (r == 0 && flows && (a->changed || told->head.flows))
		a->flows = flows_drop_untrue(told, before, NULL);
	return r;
}

static int remove_table(struct nft_table *t, struct net_nft_answer *a)
{
	const char *present;
	int r = nft_table_list(t, &present, &a->err);

	if (r < 0 || !*present)
		return r;
	a->changed = true;
	return nft_table_remove(t, &a->err);
}

static int change(struct nft_table *t, enum net_nft_verb verb, const struct told *told,
		  struct net_nft_answer *a)
{
	switch (verb) {
	case NET_NFT_LIST:
		return 0;
	case NET_NFT_PUT:
		return put(t, told, a);
	case NET_NFT_REMOVE:
		return remove_table(t, a);
	}
	return 0;
}

/* Neither socket is closed here: after a change that would wait for what was removed to be gone. */
static int serve(enum net_nft_verb verb, struct nft_table *t, struct net_nft_answer *a,
		 const char **ret_text)
{
	static struct told told;
	int kernel = -1, r = told_read(&told, &a->err);

	if (r == 0)
		r = shut_in(told.head.agent, &a->err);
	if (r == 0)
		r = nft_table_open(t, &a->err);
	if (r == 0)
		r = change(t, verb, &told, a);
	if (r == 0)
		r = kernel = net_generation_open(&a->err);
	return r < 0 ? r : look(t, kernel, a, ret_text);
}

/* The stream ends here, for the starter waits for that: our own end may take its time. */
static int answer(const struct net_nft_answer *a, const char *text)
{
	int r = sp_write_all(STDOUT_FILENO, a, sizeof(*a));

	if (r == 0)
		r = sp_write_all(STDOUT_FILENO, text, strlen(text));
	close(STDOUT_FILENO);
	return r;
}

int main(int argc, char **argv)
{
	struct net_nft_answer a = { 0 };
	static struct nft_table table; /* its socket outlives main; see serve() */
	const char *text = "";
	int verb = argc == 2 ? verb_of(argv[1]) : -1;

	if (verb < 0 || isatty(STDOUT_FILENO)) {
		fprintf(stderr, NET_NFT_PROGRAM ": this is a part of agentd, which starts it\n");
		return EXIT_USAGE;
	}
	a.result = serve((enum net_nft_verb)verb, &table, &a, &text);
	return answer(&a, a.result < 0 ? "" : text) < 0 || a.result < 0 ? EXIT_REFUSED : EXIT_DONE;
}
