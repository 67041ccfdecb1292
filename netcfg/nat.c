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
	bool looked; /* at the flows: a run may have been killed just before it did */
	int flows;
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

/* A kernel that tells no generation is read anew each time. */
static bool is_current(const struct net_nat *nat)
{
	uint32_t now;

	return nat->known && net_generation_read(nat->kernel, &now, NULL) == 0 &&
	       now == nat->generation;
}

static void tell_ports(const struct net_plan *plan, struct net_nft_told *head, struct sp_buf *out)
{
	sp_buf_append(out, head, sizeof(*head));
	for (size_t i = 0; i < plan->n_ports; i++) {
		const struct net_port *p = &plan->ports[i];
		struct net_nft_port port = { p->host_address, p->address, p->host_port, p->port };

		if (!p->udp)
			continue;
		sp_buf_append(out, &port, sizeof(port));
		head->n_ports++;
	}
	if (out->data)
		memcpy(out->data, head, sizeof(*head));
}

static int begin(struct net_nat *nat, enum net_nft_verb verb, const struct net_plan *plan,
		 const char *text, struct sp_err *err)
{
	autobuf struct sp_buf told = SP_BUF_INIT;
	struct net_nft_told head = { .agent = getpid(),
				     .flows = !nat->looked,
				     .subnet = plan->subnet };
	int r;

	tell_ports(plan, &head, &told);
	sp_buf_puts(&told, text);
	r = sp_buf_check(&told, err);
	if (r == 0)
		r = net_nft_begin(nat->nft, verb, &told, err);
	nat->known = false;
	return r < 0 ? r : NET_NAT_UNDER_WAY;
}

static int take(struct net_nat *nat, int r, const struct net_nft_answer *a)
{
	if (r < 0) {
		nat->looked = false;
		return r;
	}
	nat->known = a->settled;
	nat->generation = a->generation;
	nat->flows = a->flows;
	return a->changed ? NET_NAT_CHANGED : NET_NAT_DONE;
}

int net_nat_go_on(struct net_nat *nat, struct sp_err *err)
{
	struct net_nft_answer answer = { 0 };
	int r = net_nft_read(nat->nft, &nat->table, &answer, err);

	return r > 0 ? NET_NAT_UNDER_WAY : take(nat, r, &answer);
}

int net_nat_fd(const struct net_nat *nat)
{
	return net_nft_fd(nat->nft);
}

int net_nat_give_up(struct net_nat *nat, struct sp_err *err)
{
	nat->looked = false;
	return net_nft_give_up(nat->nft, err);
}

static int wait_for(struct net_nat *nat, int r, struct sp_err *err)
{
	struct net_nft_answer answer = { 0 };

	if (r != NET_NAT_UNDER_WAY)
		return r;
	r = net_nft_wait(nat->nft, &nat->table, &answer, err);
	return take(nat, r, &answer);
}

int net_nat_begin_list(struct net_nat *nat, struct sp_err *err)
{
	const struct net_plan none = { 0 };

	return is_current(nat) ? NET_NAT_DONE : begin(nat, NET_NFT_LIST, &none, "", err);
}

int net_nat_list(struct net_nat *nat, struct sp_err *err)
{
	return wait_for(nat, net_nat_begin_list(nat, err), err);
}

int net_nat_begin_apply(struct net_nat *nat, const struct net_plan *plan, struct sp_err *err)
{
	autobuf struct sp_buf wanted = SP_BUF_INIT;
	int r = net_ruleset_render(plan, &wanted, err);

	if (r < 0)
		return r;
	nat->flows = 0;
	if (nat->looked && is_current(nat) && net_ruleset_same(wanted.data, net_nat_table(nat)))
		return NET_NAT_DONE;
	r = begin(nat, NET_NFT_PUT, plan, wanted.data, err);
	nat->looked |= r > 0;
	return r;
}

int net_nat_apply(struct net_nat *nat, const struct net_plan *plan, struct sp_err *err)
{
	return wait_for(nat, net_nat_begin_apply(nat, plan, err), err);
}

int net_nat_remove(struct net_nat *nat, struct sp_err *err)
{
	const struct net_plan none = { 0 };

	return wait_for(nat, begin(nat, NET_NFT_REMOVE, &none, "", err), err);
}

const char *net_nat_table(const struct net_nat *nat)
{
	return nat->table.len ? nat->table.data : "";
}

int net_nat_flows(const struct net_nat *nat)
{
	return nat->flows;
}

int net_nat_ending(const struct net_nat *nat)
{
	return net_nft_ending(nat->nft);
}

void net_nat_collect(struct net_nat *nat)
{
	net_nft_collect(nat->nft);
}
