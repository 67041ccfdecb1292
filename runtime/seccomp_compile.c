/*
 * From the profile to BPF; see seccomp_compile.h.
 *
 * libseccomp makes a binary tree over the numbers. In front of it stand a few instructions of our
 * own, for the calls that depend on an argument: the kernel looks only at the low 32 bits of an
 * ioctl's command, so a comparison of all 64 (which is what libseccomp has) could be bypassed by
 * setting a high one (as in CVE-2019-10063).
 */
#include "runtime/seccomp_compile.h"

#include <assert.h>
#include <errno.h>
#include <linux/audit.h>
#include <linux/capability.h>
#include <linux/filter.h>
#include <linux/sched.h>
#include <linux/seccomp.h>
#include <linux/tiocl.h>
#include <seccomp.h>
#include <stddef.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/mem.h"
#include "runtime/caps.h"
#include "runtime/seccomp_profile.h"

#if defined(__x86_64__)
#define NATIVE_ARCH AUDIT_ARCH_X86_64
#elif defined(__aarch64__)
#define NATIVE_ARCH AUDIT_ARCH_AARCH64
#endif

#define NEW_NAMESPACES                                                                             \
	(CLONE_NEWNS | CLONE_NEWUTS | CLONE_NEWIPC | CLONE_NEWUSER | CLONE_NEWPID | CLONE_NEWNET | \
	 CLONE_NEWCGROUP)

enum arg_test { REFUSE_ANY_BIT, REFUSE_EQUAL, REFUSE_OTHERS };

/* System calls that an argument decides; `unless` is the capability that lifts the rule. */
static const struct arg_rule {
	unsigned int nr, arg;
	enum arg_test test;
	uint64_t unless;
	unsigned int n_values;
	uint32_t values[5];
} arg_rules[] = {
	{ SYS_clone, 0, REFUSE_ANY_BIT, RT_CAP(CAP_SYS_ADMIN), 1, { NEW_NAMESPACES } },
	/* Typing into the terminal of whoever started us (CVE-2017-5226, CVE-2023-28100). */
	{ SYS_ioctl, 1, REFUSE_EQUAL, 0, 2, { TIOCSTI, TIOCLINUX } },
	/* The kernel's crypto and the hypervisor's sockets are not in any namespace. */
	{ SYS_socket, 0, REFUSE_EQUAL, 0, 2, { AF_ALG, AF_VSOCK } },
	/* PER_LINUX, PER_LINUX32, each with UNAME26 or not, and the question what it is. */
	{ SYS_personality, 0, REFUSE_OTHERS, 0, 5, { 0, 8, 0x20000, 0x20008, 0xffffffff } },
};

#define LOAD(what)     BPF_STMT(BPF_LD | BPF_W | BPF_ABS, (uint32_t)(what))
#define RETURN(action) BPF_STMT(BPF_RET | BPF_K, (action))
#define REFUSE         RETURN(SECCOMP_RET_ERRNO | EPERM)

#if __BYTE_ORDER__ != __ORDER_LITTLE_ENDIAN__
#error "the low half of an argument is elsewhere on this architecture"
#endif

static void emit(struct sp_buf *out, struct sock_filter insn)
{
	sp_buf_append(out, &insn, sizeof(insn));
}

/* One rule; falls through to what comes next. */
static void emit_rule(struct sp_buf *out, const struct arg_rule *r)
{
	unsigned int n = r->n_values;
	unsigned int size = n + 2; /* what a call of another number jumps over */
	unsigned int op = r->test == REFUSE_ANY_BIT ? BPF_JSET : BPF_JEQ;

	emit(out, (struct sock_filter)LOAD(offsetof(struct seccomp_data, nr)));
	emit(out, (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, r->nr, 0,
					       (unsigned char)size));
	emit(out, (struct sock_filter)LOAD(offsetof(struct seccomp_data, args) + 8 * r->arg));
	for (unsigned int i = 0; i < n; i++) {
		unsigned int left = n - i - 1; /* tests after this one; then the refusal */
		unsigned int hit = r->test == REFUSE_OTHERS ? left + 1 : left;
		unsigned int miss = r->test != REFUSE_OTHERS && left == 0 ? 1 : 0;

		emit(out, (struct sock_filter)BPF_JUMP(BPF_JMP | op | BPF_K, r->values[i],
						       (unsigned char)hit, (unsigned char)miss));
	}
	emit(out, (struct sock_filter)REFUSE);
}

