/* An allow-list over libseccomp; see confine_calls.h. */
#include "images/confine_calls.h"

#include <errno.h>
#include <seccomp.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include "base/mem.h"

static const int allowed[] = {
	/* the archive, and the files that come out of it */
	SCMP_SYS(read), SCMP_SYS(write), SCMP_SYS(lseek), SCMP_SYS(close), SCMP_SYS(fcntl),
	SCMP_SYS(openat), SCMP_SYS(openat2), SCMP_SYS(getdents64), SCMP_SYS(fstat),
	SCMP_SYS(newfstatat), SCMP_SYS(mkdirat), SCMP_SYS(unlinkat), SCMP_SYS(linkat),
	SCMP_SYS(symlinkat), SCMP_SYS(ftruncate), SCMP_SYS(fchown), SCMP_SYS(fchownat),
	SCMP_SYS(fchmod), SCMP_SYS(fsetxattr), SCMP_SYS(utimensat),
	/* memory, and what the C library does on its own */
	SCMP_SYS(brk), SCMP_SYS(munmap), SCMP_SYS(mremap), SCMP_SYS(madvise), SCMP_SYS(futex),
	SCMP_SYS(getrandom), SCMP_SYS(clock_gettime), SCMP_SYS(rt_sigreturn),
	SCMP_SYS(restart_syscall), SCMP_SYS(exit_group)
};

/* Allowed when one argument, masked, is as it should be. */
static const struct {
	int call;
	struct scmp_arg_cmp when;
} allowed_when[] = {
	{ SCMP_SYS(mmap), { 2, SCMP_CMP_MASKED_EQ, PROT_EXEC, 0 } },
	{ SCMP_SYS(mprotect), { 2, SCMP_CMP_MASKED_EQ, PROT_EXEC, 0 } },
	{ SCMP_SYS(mknodat), { 2, SCMP_CMP_MASKED_EQ, S_IFMT, S_IFIFO } },
};

static int add_rules(scmp_filter_ctx filter)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < SP_COUNT(allowed); i++)
		r = seccomp_rule_add(filter, SCMP_ACT_ALLOW, allowed[i], 0);
	for (size_t i = 0; r == 0 && i < SP_COUNT(allowed_when); i++)
		r = seccomp_rule_add_array(filter, SCMP_ACT_ALLOW, allowed_when[i].call, 1,
					   &allowed_when[i].when);
	if (r == 0) /* the whiteout */
		r = seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(mknodat), 2,
				     SCMP_A2(SCMP_CMP_MASKED_EQ, S_IFMT, S_IFCHR),
				     SCMP_A3(SCMP_CMP_EQ, 0));
	return r;
}

int img_confine_calls(struct sp_err *err)
{
	scmp_filter_ctx filter = seccomp_init(SCMP_ACT_ERRNO(EPERM));
	int r = filter ? add_rules(filter) : -ENOMEM;

	if (r == 0)
		r = seccomp_load(filter);
	seccomp_release(filter);
	return r < 0 ? sp_fail_errno(err, -r, "filter the system calls") : 0;
}
