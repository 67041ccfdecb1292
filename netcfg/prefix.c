/* IPv4 addresses and prefixes; see prefix.h. */
#include "netcfg/prefix.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>

#include "base/str.h"

static uint32_t mask_of(uint8_t length)
{
	return length ? UINT32_MAX << (32 - length) : 0;
}

int net_address_parse(const char *s, struct in_addr *ret, struct sp_err *err)
{
	struct in_addr a;

	if (inet_pton(AF_INET, s, &a) != 1)
		return sp_fail(err, SP_E_INVALID, "'%s' is not an IPv4 address", s);
	*ret = a;
	return 0;
}

void net_address_format(struct in_addr a, char ret[INET_ADDRSTRLEN])
{
	inet_ntop(AF_INET, &a, ret, INET_ADDRSTRLEN);
}

int net_prefix_parse(const char *s, struct net_prefix *ret, struct sp_err *err)
{
	const char *slash = strchr(s, '/');
	char address[INET_ADDRSTRLEN];
	struct net_prefix p;
	uint32_t length;

	if (!slash || (size_t)(slash - s) >= sizeof(address))
		return sp_fail(err, SP_E_INVALID, "'%s' is not a prefix such as 10.90.1.0/24", s);
	memcpy(address, s, (size_t)(slash - s));
	address[slash - s] = '\0';
	if (inet_pton(AF_INET, address, &p.network) != 1 ||
	    sp_parse_u32(slash + 1, &length, NULL) < 0 || length < 1 || length > 32)
		return sp_fail(err, SP_E_INVALID, "'%s' is not a prefix such as 10.90.1.0/24", s);
	p.length = (uint8_t)length;
	if (ntohl(p.network.s_addr) & ~mask_of(p.length))
		return sp_fail(err, SP_E_INVALID, "'%s' has bits set beyond its length", s);
	*ret = p;
	return 0;
}

void net_prefix_format(const struct net_prefix *p, char ret[NET_PREFIX_TEXT_MAX])
{
	char address[INET_ADDRSTRLEN];

	net_address_format(p->network, address);
	snprintf(ret, NET_PREFIX_TEXT_MAX, "%s/%u", address, p->length & 63U);
}

bool net_prefix_eq(const struct net_prefix *a, const struct net_prefix *b)
{
	return a->length == b->length && a->network.s_addr == b->network.s_addr;
}

bool net_prefix_contains(const struct net_prefix *p, struct in_addr a)
{
	return ((ntohl(a.s_addr) ^ ntohl(p->network.s_addr)) & mask_of(p->length)) == 0;
}

bool net_prefix_overlaps(const struct net_prefix *a, const struct net_prefix *b)
{
	return net_prefix_contains(a, b->network) || net_prefix_contains(b, a->network);
}

struct net_prefix net_prefix_of(struct in_addr a, uint8_t length)
{
	return (struct net_prefix){ .network.s_addr = htonl(ntohl(a.s_addr) & mask_of(length)),
				    .length = length };
}

struct in_addr net_prefix_nth(const struct net_prefix *p, uint32_t n)
{
	return (struct in_addr){ htonl(ntohl(p->network.s_addr) + n) };
}
