/*
 * The second half of a launch: the mounts that only the host can make, the orders, and spinit's
 * answer. See container.h. Everything made here is a descriptor in the draft of the orders, so
 * there is one thing to undo.
 */
#include <errno.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/mem.h"
#include "runtime/caps.h"
#include "runtime/confine.h"
#include "runtime/container.h"
#include "runtime/devices.h"
#include "runtime/engine_impl.h"
#include "runtime/exit_record.h"
#include "runtime/mounts.h"
#include "runtime/orders.h"
#include "runtime/overlay.h"
#include "runtime/steps.h"

#define SHM_BYTES (UINT64_C(64) * 1024 * 1024)

struct start {
	struct rt_engine *engine;
	const struct rt_spec *spec;
	struct rt_container *c;
	struct rt_orders_draft draft;
	int layers[RT_LAYERS_MAX];
};

static int begin(void *state, struct sp_err *err)
{
	struct start *s = state;

	rt_orders_init(&s->draft);
	return sp_buf_check(&s->draft.blob, err);
}

static void discard(void *state)
{
	rt_orders_fini(&((struct start *)state)->draft);
}

static struct rt_overlay overlay_of(const struct start *s)
{
	return (struct rt_overlay){ .layers = s->spec->layers,
				    .n_layers = s->spec->n_layers,
				    .dirfd = s->c->dirfd,
				    .userns_fd = s->c->userns_fd };
}

static int copy_layers(void *state, struct sp_err *err)
{
	struct start *s = state;
	const struct rt_overlay o = overlay_of(s);

	return rt_overlay_layers(&o, s->layers, err);
}

static void close_layers(void *state)
{
	struct start *s = state;

	rt_overlay_layers_close(s->layers, s->spec->n_layers);
}

/* Kernels before 6.15 refuse detached layers; what worked once is remembered. */
static int mount_root(void *state, struct sp_err *err)
{
	struct start *s = state;
	const struct rt_overlay o = overlay_of(s);
	struct sp_err detached = { 0 };
	int fd = -EINVAL;

	if (!s->engine->attached_overlays)
		fd = rt_overlay_mount(&o, s->layers, false, &detached);
	if (fd == -EINVAL) {
		fd = rt_overlay_mount(&o, s->layers, true, err);
		if (fd >= 0)
			s->engine->attached_overlays = true;
	} else if (fd < 0 && err) {
		*err = detached;
	}
	if (fd < 0)
		return fd;
	rt_orders_head(&s->draft)->root_fd = rt_orders_fd_take(&s->draft, fd);
	return 0;
}

static int copy_devices(void *state, struct sp_err *err)
{
	struct start *s = state;
	struct rt_devices own;
	int r = rt_devices_copy(&s->engine->devices, s->c->userns_fd, &own, err);

	if (r < 0)
		return r;
	rt_orders_head(&s->draft)->dev_fd = rt_orders_fd_take(&s->draft, own.dev_fd);
	rt_orders_head(&s->draft)->empty_fd = rt_orders_fd_take(&s->draft, own.empty_fd);
	return 0;
}

static int add_mounts(void *state, struct sp_err *err)
{
	struct start *s = state;
	int r = rt_orders_mounts(&s->draft, s->spec, s->c->userns_fd, err);

	if (r == 0)
		r = rt_orders_files(&s->draft, s->spec, err);
	return r == 0 ? rt_orders_sysctls(&s->draft, s->spec, err) : r;
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
	struct start *s = state;
	const struct rt_process *p = &s->spec->process;

	give_away(p->stdin_fd, s->spec->first_uid);
	give_away(p->stdout_fd, s->spec->first_uid);
	give_away(p->stderr_fd, s->spec->first_uid);
	return rt_orders_confined(s->engine, &s->draft, p, &s->spec->security, s->spec->n_uids,
				  err);
}

static int add_rest(void *state, struct sp_err *err)
{
	struct start *s = state;
	struct rt_slice hostname =
		rt_orders_string(&s->draft, s->spec->hostname ? s->spec->hostname : s->spec->id);
	int fd = rt_exit_record_make(s->c->dirfd, err);
	struct rt_orders *head = rt_orders_head(&s->draft);

	if (fd < 0)
		return fd;
	head->exit_fd = rt_orders_fd_take(&s->draft, fd);
	head->hostname = hostname;
	head->shm_bytes = s->spec->shm_bytes ? s->spec->shm_bytes : SHM_BYTES;
	head->read_only = s->spec->read_only;
	head->drain = s->spec->drain;
	return 0;
}

static void remove_rest(void *state)
{
	unlinkat(((struct start *)state)->c->dirfd, RT_EXIT_FILE, 0);
}

/* Nobody there to read them: why, the report will tell. */
static int send_orders(void *state, struct sp_err *err)
{
	struct start *s = state;
	struct sp_err why;
	int r = rt_orders_send(&s->draft, s->c->socket, &why);

	if (r == -EPIPE || r == -ECONNRESET)
		return 0;
	if (r < 0 && err)
		*err = why;
	return r;
}

static int await_report(void *state, struct sp_err *err)
{
	struct start *s = state;
	struct rt_report report;
	int fd = -1, r = rt_report_receive(s->c->socket, &report, &fd, err);

	sp_close(&fd);
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
	{ "send", send_orders, NULL },
	{ "report", await_report, NULL },
};

/* spinit has been executed, or is dead: its stack and what only a start needs can go. */
static void end_of_start(struct rt_container *c)
{
	sp_close(&c->socket);
	sp_close(&c->userns_fd);
	free(c->stack);
	c->stack = NULL;
}

int rt_start(struct rt_engine *e, struct rt_container *c, const struct rt_spec *spec,
	     struct sp_err *err)
{
	struct start s = { .engine = e, .spec = spec, .c = c };
	int r = rt_steps_run(steps, SP_COUNT(steps), &s, err);

	if (r < 0) {
		rt_kill(c, NULL);
		return r;
	}
	close_layers(&s);
	discard(&s);
	end_of_start(c);
	c->started = true;
	return 0;
}
