/* See generation.h. */
#include "netcfg/generation.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>
#include <netlink/attr.h>
#include <netlink/msg.h>
#include <sys/socket.h>
#include <sys/types.h>
#include <unistd.h>

#include "base/fd.h"

#define ANSWER_MAX 4096
#define WHAT       "ask for the generation of the rules"

int net_generation_open(struct sp_err *err)
{
	struct sockaddr_nl kernel = { .nl_family = AF_NETLINK };
	autoclose int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_NETFILTER);

	if (fd < 0 || connect(fd, (struct sockaddr *)&kernel, sizeof(kernel)) < 0)
		return sp_fail_errno(err, errno, WHAT);
	return take_fd(fd);
}

static int ask(int fd, struct sp_err *err)
{
	struct {
		struct nlmsghdr h;
		struct nfgenmsg family;
	} m = { .h = { .nlmsg_len = sizeof(m),
		       .nlmsg_type = NFNL_SUBSYS_NFTABLES << 8 | NFT_MSG_GETGEN,
		       .nlmsg_flags = NLM_F_REQUEST },
		.family = { .version = NFNETLINK_V0 } };

	return send(fd, &m, sizeof(m), 0) < 0 ? sp_fail_errno(err, errno, WHAT) : 0;
}

static int read_answer(struct nlmsghdr *h, ssize_t n, uint32_t *ret, struct sp_err *err)
{
	const struct nlmsgerr *refusal = nlmsg_data(h);
	const struct nlattr *id;

	if (!nlmsg_ok(h, (int)n))
		return sp_fail(err, SP_E_SYSTEM, WHAT ": a short answer");
	if (h->nlmsg_type == NLMSG_ERROR)
		return sp_fail_errno(err, -refusal->error, WHAT);
	id = nlmsg_find_attr(h, sizeof(struct nfgenmsg), NFTA_GEN_ID);
	if (!id || nla_len(id) != sizeof(*ret))
		return sp_fail(err, SP_E_SYSTEM, WHAT ": none is told");
	*ret = ntohl(nla_get_u32(id));
	return 0;
}

/* The kernel answers while it takes the request: nothing waits here. */
int net_generation_read(int fd, uint32_t *ret, struct sp_err *err)
{
	union {
		struct nlmsghdr first;
		char bytes[ANSWER_MAX];
	} room;
	ssize_t n;
	int r = ask(fd, err);

	if (r < 0)
		return r;
	n = recv(fd, &room, sizeof(room), MSG_DONTWAIT);
	return n < 0 ? sp_fail_errno(err, errno, WHAT) : read_answer(&room.first, n, ret, err);
}
