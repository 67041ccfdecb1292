/*
 * The last step of rt_create(): the mounts that only the host can make, and the orders. Everything
 * made here is a descriptor in the draft of the orders, so there is one thing to undo.
 */
#include "runtime/build.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/mem.h"
#include "runtime/caps.h"
#include "runtime/confine.h"
#include "runtime/devices.h"
#include "runtime/engine_impl.h"
#include "runtime/exit_record.h"
#include "runtime/mounts.h"
#include "runtime/orders.h"
#include "runtime/overlay.h"
#include "runtime/spawn.h"
#include "runtime/steps.h"

#define SHM_BYTES (UINT64_C(64) * 1024 * 1024)

struct build {
	struct rt_engine *engine;
	const struct rt_spec *spec;
	struct rt_container *c;
	struct rt_orders_draft draft;
};

static int begin(void *state, struct sp_err *err)
{
	struct build *b = state;

	rt_orders_init(&b->draft);
	return sp_buf_check(&b->draft.blob, err);
}

static void discard(void *state)
{
	rt_orders_fini(&((struct build *)state)->draft);
}

void rt_build_close_layers(struct rt_container *c)
{
	if (c->layers)
		rt_overlay_layers_close(c->layers, c->n_layers);
	free(c->layers);
	c->layers = NULL;
	c->n_layers = 0;
}

static struct rt_overlay overlay_of(const struct build *b)
{
	return (struct rt_overlay){ .layers = b->spec->layers,
				    .n_layers = b->spec->n_layers,
				    .dirfd = b->c->dirfd,
				    .userns_fd = b->c->userns_fd };
}

static int copy_layers(void *state, struct sp_err *err)
{
	struct build *b = state;
	const struct rt_overlay o = overlay_of(b);
	int r;

	b->c->layers = calloc(o.n_layers + 1, sizeof(*b->c->layers));
	if (!b->c->layers)
		return sp_fail_nomem(err);
	r = rt_overlay_layers(&o, b->c->layers, err);
	if (r < 0) {
		free(b->c->layers);
		b->c->layers = NULL;
		return r;
	}
	b->c->n_layers = o.n_layers;
	return 0;
}

static void close_layers(void *state)
{
	rt_build_close_layers(((struct build *)state)->c);
}

/* Kernels before 6.15 refuse detached layers; what worked once is remembered. */
static int mount_root(void *state, struct sp_err *err)
{
	struct build *b = state;
	const struct rt_overlay o = overlay_of(b);
	struct sp_err detached = { 0 };
	int fd = -EINVAL;

	if (!b->engine->attached_overlays)
		fd = rt_overlay_mount(&o, b->c->layers, false, &detached);
	if (fd == -EINVAL) {
		fd = rt_overlay_mount(&o, b->c->layers, true, err);
		if (fd >= 0)
			b->engine->attached_overlays = true;
	} else if (fd < 0 && err) {
		*err = detached;
	}
	if (fd < 0)
		return fd;
	rt_orders_head(&b->draft)->root_fd = rt_orders_fd_take(&b->draft, fd);
	return 0;
}

static int copy_devices(void *state, struct sp_err *err)
{
	struct build *b = state;
	struct rt_devices own;
	int r = rt_devices_copy(&b->engine->devices, b->c->userns_fd, &own, err);

	if (r < 0)
		return r;
	rt_orders_head(&b->draft)->dev_fd = rt_orders_fd_take(&b->draft, own.dev_fd);
	rt_orders_head(&b->draft)->empty_fd = rt_orders_fd_take(&b->draft, own.empty_fd);
	return 0;
}

static int add_mounts(void *state, struct sp_err *err)
{
	struct build *b = state;
	int r = rt_orders_mounts(&b->draft, b->spec, b->c->userns_fd, err);

	if (r == 0)
		r = rt_orders_files(&b->draft, b->spec, err);
	return r == 0 ? rt_orders_sysctls(&b->draft, b->spec, err) : r;
}

/* A FIFO or pipe becomes the container's; which user's, spinit decides. */
static void give_away(int fd, uint32_t uid)
{
	struct stat st;

	if (fd >= 0 && fstat(fd, &st) == 0 && S_ISFIFO(st.st_mode) && fchown(fd, uid, uid) < 0)
		return; /* it still can be used through the descriptor */
}

static int add_process(void *state, struct sp_err *err)
{
	struct build *b = state;
	const struct rt_process *p = &b->spec->process;

	give_away(p->stdin_fd, b->spec->first_uid);
	give_away(p->stdout_fd, b->spec->first_uid);
	give_away(p->stderr_fd, b->spec->first_uid);
	return rt_orders_confined(b->engine, &b->draft, p, &b->spec->security, b->spec->n_uids,
				  err);
}

static int add_rest(void *state, struct sp_err *err)
{
	struct build *b = state;
	struct rt_slice hostname =
		rt_orders_string(&b->draft, b->spec->hostname ? b->spec->hostname : b->spec->id);
	int fd = rt_exit_record_make(b->c->dirfd, err);
	struct rt_orders *head = rt_orders_head(&b->draft);

	if (fd < 0)
		return fd;
	head->exit_fd = rt_orders_fd_take(&b->draft, fd);
	head->hostname = hostname;
	head->shm_bytes = b->spec->shm_bytes ? b->spec->shm_bytes : SHM_BYTES;
	head->read_only = b->spec->read_only;
	head->drain = b->spec->drain;
	return 0;
}

static void remove_rest(void *state)
{
	unlinkat(((struct build *)state)->c->dirfd, RT_EXIT_FILE, 0);
}

/* From here on spinit is being executed and makes its mounts. */
static int release(void *state, struct sp_err *err)
{
	struct rt_child child = { .socket = ((struct build *)state)->c->socket };

	return rt_child_release(&child, err);
}

/* Nobody there to read them: why, the report will tell to rt_start(). */
static int send_orders(void *state, struct sp_err *err)
{
	struct build *b = state;
	struct sp_err why;
	int r = rt_orders_send(&b->draft, b->c->socket, &why);

	if (r == -EPIPE || r == -ECONNRESET)
		return 0;
	if (r < 0 && err)
		*err = why;
	return r;
}

static const struct rt_step steps[] = {
	{ "orders", begin, discard },
	{ "layers", copy_layers, close_layers },
	{ "root", mount_root, NULL },
	{ "devices", copy_devices, NULL },
	{ "mounts", add_mounts, NULL },
	{ "process", add_process, NULL },
	{ "exit record", add_rest, remove_rest },
	{ "release", release, NULL },
	{ "send", send_orders, NULL },
};

int rt_build(struct rt_engine *e, struct rt_container *c, const struct rt_spec *spec,
	     struct sp_err *err)
{
	struct build b = { .engine = e, .spec = spec, .c = c };
	int r = rt_steps_run(steps, SP_COUNT(steps), &b, err);

	if (r < 0)
		return r;
	discard(&b);
	return 0;
}

void rt_unbuild(struct rt_container *c)
{
	struct build b = { .c = c };

	remove_rest(&b);
	rt_build_close_layers(c);
}
