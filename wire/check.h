/*
 * The grammar of a spec's strings: what is checked once, on the way in, so that nobody behind it
 * has to. Private to wire/.
 */
#pragma once

#include <stdbool.h>

#define WIRE_PATH_MAX 4095
#define WIRE_HOST_MAX 253 /* RFC 1035, 2.3.4 */

/* Absolute, at most WIRE_PATH_MAX bytes, no "." or ".." component, and not "/" itself. */
bool wire_path_valid(const char *path);
/* Letters, digits, '-', '_' and '.', not at the ends; RFC 1123 plus the underscore that Compose
 * service names have. */
bool wire_host_valid(const char *name);
bool wire_ipv4_valid(const char *address);
bool wire_ip_valid(const char *address);  /* IPv4 or IPv6 */
bool wire_env_valid(const char *entry);   /* "NAME=value" with a name */
bool wire_cap_valid(const char *name);    /* "NET_ADMIN", "CAP_NET_ADMIN", "ALL" */
bool wire_sysctl_valid(const char *key);  /* "net.core.somaxconn": components of [A-Za-z0-9_-] */
bool wire_ulimit_valid(const char *name); /* of getrlimit(2), lower case, without RLIMIT_ */
