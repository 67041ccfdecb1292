/* Whether a spec makes sense; see spec_check.h. */
#include "runtime/spec_check.h"

#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "base/str.h"

/* Below these, a value belongs to the network, IPC or mqueue namespace (namespaces(7)); all else
 * would change the host, or is not there. */
static const char *const sysctl_prefixes[] = { "net.", "kernel.msg", "kernel.sem", "kernel.shm",
					       "fs.mqueue." };

int rt_sysctl_path(const char *key, char *ret, size_t room, struct sp_err *err)
{
	bool known = false;

	for (size_t i = 0; i < SP_COUNT(sysctl_prefixes); i++)
		known |= sp_str_starts(key, sysctl_prefixes[i]);
	if (!known || strstr(key, "..") || strchr(key, '/'))
		return sp_fail(err, SP_E_INVALID, "sysctl '%s' does not belong to a container",
			       key);
	if ((size_t)snprintf(ret, room, "%s", key) >= room)
		return sp_fail(err, SP_E_INVALID, "sysctl '%s' has too long a name", key);
	for (char *p = ret; *p; p++)
		if (*p == '.')
			*p = '/';
	return 0;
}

/* A place below the root, said plainly. */
static int check_target(const char *path, struct sp_err *err)
{
	if (!path || path[0] != '/' || path[strspn(path, "/")] == '\0')
		return sp_fail(err, SP_E_INVALID, "mount target '%s' is not below '/'",
			       path ? path : "");
	if (strstr(path, "/../") || sp_str_ends(path, "/.."))
		return sp_fail(err, SP_E_ESCAPE, "mount target '%s' has '..' in it", path);
	return 0;
}

static int check_mounts(const struct rt_spec *spec, struct sp_err *err)
{
	size_t bytes = 0;
	int r = 0;

	if (spec->n_mounts > RT_MOUNTS_MAX || spec->n_files > RT_FILES_MAX ||
	    spec->n_sysctls > RT_SYSCTLS_MAX)
		return sp_fail(err, SP_E_TOO_LARGE, "more than %d mounts, %d files or %d sysctls",
			       RT_MOUNTS_MAX, RT_FILES_MAX, RT_SYSCTLS_MAX);
	for (size_t i = 0; r == 0 && i < spec->n_mounts; i++)
		r = check_target(spec->mounts[i].target, err);
	for (size_t i = 0; r == 0 && i < spec->n_files; i++) {
		r = check_target(spec->files[i].target, err);
		bytes += spec->files[i].len;
	}
	if (r == 0 && bytes > RT_FILES_BYTES)
		return sp_fail(err, SP_E_TOO_LARGE, "files of %zu bytes in all, at most %d", bytes,
			       RT_FILES_BYTES);
	return r;
}

int rt_spec_check(const struct rt_spec *spec, struct sp_err *err)
{
	if (!spec->id || !sp_id_valid(spec->id))
		return sp_fail(err, SP_E_INVALID, "'%s' cannot name a container",
			       spec->id ? spec->id : "");
	if (!spec->process.args || !spec->process.args[0] || !*spec->process.args[0])
		return sp_fail(err, SP_E_INVALID, "no command");
	if (spec->process.cwd && spec->process.cwd[0] != '/')
		return sp_fail(err, SP_E_INVALID, "working directory '%s' is not absolute",
			       spec->process.cwd);
	if (spec->first_uid == 0 || spec->n_uids < RT_IDS_MIN ||
	    spec->first_uid > UINT32_MAX - spec->n_uids)
		return sp_fail(err, SP_E_INVALID, "host ids %u+%u are no range for a container",
			       spec->first_uid, spec->n_uids);
	if (spec->hostname && strlen(spec->hostname) > 64)
		return sp_fail(err, SP_E_INVALID, "host name '%s' is over 64 bytes",
			       spec->hostname);
	return check_mounts(spec, err);
}
