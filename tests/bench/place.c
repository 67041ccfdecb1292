/* Where the launches are measured; see place.h. */
#include "tests/bench/place.h"

#include <arpa/inet.h>
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/fd.h"
#include "netcfg/bridge.h"
#include "runtime/engine.h"

/* Nothing of this is seen outside: the machine's own mounts and links stay as they are. */
static void enter_namespaces(void)
{
	if (unshare(CLONE_NEWNS | CLONE_NEWNET) < 0)
		errx(1, "bench: must be run as root: %s", strerror(errno));
	if (mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0)
		err(1, "bench: private mounts");
	umount2("/sys/fs/cgroup", MNT_DETACH);
	if (mount("none", "/sys/fs/cgroup", "cgroup2", 0, NULL) < 0)
		err(1, "bench: cgroup2");
	if (mount("none", "/run", "tmpfs", 0, NULL) < 0)
		err(1, "bench: tmpfs");
}

static void copy_program(const char *from, const char *to)
{
	struct sp_buf b = SP_BUF_INIT;
	struct sp_err why = { 0 };

	if (sp_file_read_at(AT_FDCWD, from, 1024 * 1024, &b, &why) < 0 ||
	    sp_file_replace_at(AT_FDCWD, to, b.data, b.len, 0755, &why) < 0)
		errx(1, "bench: %s", why.message);
	sp_buf_fini(&b);
}

static void make_rootfs(const struct place *p, const char *build)
{
	static const char *const dirs[] = { "", "/proc", "/sys", "/dev", "/etc" };
	char path[PLACE_DIR_MAX + 64], from[PLACE_DIR_MAX];

	for (size_t i = 0; i < sizeof(dirs) / sizeof(dirs[0]); i++) {
		snprintf(path, sizeof(path), "%s/rootfs%s", p->dir, dirs[i]);
		if (mkdir(path, 0755) < 0)
			err(1, "bench: %s", path);
	}
	snprintf(from, sizeof(from), "%s/bench/true", build);
	snprintf(path, sizeof(path), "%s/rootfs/true", p->dir);
	copy_program(from, path);
}

static void open_network(struct place *p)
{
	struct sp_err err = { 0 };
	struct in_addr address = { .s_addr = htonl(0x0a5a0101) }; /* 10.90.1.1 */

	if (net_netlink_open(-1, &p->nl, &err) < 0 ||
	    net_bridge_ensure(p->nl, "sp0", address, 24, &p->bridge, &err) < 0)
		errx(1, "bench: %s", err.message);
}

void place_open(struct place *p, const char *build)
{
	char spinit[PLACE_DIR_MAX], cache[PLACE_DIR_MAX];
	struct rt_engine_conf conf = { .cgroup_parent = p->cgroup,
				       .spinit_path = spinit,
				       .cache_dir = cache };
	struct sp_err why = { 0 };

	enter_namespaces();
	snprintf(p->dir, sizeof(p->dir), "/run/bench");
	if (mkdir(p->dir, 0755) < 0)
		err(1, "bench: %s", p->dir);
	make_rootfs(p, build);
	snprintf(p->cgroup, sizeof(p->cgroup), "sp-bench-%d", getpid());
	snprintf(spinit, sizeof(spinit), "%.900s/bin/spinit", build);
	snprintf(cache, sizeof(cache), "%.900s/bench/cache", build);
	if (rt_engine_open(&conf, &p->engine, &why) < 0)
		errx(1, "bench: %s", why.message);
	open_network(p);
}

/* The network and the files go with the namespaces. */
void place_close(struct place *p)
{
	char path[64];

	net_netlink_free(p->nl);
	rt_engine_free(p->engine);
	snprintf(path, sizeof(path), "/sys/fs/cgroup/%s", p->cgroup);
	if (rmdir(path) < 0)
		warn("bench: %s", path);
}
