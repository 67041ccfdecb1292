/* net.* settings; see sysctl.h. The files of /proc/sys/net are bound to the namespace of their
 * opener. */
#include "netcfg/sysctl.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#include "base/fd.h"
#include "base/str.h"
#include "netcfg/netns.h"

#define SYSCTL_NAME_MAX  128
#define SYSCTL_VALUE_MAX 256

/* "net.ipv4.ip_forward" to "/proc/sys/net/ipv4/ip_forward"; a slash in the name stands for a dot.
 */
static int path_of(const char *name, char *ret, size_t room, struct sp_err *err)
{
	int n = snprintf(ret, room, "/proc/sys/%s", name);

	if (n < 0 || (size_t)n >= room || !sp_str_starts(name, "net.") || sp_str_ends(name, ".") ||
	    strstr(name, "..") || strstr(name, "//"))
		return sp_fail(err, SP_E_INVALID, "'%s' is not a setting of a network namespace",
			       name);
	for (char *c = ret + strlen("/proc/sys/"); *c; c++) {
		if (*c == '.')
			*c = '/';
		else if (*c == '/')
			*c = '.';
	}
	return 0;
}

static int open_for(const char *path, int flags, struct sp_err *err)
{
	int fd = open(path, flags | O_CLOEXEC | O_NOFOLLOW);

	return fd < 0 ? sp_fail_errno(err, errno, "'%s'", path) : fd;
}

static int open_setting(void *arg, struct sp_err *err)
{
	return open_for(arg, O_RDWR, err);
}

static int open_to_read(void *arg, struct sp_err *err)
{
	return open_for(arg, O_RDONLY, err);
}

int net_sysctl_put(int netns, const char *name, const char *value, struct sp_err *err)
{
	char path[SYSCTL_NAME_MAX], old[SYSCTL_VALUE_MAX];
	autoclose int fd = -1;
	ssize_t n;
	int r = path_of(name, path, sizeof(path), err);

	if (r < 0)
		return r;
	fd = net_netns_run(netns, open_setting, path, err);
	if (fd < 0)
		return fd;
	n = pread(fd, old, sizeof(old) - 1, 0);
	if (n < 0)
		return sp_fail_errno(err, errno, "read '%s'", path);
	old[n] = '\0';
	if (sp_str_eq(sp_str_trim(old), value))
		return 0;
	if (pwrite(fd, value, strlen(value), 0) < 0)
		return sp_fail_errno(err, errno, "write '%s' to '%s'", value, path);
	return 1;
}

int net_sysctl_get(int netns, const char *name, char *ret, size_t room, struct sp_err *err)
{
	char path[SYSCTL_NAME_MAX];
	autoclose int fd = -1;
	ssize_t n;
	int r = path_of(name, path, sizeof(path), err);

	if (r < 0)
		return r;
	fd = net_netns_run(netns, open_to_read, path, err);
	if (fd < 0)
		return fd;
	n = pread(fd, ret, room - 1, 0);
	if (n < 0)
		return sp_fail_errno(err, errno, "read '%s'", path);
	ret[n] = '\0';
	ret[strcspn(ret, "\n")] = '\0';
	return 0;
}
