/* See told.h. */
#include "netcfg/nft/told.h"

#include <string.h>
#include <unistd.h>

#include "base/fd.h"

int told_read(struct told *ret, struct sp_err *err)
{
	struct told t = { .all = SP_BUF_INIT };
	size_t ports;
	int r = sp_read_all(STDIN_FILENO, NET_NFT_TABLE_MAX, &t.all, err);

	if (r < 0)
		return r;
	if (t.all.len < sizeof(t.head))
		return sp_fail(err, SP_E_INVALID, "nothing is told");
	memcpy(&t.head, t.all.data, sizeof(t.head));
	ports = t.head.n_ports * sizeof(*t.ports);
	if (t.all.len - sizeof(t.head) < ports)
		return sp_fail(err, SP_E_INVALID, "fewer ports are told than are said to be");
	t.ports = (const struct net_nft_port *)(const void *)(t.all.data + sizeof(t.head));
	t.text = t.all.data + sizeof(t.head) + ports;
	*ret = t;
	return 0;
}
