/*
 * A place to run containers in a test: a root file system made of busybox, an engine with a cgroup
 * of its own, and shell commands run in a container with their output.
 *
 * Everything has this process' pid in its name and is removed at the end.
 */
#pragma once

#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/fd.h"
#include "base/path.h"
#include "base/str.h"
#include "runtime/container.h"
#include "runtime/engine.h"

#define BOX_FIRST_UID 1000000
#define BOX_IDS       65536

struct box {
	char dir[PATH_MAX - 256]; /* temporary; holds layer/ and run-N/ */
	char layer[PATH_MAX];
	char cgroup[64];
	struct rt_engine *engine;
	int runs;
};

/* A file of the build directory that this test was built in. */
static inline void box_built(const char *name, char *ret, size_t room)
{
	char self[1024];
	ssize_t n = readlink("/proc/self/exe", self, sizeof(self) - 1);
	char *tests;

	cr_assert_gt(n, 0);
	self[n] = '\0';
	tests = strstr(self, "/tests/unit/");
	cr_assert(tests, "'%s' is not below a build directory", self);
	*tests = '\0';
	snprintf(ret, room, "%s/%s", self, name);
}

/* Also one that signal(2) refuses. */
static inline void ignore_kernel_signal(int sig)
{
	const unsigned long ignore[4] = { (unsigned long)SIG_IGN };

	cr_assert_eq(syscall(SYS_rt_sigaction, sig, ignore, NULL, 8), 0);
}

static inline void box_write(const char *dir, const char *name, const char *text)
{
	char path[PATH_MAX + 64];
	FILE *f;

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	f = fopen(path, "we");
	cr_assert(f, "%s: %s", path, strerror(errno));
	fputs(text, f);
	fclose(f);
}

static inline void box_copy(const char *from, const char *layer, const char *name)
{
	char path[PATH_MAX + 64];
	struct sp_buf b = SP_BUF_INIT;
	int fd;

	cr_assert_eq(sp_file_read_at(AT_FDCWD, from, 8 * 1024 * 1024, &b, NULL), 0, "%s", from);
	snprintf(path, sizeof(path), "%s/%s", layer, name);
	fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0755);
	cr_assert_geq(fd, 0);
	cr_assert_eq(sp_write_all(fd, b.data, b.len), 0);
	close(fd);
	sp_buf_fini(&b);
}

static inline void box_programs(const char *layer)
{
	char path[PATH_MAX + 64], probe[PATH_MAX];

	box_copy("/bin/busybox", layer, "bin/busybox");
	box_built("tests/unit/runtime/probe", probe, sizeof(probe));
	box_copy(probe, layer, "bin/probe");
	for (const char *const *tool = (const char *const[]){ "sh", "true", "cat", "sleep", NULL };
	     *tool; tool++) {
		snprintf(path, sizeof(path), "%s/bin/%s", layer, *tool);
		cr_assert_eq(symlink("busybox", path), 0);
	}
}

static inline void box_open(struct box *b)
{
	char spinit[PATH_MAX], sub[PATH_MAX + 8], cache[PATH_MAX];
	struct rt_engine_conf conf = { .cgroup_parent = b->cgroup,
				       .spinit_path = spinit,
				       .cache_dir = cache };
	struct sp_err err = { 0 };

	*b = (struct box){ 0 };
	snprintf(b->dir, sizeof(b->dir), "/tmp/sp-box-%d-XXXXXX", getpid());
	cr_assert(mkdtemp(b->dir));
	chmod(b->dir, 0755);
	snprintf(b->layer, sizeof(b->layer), "%s/layer", b->dir);
	snprintf(cache, sizeof(cache), "%s/cache", b->dir);
	for (const char *const *d = (const char *const[]){ "", "/bin", "/etc", "/tmp", NULL }; *d;
	     d++) {
		snprintf(sub, sizeof(sub), "%s%s", b->layer, *d);
		cr_assert_eq(mkdir(sub, 0755), 0);
	}
	box_programs(b->layer);
	box_write(b->layer, "etc/passwd",
		  "root:x:0:0:root:/root:/bin/sh\napp:x:999:998::/home/app:/bin/sh\n");
	box_write(b->layer, "etc/group", "root:x:0:\napp:x:998:\nextra:x:77:root,app\n");
	snprintf(b->cgroup, sizeof(b->cgroup), "sp-test-%d", getpid());
	box_built("bin/spinit", spinit, sizeof(spinit));
	cr_assert_eq(rt_engine_open(&conf, &b->engine, &err), 0, "%s", err.message);
}

