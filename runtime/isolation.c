/* What /proc says about a container's isolation; see isolation.h. */
#include "runtime/isolation.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/buf.h"
#include "runtime/process_id.h"

static const char *const namespaces[] = {
#define X(sym, name) [RT_NS_##sym] = name,
	RT_NAMESPACES(X)
#undef X
};

const char *rt_namespace_name(enum rt_namespace n)
{
	return namespaces[n];
}

/* The inode is the identity of a namespace (namespaces(7)). */
static int read_inode(const char *process, const char *name, uint64_t *ret, struct sp_err *err)
{
	char path[64];
	struct stat st;

	snprintf(path, sizeof(path), "/proc/%s/ns/%s", process, name);
	if (stat(path, &st) < 0)
		return sp_fail_errno(err, errno, "'%s'", path);
	*ret = st.st_ino;
	return 0;
}

static int read_namespaces(pid_t pid, struct rt_isolation *i, struct sp_err *err)
{
	char process[16];
	int r = 0;

	snprintf(process, sizeof(process), "%d", (int)pid);
	i->own_namespaces = true;
	for (unsigned int n = 0; r == 0 && n < RT_NS_COUNT; n++) {
		r = read_inode(process, namespaces[n], &i->inode[n], err);
		if (r == 0)
			r = read_inode("self", namespaces[n], &i->host_inode[n], err);
		i->own_namespaces &= i->inode[n] != i->host_inode[n];
	}
	return r;
}

/* The number after "\nKey:\t" in a status file; 0 when it is not there. */
static uint64_t status_value(const char *text, const char *key, int base)
{
	char want[32];
	const char *at;

	snprintf(want, sizeof(want), "\n%s:\t", key);
	at = strstr(text, want);
	return at ? strtoull(at + strlen(want), NULL, base) : 0;
}

static int read_status(pid_t pid, struct rt_isolation *i, struct sp_err *err)
{
	autobuf struct sp_buf text = SP_BUF_INIT;
	int r = rt_process_read(pid, "status", &text, err);
	const char *at;

	if (r < 0)
		return r;
	at = strstr(text.data, "\nState:\t");
	i->state = at ? at[strlen("\nState:\t")] : '?';
	i->seccomp = (int)status_value(text.data, "Seccomp", 10);
	i->no_new_privs = status_value(text.data, "NoNewPrivs", 10) != 0;
	i->host_uid = (uint32_t)status_value(text.data, "Uid", 10);
	i->cap_effective = status_value(text.data, "CapEff", 16);
	i->cap_bounding = status_value(text.data, "CapBnd", 16);
	return 0;
}

int rt_isolation_read(pid_t pid, struct rt_isolation *ret, struct sp_err *err)
{
	struct rt_isolation i = { .pid = rt_process_workload(pid) };
	int r = read_namespaces(i.pid, &i, err);

	if (r == 0)
		r = read_status(i.pid, &i, err);
	if (r == 0)
		r = rt_process_cgroup(i.pid, i.cgroup, sizeof(i.cgroup), err);
	if (r == 0)
		*ret = i;
	return r;
}