/* Another architecture's numbers mean other calls: they get ENOSYS at once. */
static void emit_prefix(struct sp_buf *out, uint64_t caps)
{
	emit(out, (struct sock_filter)LOAD(offsetof(struct seccomp_data, arch)));
	emit(out, (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, NATIVE_ARCH, 1, 0));
	emit(out, (struct sock_filter)RETURN(SECCOMP_RET_ERRNO | ENOSYS));
	for (size_t i = 0; i < SP_COUNT(arg_rules); i++)
		if (!(caps & arg_rules[i].unless))
			emit_rule(out, &arg_rules[i]);
}

uint64_t rt_seccomp_caps(uint64_t caps)
{
	uint64_t known = 0;

	for (size_t i = 0; rt_seccomp_grants[i].calls; i++)
		known |= rt_seccomp_grants[i].cap;
	return caps & known;
}

static int is_granted(const char *call, uint64_t caps)
{
	for (size_t i = 0; rt_seccomp_grants[i].calls; i++)
		if (caps & rt_seccomp_grants[i].cap)
			for (const char *const *c = rt_seccomp_grants[i].calls; *c; c++)
				if (!__builtin_strcmp(*c, call))
					return 1;
	return 0;
}

void rt_seccomp_describe(uint64_t caps, struct sp_buf *out)
{
	emit_prefix(out, caps);
	for (const char *const *c = rt_seccomp_allowed; *c; c++)
		sp_buf_printf(out, "+%s", *c);
	for (const char *const *c = rt_seccomp_refused; *c; c++)
		sp_buf_printf(out, "%c%s", is_granted(*c, caps) ? '+' : '-', *c);
}

static int add(scmp_filter_ctx ctx, uint32_t action, const char *call, struct sp_err *err)
{
	int nr = seccomp_syscall_resolve_name(call);
	int r;

	if (nr < 0) /* not on this architecture, or unknown to this libseccomp: stays ENOSYS */
		return 0;
	r = seccomp_rule_add(ctx, action, nr, 0);
	return r < 0 ? sp_fail_errno(err, -r, "seccomp rule for '%s'", call) : 0;
}

static int add_all(scmp_filter_ctx ctx, uint64_t caps, struct sp_err *err)
{
	int r = 0;

	for (const char *const *c = rt_seccomp_allowed; r == 0 && *c; c++)
		r = add(ctx, SCMP_ACT_ALLOW, *c, err);
	for (const char *const *c = rt_seccomp_refused; r == 0 && *c; c++)
		r = add(ctx, is_granted(*c, caps) ? SCMP_ACT_ALLOW : SCMP_ACT_ERRNO(EPERM), *c,
			err);
	return r;
}

/* libseccomp writes to a descriptor; the program goes behind our prefix. */
static int export(scmp_filter_ctx ctx, struct sp_buf *out, struct sp_err *err)
{
	autoclose int fd = memfd_create("seccomp", MFD_CLOEXEC);
	int r;

	if (fd < 0)
		return sp_fail_errno(err, errno, "memfd");
	r = seccomp_export_bpf(ctx, fd);
	if (r < 0)
		return sp_fail_errno(err, -r, "export the seccomp filter");
	if (lseek(fd, 0, SEEK_SET) < 0)
		return sp_fail_errno(err, errno, "lseek");
	return sp_read_all(fd, BPF_MAXINSNS * sizeof(struct sock_filter), out, err);
}

int rt_seccomp_compile(uint64_t caps, struct sp_buf *out, struct sp_err *err)
{
	scmp_filter_ctx ctx = seccomp_init(SCMP_ACT_ERRNO(ENOSYS));
	int r;

	if (!ctx)
		return sp_fail_nomem(err);
	seccomp_attr_set(ctx, SCMP_FLTATR_ACT_BADARCH, SCMP_ACT_ERRNO(ENOSYS));
	seccomp_attr_set(ctx, SCMP_FLTATR_CTL_OPTIMIZE, 2);
	emit_prefix(out, caps);
	r = add_all(ctx, caps, err);
	if (r == 0)
		r = export(ctx, out, err);
	seccomp_release(ctx);
	return r == 0 ? sp_buf_check(out, err) : r;
}