static inline void box_close(struct box *b)
{
	char path[512];

	snprintf(path, sizeof(path), "%s%s", rt_engine_cgroups(b->engine)->mount_point,
		 rt_engine_cgroups(b->engine)->path);
	rt_engine_free(b->engine);
	cr_expect_eq(rmdir(path), 0, "%s: %s", path, strerror(errno));
	cr_expect_eq(sp_remove_tree_at(AT_FDCWD, b->dir, NULL), 0);
}

/* A fresh directory for one incarnation. */
static inline void box_run_dir(struct box *b, char ret[PATH_MAX])
{
	snprintf(ret, PATH_MAX, "%s/run-%d", b->dir, ++b->runs);
	cr_assert_eq(mkdir(ret, 0700), 0);
}

/* A spec that runs args on the busybox layer; the caller changes what it tests. */
struct box_spec {
	struct rt_spec spec;
	const char *layers[1];
	char dir[PATH_MAX];
	char id[32];
};

static inline void box_spec(struct box *b, const char *const *args, struct box_spec *s)
{
	*s = (struct box_spec){ .layers = { b->layer } };
	box_run_dir(b, s->dir);
	snprintf(s->id, sizeof(s->id), "box-%d", b->runs);
	s->spec = (struct rt_spec){ .id = s->id,
				    .dir = s->dir,
				    .layers = s->layers,
				    .n_layers = 1,
				    .first_uid = BOX_FIRST_UID,
				    .n_uids = BOX_IDS,
				    .process = { .args = (char *const *)args,
						 .stdin_fd = -1,
						 .stdout_fd = -1,
						 .stderr_fd = -1 } };
}

/* Start what s says, wait for its end, give its output (both streams). Returns its exit status, or
 * the negative result of a refusal, whose message is then in out. */
static inline int box_run_spec(struct box *b, struct box_spec *s, char *out, size_t room)
{
	struct rt_container *c = NULL;
	struct sp_err err = { 0 };
	struct rt_exit x = { 0 };
	size_t used = 0;
	int pipe_fds[2], r;
	ssize_t n;

	cr_assert_eq(pipe2(pipe_fds, O_CLOEXEC), 0);
	s->spec.process.stdout_fd = s->spec.process.stderr_fd = pipe_fds[1];
	r = rt_create(b->engine, &s->spec, &c, &err);
	if (r == 0)
		r = rt_start(c, &err);
	close(pipe_fds[1]);
	while (r == 0 && used < room - 1 &&
	       (n = read(pipe_fds[0], out + used, room - 1 - used)) > 0)
		used += (size_t)n;
	out[used] = '\0';
	close(pipe_fds[0]);
	if (r == 0) {
		cr_assert_eq(rt_reap(c, 10000, &x, &err), 1, "%s", err.message);
		r = x.code;
	} else {
		snprintf(out, room, "%s", err.message);
	}
	if (c)
		cr_expect_eq(rt_destroy(b->engine, c, &err), 0, "%s", err.message);
	return r;
}

static inline int box_sh(struct box *b, const char *script, char *out, size_t room)
{
	const char *args[] = { "/bin/busybox", "sh", "-c", script, NULL };
	struct box_spec s;

	box_spec(b, args, &s);
	return box_run_spec(b, &s, out, room);
}
