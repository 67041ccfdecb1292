/* Where the launches are measured; see place.h. */
#include "tests/bench/place.h"

#include <arpa/inet.h>
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/path.h"
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
	if (link(from, path) < 0)
		err(1, "bench: %s", path);
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

	*p = (struct place){ 0 };
	enter_namespaces();
	snprintf(p->dir, sizeof(p->dir), "%.900s/bench/place-XXXXXX", build);
	if (!mkdtemp(p->dir) || chmod(p->dir, 0755) < 0)
		err(1, "bench: %s", p->dir);
	make_rootfs(p, build);
	snprintf(p->cgroup, sizeof(p->cgroup), "sp-bench-%d", getpid());
	snprintf(spinit, sizeof(spinit), "%.900s/bin/spinit", build);
	snprintf(cache, sizeof(cache), "%.900s/bench/cache", build);
	if (rt_engine_open(&conf, &p->engine, &why) < 0)
		errx(1, "bench: %s", why.message);
	open_network(p);
}

/* The network goes with the namespace. */
void place_close(struct place *p)
{
	char path[64];

	net_netlink_free(p->nl);
	rt_engine_free(p->engine);
	snprintf(path, sizeof(path), "/sys/fs/cgroup/%s", p->cgroup);
	if (rmdir(path) < 0)
		warn("bench: %s", path);
	if (sp_remove_tree_at(AT_FDCWD, p->dir, NULL) < 0)
		warnx("bench: %s stays", p->dir);
}
