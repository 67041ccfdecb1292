/* See check.h. Nothing here allocates. */
#include "wire/check.h"

#include <arpa/inet.h>
#include <stddef.h>
#include <string.h>

#define ALNUM "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
#define UPPER "ABCDEFGHIJKLMNOPQRSTUVWXYZ"

static bool made_of(const char *s, const char *set, size_t max)
{
	size_t n = strlen(s);

	return n > 0 && n <= max && strspn(s, set) == n;
}

bool wire_path_valid(const char *path)
{
	size_t len = strlen(path);

	if (path[0] != '/' || len > WIRE_PATH_MAX || strspn(path, "/") == len)
		return false;
	for (const char *p = path; *p;) {
		size_t n;

		p += strspn(p, "/");
		n = strcspn(p, "/");
		if ((n == 1 && p[0] == '.') || (n == 2 && p[0] == '.' && p[1] == '.'))
			return false;
		p += n;
	}
	return true;
}

bool wire_host_valid(const char *name)
{
	return made_of(name, ALNUM "-_.", WIRE_HOST_MAX) && strchr(ALNUM, name[0]) &&
	       strchr(ALNUM, name[strlen(name) - 1]) && !strstr(name, "..");
}

bool wire_ipv4_valid(const char *address)
{
	struct in_addr a;

	return inet_pton(AF_INET, address, &a) == 1;
}

bool wire_ip_valid(const char *address)
{
	struct in6_addr a;

	return wire_ipv4_valid(address) || inet_pton(AF_INET6, address, &a) == 1;
}

bool wire_env_valid(const char *entry)
{
	const char *eq = strchr(entry, '=');

	return eq && eq != entry;
}

bool wire_cap_valid(const char *name)
{
	return made_of(name, UPPER "_", 64);
}

bool wire_sysctl_valid(const char *key)
{
	return made_of(key, ALNUM "-_.", 255) && strchr(ALNUM, key[0]) && !strstr(key, "..");
}

bool wire_ulimit_valid(const char *name)
{
	static const char *const names[] = { "as",     "core",   "cpu",        "data",
					     "fsize",  "locks",  "memlock",    "msgqueue",
					     "nice",   "nofile", "nproc",      "rss",
					     "rtprio", "rttime", "sigpending", "stack" };

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (!strcmp(names[i], name))
			return true;
	return false;
}
