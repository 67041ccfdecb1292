/*
 * System calls that touch nothing but registers.
 *
 * A child made with CLONE_VM shares its parent's memory, errno included, until it calls execve. So
 * it makes its calls here: the result is the kernel's, -errno on failure.
 */
#pragma once

#include <linux/sched.h>
#include <stddef.h>
#include <sys/syscall.h>

/* clone3(2) where the child calls fn(arg) on its own stack (args->stack) and exits with what that
 * returns. The parent gets the pid, or -errno. */
typedef long (*rt_rawclone_fn)(void *arg);

#if defined(__x86_64__)
static inline long rt_rawclone(struct clone_args *args, size_t size, rt_rawclone_fn fn, void *arg)
{
	register rt_rawclone_fn r12 __asm__("r12") = fn;
	register void *r13 __asm__("r13") = arg;
	long ret;

	__asm__ volatile("syscall\n\t"
			 "test %%rax, %%rax\n\t"
			 "jnz 1f\n\t"
			 "xor %%ebp, %%ebp\n\t"
			 "mov %%r13, %%rdi\n\t"
			 "call *%%r12\n\t"
			 "mov %%eax, %%edi\n\t"
			 "mov %[exit], %%eax\n\t"
			 "syscall\n\t"
			 "hlt\n"
			 "1:"
			 : "=a"(ret)
			 : "a"(SYS_clone3), "D"(args), "S"(size), "r"(r12),
			   "r"(r13), [exit] "i"(SYS_exit)
			 : "rcx", "r11", "memory", "cc");
	return ret;
}

static inline long rt_rawcall(long nr, long a, long b, long c, long d, long e)
{
	register long r10 __asm__("r10") = d;
	register long r8 __asm__("r8") = e;
	long ret;

	__asm__ volatile("syscall"
			 : "=a"(ret)
			 : "a"(nr), "D"(a), "S"(b), "d"(c), "r"(r10), "r"(r8)
			 : "rcx", "r11", "memory");
	return ret;
}
#elif defined(__aarch64__)
static inline long rt_rawclone(struct clone_args *args, size_t size, rt_rawclone_fn fn, void *arg)
{
	register long x8 __asm__("x8") = SYS_clone3;
	register long x0 __asm__("x0") = (long)args;
	register long x1 __asm__("x1") = (long)size;
	register rt_rawclone_fn x9 __asm__("x9") = fn;
	register void *x10 __asm__("x10") = arg;

	__asm__ volatile("svc 0\n\t"
			 "cbnz x0, 1f\n\t"
			 "mov x29, xzr\n\t"
			 "mov x0, x10\n\t"
			 "blr x9\n\t"
			 "mov x8, %[exit]\n\t"
			 "svc 0\n\t"
			 "brk 0\n"
			 "1:"
			 : "+r"(x0)
			 : "r"(x8), "r"(x1), "r"(x9), "r"(x10), [exit] "i"(SYS_exit)
			 : "memory", "cc");
	return x0;
}

static inline long rt_rawcall(long nr, long a, long b, long c, long d, long e)
{
	register long x8 __asm__("x8") = nr;
	register long x0 __asm__("x0") = a;
	register long x1 __asm__("x1") = b;
	register long x2 __asm__("x2") = c;
	register long x3 __asm__("x3") = d;
	register long x4 __asm__("x4") = e;

	__asm__ volatile("svc 0"
			 : "+r"(x0)
			 : "r"(x8), "r"(x1), "r"(x2), "r"(x3), "r"(x4)
			 : "memory");
	return x0;
}
#elif !defined(SP_CPPCHECK)
#error "this architecture's system call is not known to runtime/rawcall.h"
#endif
