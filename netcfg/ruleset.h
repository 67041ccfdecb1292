/*
 * The node's nftables table as text, in the very words and order in which nft lists it: so wanted
 * and present are compared by reading, and no second record of what was applied is needed.
 */
#pragma once

#include <stdbool.h>

#include "base/buf.h"
#include "netcfg/plan.h"

#define NET_TABLE "stackpilot"

int net_ruleset_render(const struct net_plan *plan, struct sp_buf *out, struct sp_err *err);

bool net_ruleset_same(const char *a, const char *b); /* but for white space, which nft lays out */

/*
 * Two texts of the table, line by line: what present lacks and what it has too much, each as
 * "chain published: tcp dport 80 ...", the order of the lines aside. Of a chain or set that is
 * missing whole, or too much, only its name is told. Both are lists for sp_strv_free().
 */
int net_ruleset_compare(const char *wanted, const char *present, char ***ret_missing,
			char ***ret_extra, struct sp_err *err);
