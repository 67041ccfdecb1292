/* What verify sends itself: one TCP connection, one HTTP exchange. No proxies, no retries. */
#pragma once

#include <jansson.h>
#include <stdint.h>

#include "base/err.h"

/* Connect and close; the time in *ret_ns, also on failure. address is IPv4 or IPv6. */
int verify_tcp(const char *address, uint16_t port, int64_t *ret_ns, struct sp_err *err);

/* The status of one exchange; *ret_json (may be NULL) is the body when it is JSON, else NULL. */
int verify_http_call(const char *address, uint16_t port, const char *method, const char *path,
		     const json_t *body, json_t **ret_json, int64_t *ret_ns, struct sp_err *err);
