/* IPv4 addresses and prefixes as values. Text is read strictly: four decimal numbers, no host bits
 * past the mask. */
#pragma once

#include <netinet/in.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"

#define NET_PREFIX_TEXT_MAX sizeof("255.255.255.255/32")

struct net_prefix {
	struct in_addr network;
	uint8_t length; /* 1..32; 0 marks an absent prefix */
};

int net_address_parse(const char *s, struct in_addr *ret, struct sp_err *err);
void net_address_format(struct in_addr a, char ret[INET_ADDRSTRLEN]);

/* "10.90.1.0/24"; bits beyond the length are SP_E_INVALID. */
int net_prefix_parse(const char *s, struct net_prefix *ret, struct sp_err *err);
void net_prefix_format(const struct net_prefix *p, char ret[NET_PREFIX_TEXT_MAX]);

bool net_prefix_eq(const struct net_prefix *a, const struct net_prefix *b);
bool net_prefix_contains(const struct net_prefix *p, struct in_addr a);
bool net_prefix_overlaps(const struct net_prefix *a, const struct net_prefix *b);

/* The prefix of length that a lies in, and the n-th address of a prefix (0 is the network itself).
 */
struct net_prefix net_prefix_of(struct in_addr a, uint8_t length);
struct in_addr net_prefix_nth(const struct net_prefix *p, uint32_t n);
