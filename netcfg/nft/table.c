/* See table.h. */
#include "netcfg/nft/table.h"

#include <nftables/libnftables.h>
#include <string.h>

#include "base/buf.h"
#include "netcfg/ruleset.h"

#define LIST   "list table ip " NET_TABLE
#define NAMES  "list tables ip"
#define NAME   "table ip " NET_TABLE "\n"
#define REMOVE "add table ip " NET_TABLE "\ndelete table ip " NET_TABLE "\n"

int nft_table_open(struct nft_table *t, struct sp_err *err)
{
	t->nft = nft_ctx_new(NFT_CTX_DEFAULT);
	if (!t->nft || nft_ctx_buffer_output(t->nft) || nft_ctx_buffer_error(t->nft))
		return sp_fail_nomem(err);
	return 0;
}

static int run(struct nft_table *t, const char *commands, struct sp_err *err)
{
	const char *why;

	if (nft_run_cmd_from_buffer(t->nft, commands) == 0)
		return 0;
	why = nft_ctx_get_error_buffer(t->nft);
	return sp_fail(err, SP_E_SYSTEM, "nftables: %.*s", (int)strcspn(why, "\n"), why);
}

/* Whether the table is there, by the names of all: 1 or 0. */
static int is_present(struct nft_table *t, struct sp_err *err)
{
	int r = run(t, NAMES, err);

	return r < 0 ? r : strstr(nft_ctx_get_output_buffer(t->nft), NAME) != NULL;
}

/* The library has only words for why it failed: that there is no table is asked for. */
int nft_table_list(struct nft_table *t, const char **ret, struct sp_err *err)
{
	struct sp_err why;
	int r = run(t, LIST, &why), present;

	if (r == 0) {
		*ret = nft_ctx_get_output_buffer(t->nft);
		return 0;
	}
	present = is_present(t, err);
	if (present < 0)
		return present;
	if (present) {
		*err = why;
		return r;
	}
	*ret = "";
	return 0;
}

int nft_table_put(struct nft_table *t, const char *text, struct sp_err *err)
{
	autobuf struct sp_buf commands = SP_BUF_INIT;
	int r;

	sp_buf_puts(&commands, REMOVE);
	sp_buf_puts(&commands, text);
	r = sp_buf_check(&commands, err);
	return r < 0 ? r : run(t, commands.data, err);
}

int nft_table_remove(struct nft_table *t, struct sp_err *err)
{
	return run(t, REMOVE, err);
}
