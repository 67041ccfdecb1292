/*
 * One rtnetlink request being built: header, attributes, nests. It remembers its first error (out
 * of memory, a value too long) and ignores what comes after, so that a caller appends freely and
 * learns of it once, when the request is sent.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/mem.h"

struct nl_msg;
struct nlattr;

struct net_request {
	struct nl_msg *msg;
	int error; /* 0 or -errno */
};

#define auto_request __attribute__((cleanup(net_request_fini)))

/* type is RTM_*, flags NLM_F_* (request and ack are added); header is the family's fixed struct. */
void net_request_init(struct net_request *r, int type, int flags, const void *header, size_t len);
void net_request_fini(struct net_request *r);

void net_request_put(struct net_request *r, int attribute, const void *value, size_t len);
void net_request_u8(struct net_request *r, int attribute, uint8_t value);
void net_request_u32(struct net_request *r, int attribute, uint32_t value);
void net_request_str(struct net_request *r, int attribute, const char *value);
void net_request_raw(struct net_request *r, const void *data,
		     size_t len); /* without an attribute header */
struct nlattr *net_request_nest(struct net_request *r, int attribute);
void net_request_unnest(struct net_request *r, struct nlattr *nest);

int net_request_check(const struct net_request *r, struct sp_err *err); /* 0, or the first error */
