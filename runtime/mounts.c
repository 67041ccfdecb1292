/* The mounts, files and sysctls of a spec as orders; see mounts.h. */
#include "runtime/mounts.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/mount.h>
#include <sys/stat.h>

#include "base/fd.h"
#include "base/mem.h"
#include "base/str.h"
#include "runtime/idmap.h"
#include "runtime/spec_check.h"

/* A port below 1024 is nothing special in a network namespace of one's own. */
static const struct rt_sysctl any_port = { "net.ipv4.ip_unprivileged_port_start", "0" };

static int bind_order(struct rt_orders_draft *d, const struct rt_mount *m, int userns_fd,
		      struct rt_order_mount *ret, struct sp_err *err)
{
	uint64_t attrs = MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV;
	struct stat st;
	int fd;

	if (!m->source || m->source[0] != '/')
		return sp_fail(err, SP_E_INVALID, "mount source '%s' is not absolute",
			       m->source ? m->source : "");
	attrs |= (m->read_only ? MOUNT_ATTR_RDONLY : 0) | (m->no_exec ? MOUNT_ATTR_NOEXEC : 0);
	if (m->plain_ids)
		userns_fd = -1;
	fd = m->type == RT_MOUNT_OPEN
		     ? rt_mount_clone_fd(m->source_fd, m->source, attrs, userns_fd, err)
		     : rt_mount_clone(m->source, true, attrs, userns_fd, err);
	if (fd < 0)
		return fd;
	ret->kind = RT_ORDER_FD;
	ret->fd = rt_orders_fd_take(d, fd);
	if (fstat(fd, &st) < 0)
		return sp_fail_errno(err, errno, "'%s'", m->source);
	ret->is_dir = S_ISDIR(st.st_mode);
	return 0;
}

static int mount_order(struct rt_orders_draft *d, const struct rt_mount *m, int userns_fd,
		       struct rt_order_mount *ret, struct sp_err *err)
{
	*ret = (struct rt_order_mount){ .target = rt_orders_string(d, m->target),
					.kind = RT_ORDER_TMPFS,
					.fd = RT_NO_FD,
					.is_dir = 1,
					.read_only = m->read_only,
					.no_exec = m->no_exec,
					.mode = m->mode,
					.size_bytes = m->size_bytes };
	return m->type == RT_MOUNT_TMPFS ? 0 : bind_order(d, m, userns_fd, ret, err);
}

int rt_orders_mounts(struct rt_orders_draft *d, const struct rt_spec *spec, int userns_fd,
		     struct sp_err *err)
{
	autofree struct rt_order_mount *list = calloc(spec->n_mounts + 1, sizeof(*list));
	struct rt_slice slice;
	int r = list ? 0 : sp_fail_nomem(err);

	for (size_t i = 0; r == 0 && i < spec->n_mounts; i++)
		r = mount_order(d, &spec->mounts[i], userns_fd, &list[i], err);
	if (r < 0)
		return r;
	slice = rt_orders_array(d, list, spec->n_mounts, sizeof(*list));
	rt_orders_head(d)->mounts = slice;
	return 0;
}

int rt_orders_files(struct rt_orders_draft *d, const struct rt_spec *spec, struct sp_err *err)
{
	autofree struct rt_order_file *list = calloc(spec->n_files + 1, sizeof(*list));
	struct rt_slice slice;

	if (!list)
		return sp_fail_nomem(err);
	for (size_t i = 0; i < spec->n_files; i++) {
		const struct rt_file *f = &spec->files[i];

		list[i] = (struct rt_order_file){ .target = rt_orders_string(d, f->target),
						  .content = rt_orders_bytes(d, f->content, f->len),
						  .mode = f->mode,
						  .uid = f->uid,
						  .gid = f->gid };
	}
	slice = rt_orders_array(d, list, spec->n_files, sizeof(*list));
	rt_orders_head(d)->files = slice;
	return 0;
}

static int sysctl_order(struct rt_orders_draft *d, const struct rt_sysctl *s,
			struct rt_order_sysctl *ret, struct sp_err *err)
{
	char path[200];
	int r = rt_sysctl_path(s->key, path, sizeof(path), err);

	if (r < 0)
		return r;
	ret->path = rt_orders_string(d, path);
	ret->value = rt_orders_string(d, s->value);
	return 0;
}

int rt_orders_sysctls(struct rt_orders_draft *d, const struct rt_spec *spec, struct sp_err *err)
{
	struct rt_order_sysctl list[RT_SYSCTLS_MAX + 1];
	bool ports_named = false;
	struct rt_slice slice;
	size_t n = 0;
	int r = 0;

	for (size_t i = 0; r == 0 && i < spec->n_sysctls; i++) {
		ports_named |= sp_str_eq(spec->sysctls[i].key, any_port.key);
		r = sysctl_order(d, &spec->sysctls[i], &list[n++], err);
	}
	if (r == 0 && !ports_named)
		r = sysctl_order(d, &any_port, &list[n++], err);
	if (r < 0)
		return r;
	slice = rt_orders_array(d, list, n, sizeof(list[0]));
	rt_orders_head(d)->sysctls = slice;
	return 0;
}
