/*
 * The node's nftables table; see nat.h.
 *
 * The library's context, and so its socket, is kept open: closing it makes the kernel wait until
 * what an earlier transaction removed is really gone, some 15 ms (an RCU grace period).
 */
#include "netcfg/nat.h"

#include <nftables/libnftables.h>
#include <stdlib.h>
#include <string.h>

#include "netcfg/ruleset.h"

#define LIST   "list table ip " NET_TABLE
#define REMOVE "add table ip " NET_TABLE "\ndelete table ip " NET_TABLE "\n"

struct net_nat {
	struct nft_ctx *nft;
};

int net_nat_open(struct net_nat **ret, struct sp_err *err)
{
	struct net_nat *nat = calloc(1, sizeof(*nat));

	if (!nat)
		return sp_fail_nomem(err);
	nat->nft = nft_ctx_new(NFT_CTX_DEFAULT);
	if (!nat->nft || nft_ctx_buffer_output(nat->nft) || nft_ctx_buffer_error(nat->nft)) {
		net_nat_free(nat);
		return sp_fail_nomem(err);
	}
	*ret = nat;
	return 0;
}

void net_nat_free(struct net_nat *nat)
{
	if (!nat)
		return;
	if (nat->nft)
		nft_ctx_free(nat->nft);
	free(nat);
}

static int run(struct net_nat *nat, const char *commands, struct sp_err *err)
{
	const char *why;

	if (nft_run_cmd_from_buffer(nat->nft, commands) == 0)
		return 0;
	why = nft_ctx_get_error_buffer(nat->nft);
	return sp_fail(err, SP_E_SYSTEM, "nftables: %.*s", (int)strcspn(why, "\n"), why);
}

const char *net_nat_list(struct net_nat *nat)
{
	const char *text = "";

	if (nft_run_cmd_from_buffer(nat->nft, LIST) == 0)
		text = nft_ctx_get_output_buffer(nat->nft);
	else
		(void)nft_ctx_get_error_buffer(nat->nft);
	return text;
}

int net_nat_differs(struct net_nat *nat, const struct net_plan *plan, struct sp_err *err)
{
	autobuf struct sp_buf wanted = SP_BUF_INIT;
	int r = net_ruleset_render(plan, &wanted, err);

	return r < 0 ? r : !net_ruleset_same(wanted.data, net_nat_list(nat));
}

int net_nat_apply(struct net_nat *nat, const struct net_plan *plan, struct sp_err *err)
{
	autobuf struct sp_buf commands = SP_BUF_INIT;
	int r;

	sp_buf_puts(&commands, REMOVE);
	r = net_ruleset_render(plan, &commands, err);
	if (r < 0 || net_ruleset_same(commands.data + strlen(REMOVE), net_nat_list(nat)))
		return r;
	r = run(nat, commands.data, err);
	return r < 0 ? r : 1;
}

int net_nat_remove(struct net_nat *nat, struct sp_err *err)
{
	int r;

	if (!*net_nat_list(nat))
		return 0;
	r = run(nat, REMOVE, err);
	return r < 0 ? r : 1;
}
