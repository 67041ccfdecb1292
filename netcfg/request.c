/* Building rtnetlink requests; see request.h. */
#include "netcfg/request.h"

#include <errno.h>
#include <netlink/attr.h>
#include <netlink/msg.h>
#include <string.h>

void net_request_init(struct net_request *r, int type, int flags, const void *header, size_t len)
{
	r->error = 0;
	r->msg = nlmsg_alloc_simple(type, flags);
	if (!r->msg || nlmsg_append(r->msg, (void *)header, len, NLMSG_ALIGNTO) < 0)
		r->error = -ENOMEM;
}

void net_request_fini(struct net_request *r)
{
	nlmsg_free(r->msg);
	r->msg = NULL;
}

/* libnl reports a message past its room as "no memory"; the rooms here are fixed and ample. */
static void note(struct net_request *r, int nl_result)
{
	if (nl_result < 0)
		r->error = -ENOMEM;
}

void net_request_put(struct net_request *r, int attribute, const void *value, size_t len)
{
	if (!r->error)
		note(r, nla_put(r->msg, attribute, (int)len, value));
}

void net_request_u8(struct net_request *r, int attribute, uint8_t value)
{
	net_request_put(r, attribute, &value, sizeof(value));
}

void net_request_u32(struct net_request *r, int attribute, uint32_t value)
{
	net_request_put(r, attribute, &value, sizeof(value));
}

void net_request_str(struct net_request *r, int attribute, const char *value)
{
	net_request_put(r, attribute, value, strlen(value) + 1);
}

void net_request_raw(struct net_request *r, const void *data, size_t len)
{
	if (!r->error)
		note(r, nlmsg_append(r->msg, (void *)data, len, NLMSG_ALIGNTO));
}

struct nlattr *net_request_nest(struct net_request *r, int attribute)
{
	struct nlattr *nest = r->error ? NULL : nla_nest_start(r->msg, attribute);

	if (!nest)
		r->error = -ENOMEM;
	return nest;
}

void net_request_unnest(struct net_request *r, struct nlattr *nest)
{
	if (!r->error)
		nla_nest_end(r->msg, nest);
}

int net_request_check(const struct net_request *r, struct sp_err *err)
{
	return r->error ? sp_fail_nomem(err) : 0;
}
