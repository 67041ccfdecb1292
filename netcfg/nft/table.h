/* The node's one nftables table, by libnftables; texts are those of netcfg/ruleset.h. Each change
 * is one transaction. */
#pragma once

#include "base/err.h"

struct nft_ctx;

struct nft_table {
	struct nft_ctx *nft;
};

int nft_table_open(struct nft_table *t, struct sp_err *err);
/* "" when there is none; lent until the next call. err is not NULL. */
int nft_table_list(struct nft_table *t, const char **ret, struct sp_err *err);
int nft_table_put(struct nft_table *t, const char *text, struct sp_err *err);
int nft_table_remove(struct nft_table *t, struct sp_err *err); /* none there: 0 */
