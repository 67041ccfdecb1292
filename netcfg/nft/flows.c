/* See flows.h. */
#include "netcfg/nft/flows.h"

#include <errno.h>
#include <ifaddrs.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netfilter/nfnetlink_conntrack.h>
#include <netlink/attr.h>
#include <netlink/msg.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/fd.h"
#include "netcfg/generation.h"
#include "netcfg/request.h"

#define ANSWER_MAX (32 << 10) /* a listing comes in parts of at most 32 KiB */
#define LIST_TYPE  (NFNL_SUBSYS_CTNETLINK << 8 | IPCTNL_MSG_CT_GET)
#define DROP_TYPE  (NFNL_SUBSYS_CTNETLINK << 8 | IPCTNL_MSG_CT_DELETE)

/* Of a tuple given along, the listing goes by this part alone (Linux 5.8; an older kernel lists
 * all). The number is not in the kernel's headers. */
#define BY_PROTOCOL (1U << 3)

struct flow {
	struct in_addr from, to;     /* of the first packet */
	struct in_addr answers_from; /* where it was really sent to */
	uint16_t port, answers_port;
};

struct sweep {
	const struct told *told;
	const char *before;        /* the table; NULL: not known */
	struct ifaddrs *addresses; /* of the node */
	struct sp_buf untrue;      /* requests that drop them, one after the other */
	int n;
};

static const struct nfgenmsg family = { .nfgen_family = AF_INET, .version = NFNETLINK_V0 };

static bool read_tuple(struct nlattr *from, struct in_addr *src, struct in_addr *dst,
		       uint16_t *src_port, uint16_t *dst_port)
{
	struct nlattr *t[CTA_TUPLE_MAX + 1], *a[CTA_IP_MAX + 1], *p[CTA_PROTO_MAX + 1];

	if (!from || nla_parse_nested(t, CTA_TUPLE_MAX, from, NULL) < 0 || !t[CTA_TUPLE_IP] ||
	    !t[CTA_TUPLE_PROTO] || nla_parse_nested(a, CTA_IP_MAX, t[CTA_TUPLE_IP], NULL) < 0 ||
	    nla_parse_nested(p, CTA_PROTO_MAX, t[CTA_TUPLE_PROTO], NULL) < 0)
		return false;
	if (!a[CTA_IP_V4_SRC] || !a[CTA_IP_V4_DST] || !p[CTA_PROTO_NUM] || !p[CTA_PROTO_SRC_PORT] ||
	    !p[CTA_PROTO_DST_PORT] || nla_get_u8(p[CTA_PROTO_NUM]) != IPPROTO_UDP)
		return false;
	src->s_addr = nla_get_u32(a[CTA_IP_V4_SRC]);
	dst->s_addr = nla_get_u32(a[CTA_IP_V4_DST]);
	*src_port = ntohs(nla_get_u16(p[CTA_PROTO_SRC_PORT]));
	*dst_port = ntohs(nla_get_u16(p[CTA_PROTO_DST_PORT]));
	return true;
}

static bool read_flow(struct nlattr **attrs, struct flow *ret)
{
	struct in_addr back_to;
	uint16_t from_port, back_port;

	return read_tuple(attrs[CTA_TUPLE_ORIG], &ret->from, &ret->to, &from_port, &ret->port) &&
	       read_tuple(attrs[CTA_TUPLE_REPLY], &ret->answers_from, &back_to, &ret->answers_port,
			  &back_port);
}

static bool is_of_node(const struct sweep *s, struct in_addr a)
{
	for (const struct ifaddrs *i = s->addresses; i; i = i->ifa_next) {
		struct sockaddr_in at;

		if (!i->ifa_addr || i->ifa_addr->sa_family != AF_INET)
			continue;
		memcpy(&at, i->ifa_addr, sizeof(at));
		if (at.sin_addr.s_addr == a.s_addr)
			return true;
	}
	return ntohl(a.s_addr) >> 24 == IN_LOOPBACKNET;
}

/* The published port that its first packet would meet; NULL: none. */
static const struct net_nft_port *port_of(const struct sweep *s, const struct flow *f)
{
	for (size_t i = 0; i < s->told->head.n_ports; i++) {
		const struct net_nft_port *p = &s->told->ports[i];

		if (p->host_port == f->port && (p->host_address.s_addr == INADDR_ANY ||
						p->host_address.s_addr == f->to.s_addr))
			return is_of_node(s, f->to) ? p : NULL;
	}
	return NULL;
}

/* Did a rule of ours lead that port somewhere? */
static bool was_ours(const struct sweep *s, uint16_t port)
{
	char rule[sizeof("udp dport 65535 dnat ")];

	snprintf(rule, sizeof(rule), "udp dport %u dnat ", port);
	return !s->before || strstr(s->before, rule);
}

