/*
 * PID 1 of a new container: finish the root file system from inside, leave the host's, start the
 * workload, look after it.
 *
 * The file systems that need no orders are made first: meanwhile the agent prepares the rest.
 */
#include <errno.h>
#include <linux/capability.h>
#include <linux/close_range.h>
#include <net/if.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/stat.h>

#include "runtime/init/channel.h"
#include "runtime/init/files.h"
#include "runtime/init/kernel.h"
#include "runtime/init/mask.h"
#include "runtime/init/modes.h"
#include "runtime/init/mounts.h"
#include "runtime/init/process.h"
#include "runtime/init/reap.h"

#ifndef MNT_DETACH
#define MNT_DETACH 2 /* <sys/mount.h> and <linux/mount.h> exclude each other */
#endif

static int bring_up_loopback(struct sp_err *err)
{
	struct ifreq lo = { .ifr_name = "lo", .ifr_flags = IFF_UP };
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	int r = fd < 0 ? -1 : ioctl(fd, SIOCSIFFLAGS, &lo);

	if (r < 0)
		r = sp_fail_errno(err, errno, "bring up the loopback interface");
	if (fd >= 0)
		close(fd);
	return r;
}

static int set_hostname(const struct init_orders *in, struct sp_err *err)
{
	const char *name = orders_string(in, in->head->hostname);

	if (sethostname(name, strlen(name)) < 0)
		return sp_fail_errno(err, errno, "host name '%s'", name);
	return 0;
}

/* The root goes on top of the host's, then takes its place; the host's, and all below it, leave
 * this namespace. */
static int pivot(int root, struct sp_err *err)
{
	if (fchdir(root) < 0)
		return sp_fail_errno(err, errno, "enter the new root");
	if (syscall(SYS_pivot_root, ".", ".") < 0)
		return sp_fail_errno(err, errno, "pivot_root");
	if (syscall(SYS_umount2, ".", MNT_DETACH) < 0)
		return sp_fail_errno(err, errno, "leave the host's file systems");
	return chdir("/") < 0 ? sp_fail_errno(err, errno, "chdir") : 0;
}

static int build_root(const struct init_mounts *m, const struct init_orders *in, int root,
		      struct sp_err *err)
{
	int r = files_attach(in, root, err); /* its stage comes and goes on top of the root */

	if (r < 0)
		return r;
	if ((r = mounts_attach(m, in, root, err)) < 0 ||
	    (r = mounts_attach_ordered(in, root, err)) < 0)
		return r;
	return mask_apply(m, in, err); /* last, so that nothing lies over a mask */
}

static int set_up(const struct init_mounts *m, const struct init_orders *in, struct process *p,
		  struct sp_err *err)
{
	int root = orders_fd(in, in->head->root_fd), r;

	if (k_attach(root, AT_FDCWD, "/") < 0)
		return sp_fail_errno(err, errno, "attach the root file system");
	if ((r = build_root(m, in, root, err)) < 0 ||
	    (r = process_prepare(in, root, 1, p, err)) < 0 || (r = set_hostname(in, err)) < 0)
		return r;
	if (in->head->read_only && k_mount_attrs(root, MOUNT_ATTR_RDONLY) < 0)
		return sp_fail_errno(err, errno, "make the root file system read-only");
	if ((r = pivot(root, err)) < 0)
		return r;
	return process_confine(in, err);
}

/* The network is wired while the root is built, and its settings may name the container's link. */
static int start(const struct init_mounts *m, const struct init_orders *in, struct process *p,
		 pid_t *ret_pid, struct sp_err *err)
{
	int r;

	channel_await_go();
	r = mounts_sysctls(m, in, err);
	return r < 0 ? r : process_spawn(p, 0, ret_pid, err);
}

/* A descriptor of the orders on a number of its own, below everything that is closed next. */
static int keep(const struct init_orders *in, uint32_t number, int at)
{
	int fd = orders_fd(in, number);

	if (fd < 0)
		close(at);
	return fd < 0 ? -1 : dup3(fd, at, O_CLOEXEC);
}

/* What PID 1 holds from now on: three descriptors at most, one capability, and little memory. */
static void settle(struct init_orders *in, struct reaper *r)
{
	struct sp_err ignored;
	const struct rt_orders *o = in->head;

	r->exit_fd = keep(in, o->exit_fd, 0);
	r->drain[0] = keep(in, o->drain ? o->stdio_fd[1] : RT_NO_FD, 1);
	r->drain[1] = keep(in, o->drain ? o->stdio_fd[2] : RT_NO_FD, 2);
	syscall(SYS_close_range, 3, ~0u, 0);
	channel_forget(in);
	process_set_caps(UINT64_C(1) << CAP_KILL, &ignored);
}

int mode_run(void)
{
	static struct init_orders in;
	struct rt_report report = { .kind = RT_REPORT_STARTED };
	struct sp_err *err = &report.err, early;
	struct process p = { 0 };
	struct init_mounts m;
	struct reaper reaper = { 0 };
	int prepared = mounts_prepare(&m, &early), r;

	if (prepared == 0)
		prepared = bring_up_loopback(&early);
	r = channel_receive(&in, err);
	if (r == 0 && prepared < 0)
		*err = early;
	else if (r == 0)
		r = set_up(&m, &in, &p, err);
	if (r == 0 && prepared == 0)
		r = start(&m, &in, &p, &reaper.workload, err);
	if (r < 0 || prepared < 0)
		report.kind = RT_REPORT_FAILED;
	channel_report(&report, -1);
	if (report.kind == RT_REPORT_FAILED)
		return 1;
	settle(&in, &reaper);
	return reap_until_end(&reaper);
}
