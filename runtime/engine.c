/* The runtime of one agent; see engine.h. */
#include "runtime/engine.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/fd.h"
#include "base/mem.h"
#include "base/str.h"
#include "runtime/engine_impl.h"
#include "runtime/leftover.h"
#include "runtime/spinit.h"

SP_AUTO(struct rt_engine *, rt_engine_free)

static int read_boot_id(char ret[RT_BOOT_ID_MAX], struct sp_err *err)
{
	autobuf struct sp_buf text = SP_BUF_INIT;
	int r = sp_file_read_at(AT_FDCWD, "/proc/sys/kernel/random/boot_id", 128, &text, err);

	if (r == 0)
		snprintf(ret, RT_BOOT_ID_MAX, "%s", sp_str_trim(text.data));
	return r;
}

static int read_oom_score(int *ret, struct sp_err *err)
{
	autobuf struct sp_buf text = SP_BUF_INIT;
	int64_t value = 0;
	int r = sp_file_read_at(AT_FDCWD, "/proc/self/oom_score_adj", 64, &text, err);

	if (r == 0)
		r = sp_parse_i64(sp_str_trim(text.data), &value, err);
	*ret = (int)value;
	return r;
}

int rt_engine_open(const struct rt_engine_conf *conf, struct rt_engine **ret, struct sp_err *err)
{
	auto_(rt_engine_free) struct rt_engine *e = calloc(1, sizeof(*e));
	const char *parent = conf->cgroup_parent ? conf->cgroup_parent : "stackpilot";
	int r;

	if (!e)
		return sp_fail_nomem(err);
	sp_list_init(&e->leftovers);
	if (conf->files) {
		e->set_files = true;
		e->files = *conf->files;
	}
	e->cgroups.dirfd = e->spinit_fd = e->devices.dev_fd = e->devices.empty_fd = -1;
	if ((r = read_boot_id(e->boot_id, err)) < 0 ||
	    (r = read_oom_score(&e->oom_score_adj, err)) < 0 ||
	    (r = rt_cgroup_root_open(parent, &e->cgroups, err)) < 0 ||
	    (r = e->spinit_fd = rt_spinit_load(conf->spinit_path, err)) < 0 ||
	    (r = rt_devices_make(&e->devices, err)) < 0 ||
	    (r = rt_seccomp_cache_new(conf->cache_dir, &e->filters, err)) < 0)
		return r;
	*ret = take_ptr(e);
	return 0;
}

void rt_engine_free(struct rt_engine *e)
{
	if (!e)
		return;
	rt_leftovers_forget(e);
	rt_seccomp_cache_free(e->filters);
	rt_devices_close(&e->devices);
	sp_close(&e->spinit_fd);
	rt_cgroup_root_close(&e->cgroups);
	free(e);
}

const struct rt_cgroup_root *rt_engine_cgroups(const struct rt_engine *e)
{
	return &e->cgroups;
}
