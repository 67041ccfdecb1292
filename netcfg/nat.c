/* The node's nftables table; see nat.h. */
#include "netcfg/nat.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/fd.h"
#include "netcfg/generation.h"
#include "netcfg/nft.h"
#include "netcfg/ruleset.h"

struct net_nat {
	struct net_nft *nft;
	int kernel; /* where the generation of the rules is asked for */
	struct sp_buf table;
	bool known; /* table was true at this generation */
	uint32_t generation;
};

int net_nat_open(const char *program, struct net_nat **ret, struct sp_err *err)
{
	struct net_nat *nat = calloc(1, sizeof(*nat));
	int r;

	if (!nat)
		return sp_fail_nomem(err);
	nat->kernel = -1;
	r = net_nft_open(program, &nat->nft, err);
	if (r == 0)
		r = nat->kernel = net_generation_open(err);
	if (r < 0) {
		net_nat_free(nat);
		return r;
	}
	*ret = nat;
	return 0;
}

void net_nat_free(struct net_nat *nat)
{
	if (!nat)
		return;
	net_nft_free(nat->nft);
	sp_close(&nat->kernel);
	sp_buf_fini(&nat->table);
	free(nat);
}

static int run(struct net_nat *nat, enum net_nft_verb verb, const char *text, struct sp_err *err)
{
	struct net_nft_answer answer = { 0 };
	int r = net_nft_run(nat->nft, verb, text, &nat->table, &answer, err);

	nat->known = r == 0 && answer.settled;
	nat->generation = answer.generation;
	return r;
}

/* A kernel that tells no generation is read anew each time. */
static bool is_current(const struct net_nat *nat)
{
	uint32_t now;

	return nat->known && net_generation_read(nat->kernel, &now, NULL) == 0 &&
	       now == nat->generation;
}

int net_nat_list(struct net_nat *nat, const char **ret, struct sp_err *err)
{
	int r = is_current(nat) ? 0 : run(nat, NET_NFT_LIST, "", err);

	if (r == 0)
		*ret = nat->table.len ? nat->table.data : "";
	return r;
}

/* The text of the plan, and whether the kernel's is another: 1 or 0. */
static int compare(struct net_nat *nat, const struct net_plan *plan, struct sp_buf *wanted,
		   struct sp_err *err)
{
	const char *present = "";
	int r = net_ruleset_render(plan, wanted, err);

	if (r == 0)
		r = net_nat_list(nat, &present, err);
	return r < 0 ? r : !net_ruleset_same(wanted->data, present);
}

int net_nat_differs(struct net_nat *nat, const struct net_plan *plan, struct sp_err *err)
{
	autobuf struct sp_buf wanted = SP_BUF_INIT;

	return compare(nat, plan, &wanted, err);
}

int net_nat_apply(struct net_nat *nat, const struct net_plan *plan, struct sp_err *err)
{
	autobuf struct sp_buf wanted = SP_BUF_INIT;
	int r = compare(nat, plan, &wanted, err);

	if (r <= 0)
		return r;
	r = run(nat, NET_NFT_PUT, wanted.data, err);
	return r < 0 ? r : 1;
}

int net_nat_remove(struct net_nat *nat, struct sp_err *err)
{
	const char *present = "";
	int r = net_nat_list(nat, &present, err);

	if (r < 0 || !*present)
		return r;
	r = run(nat, NET_NFT_REMOVE, "", err);
	return r < 0 ? r : 1;
}

int net_nat_ending(const struct net_nat *nat)
{
	return net_nft_ending(nat->nft);
}

void net_nat_collect(struct net_nat *nat)
{
	net_nft_collect(nat->nft);
}
