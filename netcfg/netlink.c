/* The connection to rtnetlink; see netlink.h. */
#include "netcfg/netlink.h"

#include <errno.h>
#include <linux/netlink.h>
#include <netlink/cache.h>
#include <netlink/errno.h>
#include <netlink/msg.h>
#include <netlink/netlink.h>
#include <netlink/socket.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "netcfg/netns.h"

#define LIST_ATTEMPTS                                                              \
	16 /* a table that changes during so many listings in a row is not a table \
	    */
#define REASON_MAX 160

struct net_netlink {
	struct nl_sock *sock;
	struct nl_cb *cb;
	int num;                 /* errno of the last refusal */
	char reason[REASON_MAX]; /* the kernel's words for it, or "" */
};

static const struct {
	int nl, num;
} nl_errors[] = {
	{ NLE_NOMEM, ENOMEM },         { NLE_EXIST, EEXIST },     { NLE_OBJ_NOTFOUND, ENOENT },
	{ NLE_NODEV, ENODEV },         { NLE_INVAL, EINVAL },     { NLE_PERM, EPERM },
	{ NLE_OPNOTSUPP, EOPNOTSUPP }, { NLE_DUMP_INTR, EAGAIN }, { NLE_BUSY, EBUSY },
	{ NLE_AGAIN, EAGAIN },
};

int net_netlink_fail(struct sp_err *err, int nl_error, const char *what)
{
	int nle = nl_error < 0 ? -nl_error : nl_error;

	for (size_t i = 0; i < SP_COUNT(nl_errors); i++)
		if (nl_errors[i].nl == nle)
			return sp_fail_errno(err, nl_errors[i].num, "%s", what);
	return sp_fail(err, SP_E_SYSTEM, "%s: %s", what, nl_geterror(nle));
}

/* The text the kernel may append to an error; with NETLINK_CAP_ACK it follows the error at once. */
static void keep_reason(struct net_netlink *nl, struct nlmsgerr *e)
{
	struct nlmsghdr *h = (struct nlmsghdr *)(void *)((char *)e - NLMSG_HDRLEN);
	struct nlattr *text;

	nl->reason[0] = '\0';
	if (!(h->nlmsg_flags & NLM_F_ACK_TLVS) || !(h->nlmsg_flags & NLM_F_CAPPED))
		return;
	text = nlmsg_find_attr(h, sizeof(*e), NLMSGERR_ATTR_MSG);
	if (text)
		snprintf(nl->reason, sizeof(nl->reason), "%.*s", (int)nla_len(text),
			 (const char *)nla_data(text));
}

static int on_refusal(struct sockaddr_nl *from, struct nlmsgerr *e, void *arg)
{
	struct net_netlink *nl = arg;

	(void)from;
	nl->num = -e->error;
	keep_reason(nl, e);
	return NL_STOP;
}

static int on_ack(struct nl_msg *msg, void *arg)
{
	(void)msg;
	((struct net_netlink *)arg)->num = 0;
	return NL_STOP;
}

static int connect_in(void *arg, struct sp_err *err)
{
	struct net_netlink *nl = arg;
	int r = nl_connect(nl->sock, NETLINK_ROUTE);

	return r < 0 ? net_netlink_fail(err, r, "connect to rtnetlink") : 0;
}

static int set_up(struct net_netlink *nl, int netns, struct sp_err *err)
{
	int on = 1, fd, r;

	nl->sock = nl_socket_alloc();
	nl->cb = nl_cb_alloc(NL_CB_DEFAULT);
	if (!nl->sock || !nl->cb)
		return sp_fail_nomem(err);
	r = net_netns_run(netns, connect_in, nl, err);
	if (r < 0)
		return r;
	fd = nl_socket_get_fd(nl->sock);
	/* Better messages, where the kernel can (4.12, 4.3); without them errno alone is told. */
	(void)setsockopt(fd, SOL_NETLINK, NETLINK_EXT_ACK, &on, sizeof(on));
	(void)setsockopt(fd, SOL_NETLINK, NETLINK_CAP_ACK, &on, sizeof(on));
	nl_cb_err(nl->cb, NL_CB_CUSTOM, on_refusal, nl);
	nl_cb_set(nl->cb, NL_CB_ACK, NL_CB_CUSTOM, on_ack, nl);
	return 0;
}

int net_netlink_open(int netns, struct net_netlink **ret, struct sp_err *err)
{
	struct net_netlink *nl = calloc(1, sizeof(*nl));
	int r;

	if (!nl)
		return sp_fail_nomem(err);
	r = set_up(nl, netns, err);
	if (r < 0) {
		net_netlink_free(nl);
		return r;
	}
	*ret = nl;
	return 0;
}

void net_netlink_free(struct net_netlink *nl)
{
	if (!nl)
		return;
	nl_socket_free(nl->sock);
	if (nl->cb)
		nl_cb_put(nl->cb);
	free(nl);
}

struct nl_sock *net_netlink_sock(struct net_netlink *nl)
{
	return nl->sock;
}

/* Returns 0, or a positive errno with the reason kept. */
static int exchange(struct net_netlink *nl, struct nl_msg *msg)
{
	int r = nl_send_auto(nl->sock, msg);

	if (r < 0)
		return EIO;
	nl->reason[0] = '\0';
	for (nl->num = -1; nl->num < 0;) {
		r = nl_recvmsgs(nl->sock, nl->cb);
		if (r < 0 && nl->num < 0)
			return EIO;
	}
	return nl->num;
}

int net_netlink_run(struct net_netlink *nl, struct net_request *r, struct sp_err *err,
		    const char *what, ...)
{
	char text[SP_ERR_MESSAGE_MAX / 2];
	va_list ap;
	int num = net_request_check(r, err);

	if (num < 0)
		return num;
	num = exchange(nl, r->msg);
	if (num == 0)
		return 0;
	va_start(ap, what);
	vsnprintf(text, sizeof(text), what, ap);
	va_end(ap);
	return nl->reason[0] ? sp_fail_errno(err, num, "%s: %s", text, nl->reason)
			     : sp_fail_errno(err, num, "%s", text);
}

static int collect(struct nl_cache *cache, const struct net_netlink_listing *l, void **ret,
		   struct sp_err *err)
{
	char *list = calloc((size_t)nl_cache_nitems(cache) + 1, l->size);
	int n = 0;

	if (!list)
		return sp_fail_nomem(err);
	for (struct nl_object *o = nl_cache_get_first(cache); o; o = nl_cache_get_next(o))
		n += l->read(o, list + (size_t)n * l->size);
	*ret = list;
	return n;
}

int net_netlink_list(struct net_netlink *nl, const struct net_netlink_listing *l, void **ret,
		     struct sp_err *err)
{
	struct nl_cache *cache;
	int r = -NLE_DUMP_INTR;

	for (int i = 0; i < LIST_ATTEMPTS && r == -NLE_DUMP_INTR; i++)
		r = l->alloc_cache(nl->sock, &cache);
	if (r < 0)
		return net_netlink_fail(err, r, l->what);
	r = collect(cache, l, ret, err);
	nl_cache_free(cache);
	return r;
}