/* What was led into a container must be led there still; what was not, must not be. */
static bool is_untrue(const struct sweep *s, const struct flow *f)
{
	const struct net_nft_port *p = port_of(s, f);
	bool was_led = f->answers_from.s_addr != f->to.s_addr || f->answers_port != f->port;

	if (was_led && !net_prefix_contains(&s->told->head.subnet, f->answers_from))
		return false;
	if (!p)
		return was_led && was_ours(s, f->port);
	return f->answers_from.s_addr != p->address.s_addr || f->answers_port != p->port;
}

/* With its id, so that not another one is met that came after it. */
static void drop(struct sweep *s, struct nlattr **attrs)
{
	auto_request struct net_request r;
	static const int names[] = { CTA_TUPLE_ORIG, CTA_ID, CTA_ZONE };
	struct nlmsghdr *h;

	net_request_init(&r, DROP_TYPE, NLM_F_REQUEST, &family, sizeof(family));
	for (size_t i = 0; i < SP_COUNT(names); i++)
		if (attrs[names[i]])
			net_request_raw(&r, attrs[names[i]],
					(size_t)nla_total_size(nla_len(attrs[names[i]])));
	if (net_request_check(&r, NULL) < 0)
		return;
	h = nlmsg_hdr(r.msg);
	sp_buf_append(&s->untrue, h, NLMSG_ALIGN(h->nlmsg_len));
	s->n++;
}

/* 1: more is to come, 0: that was the last. */
static int take_part(struct sweep *s, struct nlmsghdr *h, int left, struct sp_err *err)
{
	for (; nlmsg_ok(h, left); h = nlmsg_next(h, &left)) {
		const struct nlmsgerr *refusal = nlmsg_data(h);
		struct nlattr *attrs[CTA_MAX + 1];
		struct flow f;

		if (h->nlmsg_type == NLMSG_DONE)
			return 0;
		if (h->nlmsg_type == NLMSG_ERROR)
			return sp_fail_errno(err, -refusal->error, "list the flows");
		if (nlmsg_parse(h, sizeof(family), attrs, CTA_MAX, NULL) == 0 &&
		    read_flow(attrs, &f) && is_untrue(s, &f))
			drop(s, attrs);
	}
	return 1;
}

static void by_protocol(struct net_request *r)
{
	struct nlattr *filter = net_request_nest(r, CTA_FILTER), *tuple, *protocol;

	net_request_u32(r, CTA_FILTER_ORIG_FLAGS, BY_PROTOCOL);
	net_request_u32(r, CTA_FILTER_REPLY_FLAGS, 0);
	net_request_unnest(r, filter);
	tuple = net_request_nest(r, CTA_TUPLE_ORIG);
	protocol = net_request_nest(r, CTA_TUPLE_PROTO);
	net_request_u8(r, CTA_PROTO_NUM, IPPROTO_UDP);
	net_request_unnest(r, protocol);
	net_request_unnest(r, tuple);
}

static int ask_for_all(int fd, struct sp_err *err)
{
	auto_request struct net_request r;
	int e;

	net_request_init(&r, LIST_TYPE, NLM_F_REQUEST | NLM_F_DUMP, &family, sizeof(family));
	by_protocol(&r);
	e = net_request_check(&r, err);
	if (e < 0)
		return e;
	if (send(fd, nlmsg_hdr(r.msg), nlmsg_hdr(r.msg)->nlmsg_len, 0) < 0)
		return sp_fail_errno(err, errno, "list the flows");
	return 0;
}

static int look(struct sweep *s, int fd, struct sp_err *err)
{
	static union {
		struct nlmsghdr first;
		char bytes[ANSWER_MAX];
	} room;
	int r = ask_for_all(fd, err);

	if (r < 0)
		return r;
	do {
		ssize_t n = recv(fd, &room, sizeof(room), 0);

		if (n < 0)
			return sp_fail_errno(err, errno, "list the flows");
		r = take_part(s, &room.first, (int)n, err);
	} while (r > 0);
	return r < 0 ? r : sp_buf_check(&s->untrue, err);
}

/* One that has gone by itself meanwhile is no trouble: what the kernel says to it is not read. */
static int drop_all(const struct sweep *s, int fd, struct sp_err *err)
{
	const char *at = s->untrue.data;

	for (int i = 0; i < s->n; i++) {
		struct nlmsghdr h;

		memcpy(&h, at, sizeof(h));
		if (send(fd, at, h.nlmsg_len, 0) < 0)
			return sp_fail_errno(err, errno, "drop a flow");
		at += NLMSG_ALIGN(h.nlmsg_len);
	}
	return 0;
}

int flows_drop_untrue(const struct told *told, const char *before, struct sp_err *err)
{
	struct sweep s = { .told = told, .before = before };
	autoclose int fd = net_generation_open(err);
	int r;

	if (fd < 0)
		return fd;
	if (getifaddrs(&s.addresses) < 0)
		return sp_fail_errno(err, errno, "addresses of the node");
	r = look(&s, fd, err);
	if (r == 0)
		r = drop_all(&s, fd, err);
	freeifaddrs(s.addresses);
	sp_buf_fini(&s.untrue);
	return r < 0 ? r : s.n;
}
