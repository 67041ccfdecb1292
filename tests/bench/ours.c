/* Our launch and exec; see ours.h. */
#include "tests/bench/ours.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <linux/sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/fd.h"
#include "base/path.h"
#include "base/time.h"
#include "netcfg/veth.h"
#include "runtime/engine_impl.h"
#include "runtime/exec.h"
#include "runtime/idmap.h"
#include "runtime/process_id.h"
#include "runtime/spawn.h"

#define FIRST_UID 1000000
#define IDS       65536

static const char *const true_args[] = { "/true", NULL };
static const char *const wait_args[] = { "/true", "wait", NULL };

/* A spec and what it borrows. */
struct request {
	struct rt_spec spec;
	char dir[PLACE_DIR_MAX + 32], layer[PLACE_DIR_MAX + 32], id[32];
	const char *layers[1];
};

static int make_request(const struct place *p, int number, const char *const *args,
			struct request *r)
{
	*r = (struct request){ .layers = { r->layer } };
	snprintf(r->id, sizeof(r->id), "bench-%d", number);
	snprintf(r->dir, sizeof(r->dir), "%s/run-%d", p->dir, number);
	snprintf(r->layer, sizeof(r->layer), "%s/rootfs", p->dir);
	r->spec = (struct rt_spec){ .id = r->id,
				    .dir = r->dir,
				    .layers = r->layers,
				    .n_layers = 1,
				    .first_uid = FIRST_UID,
				    .n_uids = IDS,
				    .process = { .args = (char *const *)args,
						 .stdin_fd = -1,
						 .stdout_fd = -1,
						 .stderr_fd = -1 } };
	return mkdir(r->dir, 0700);
}

static int start(struct place *p, struct request *r, struct rt_container **ret, struct sp_err *err)
{
	struct net_veth veth = { .workload = r->id,
				 .bridge = p->bridge,
				 .address = { htonl(0x0a5a0102) },
				 .length = 24,
				 .gateway = { htonl(0x0a5a0101) } };
	int result = rt_create(p->engine, &r->spec, ret, err);

	if (result < 0)
		return result;
	veth.netns = (*ret)->netns_fd;
	result = net_veth_attach(p->nl, &veth, err);
	return result < 0 ? result : rt_start(*ret, err);
}

static int fail(const char *what, const struct sp_err *err)
{
	fprintf(stderr, "bench: %s: %s\n", what, err->message);
	return -1;
}

int ours_launch(void *state, int64_t *ret_ns)
{
	struct ours *o = state;
	struct rt_container *c = NULL;
	struct sp_err err = { 0 };
	struct rt_exit x = { 0 };
	struct request r;
	int64_t begin;
	int result;

	if (make_request(o->place, ++o->number, true_args, &r) < 0)
		return -1;
	begin = sp_time_mono_ns();
	result = start(o->place, &r, &c, &err);
	if (result == 0)
		result = rt_reap(c, 10000, &x, &err);
	rt_destroy(o->place->engine, c, NULL);
	*ret_ns = sp_time_mono_ns() - begin;
	return result == 1 && x.code == 0 ? 0 : fail("launch", &err);
}

int ours_start_live(struct ours *o)
{
	struct sp_err err = { 0 };
	struct request r;

	if (make_request(o->place, ++o->number, wait_args, &r) < 0 ||
	    start(o->place, &r, &o->live, &err) < 0)
		return fail("start", &err);
	return 0;
}

void ours_stop_live(struct ours *o)
{
	rt_destroy(o->place->engine, o->live, NULL);
	o->live = NULL;
}

int ours_exec(void *state, int64_t *ret_ns)
{
	struct ours *o = state;
	const struct rt_exec_spec spec = { .process = { .args = (char *const *)true_args,
							.stdin_fd = -1,
							.stdout_fd = -1,
							.stderr_fd = -1 } };
	int64_t begin = sp_time_mono_ns();
	struct rt_exec *x = NULL;
	struct sp_err err = { 0 };
	int status = -1;

	if (rt_exec_start(o->place->engine, o->live, &spec, &x, &err) < 0)
		return fail("exec", &err);
	rt_exec_reap(x, 10000, &status, &err);
	rt_exec_free(x);
	*ret_ns = sp_time_mono_ns() - begin;
	return status == 0 ? 0 : fail("exec", &err);
}

static int open_true(const struct place *p)
{
	char path[PLACE_DIR_MAX + 32];
	int low, fd;

	snprintf(path, sizeof(path), "%s/rootfs/true", p->dir);
	low = open(path, O_RDONLY | O_CLOEXEC);
	fd = fcntl(low, F_DUPFD_CLOEXEC, 10);
	close(low);
	return fd;
}

static int spawn_floor(struct place *p, int cgroup, struct sp_err *err)
{
	struct rt_spawn how = { .namespaces = CLONE_NEWUSER | CLONE_NEWNS | CLONE_NEWPID |
					      CLONE_NEWNET | CLONE_NEWIPC | CLONE_NEWUTS |
					      CLONE_NEWCGROUP,
				.join_pidfd = -1,
				.cgroup_fd = cgroup,
				.spinit_fd = open_true(p),
				.mode = "run" };
	struct rt_child child;
	siginfo_t info;
	int r = rt_spawn(&how, &child, err);

	if (r == 0) {
		rt_idmap_write(child.pid, FIRST_UID, IDS, NULL);
		rt_child_release(&child, NULL);
		waitid(P_PIDFD, (id_t)child.pidfd, &info, WEXITED);
		rt_child_fini(&child);
	}
	close(how.spinit_fd);
	return r;
}

int floor_launch(void *state, int64_t *ret_ns)
{
	struct ours *o = state;
	const struct rt_limits none = { 0 };
	const struct rt_cgroup_root *root = rt_engine_cgroups(o->place->engine);
	struct sp_err err = { 0 };
	int64_t begin = sp_time_mono_ns();
	int cgroup = rt_cgroup_make(root, "floor", &none, &err);
	int r = cgroup < 0 ? cgroup : spawn_floor(o->place, cgroup, &err);

	sp_close(&cgroup);
	rt_cgroup_remove(root, "floor", 1000, NULL);
	*ret_ns = sp_time_mono_ns() - begin;
	return r < 0 ? fail("floor", &err) : 0;
}

static double pss_kb(pid_t pid)
{
	struct sp_buf text = SP_BUF_INIT;
	const char *at;
	double kb = 0;

	if (rt_process_read(pid, "smaps_rollup", &text, NULL) == 0) {
		at = strstr(text.data, "\nPss:");
		kb = at ? strtod(at + 5, NULL) : 0;
	}
	sp_buf_fini(&text);
	return kb;
}

double ours_memory_kb(struct place *p, int n)
{
	struct ours *o = calloc((size_t)n, sizeof(*o));
	double kb = 0;

	for (int i = 0; o && i < n; i++) {
		o[i] = (struct ours){ .place = p, .number = 100000 + i };
		if (ours_start_live(&o[i]) < 0)
			n = i;
	}
	for (int i = 0; o && i < n; i++)
		kb += pss_kb(o[i].live->pid) / n;
	for (int i = 0; o && i < n; i++)
		ours_stop_live(&o[i]);
	free(o);
	return kb;
}
