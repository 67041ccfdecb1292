/*
 * A program for the inside of a container: it tries what an attacker would, and prints what came of
 * it, one "name errno" a line. Static, so that it needs nothing of the root file system.
 */
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/un.h>
#include <unistd.h>

#include "tests/unit/runtime/probe_race.h"

static void tell(const char *name, long r)
{
	int num = errno;

	if (r >= 0)
		printf("%s ok\n", name);
	else if (num == EPERM)
		printf("%s EPERM\n", name);
	else if (num == ENOSYS)
		printf("%s ENOSYS\n", name);
	else if (num == EACCES)
		printf("%s EACCES\n", name);
	else
		printf("%s %s\n", name, strerror(num));
}

#define TRY(nr, ...) tell(#nr, syscall(SYS_##nr, __VA_ARGS__))

static void refused_calls(void)
{
	TRY(keyctl, 0, -3, 0, 0, 0);
	TRY(add_key, "user", "k", "v", 1, -3);
	TRY(request_key, "user", "k", NULL, -3);
	TRY(bpf, 0, NULL, 0);
	TRY(perf_event_open, NULL, 0, -1, -1, 0);
	TRY(userfaultfd, 0);
	TRY(open_by_handle_at, -1, NULL, 0);
	TRY(io_uring_setup, 1, NULL);
	TRY(io_uring_enter, -1, 0, 0, 0, NULL);
	TRY(kexec_load, 0, 0, NULL, 0);
	TRY(init_module, NULL, 0, "");
	TRY(finit_module, -1, "", 0);
	TRY(delete_module, "x", 0);
	TRY(mount, "none", "/tmp", "tmpfs", 0, NULL);
	TRY(umount2, "/proc", 2);
	TRY(fsopen, "tmpfs", 0);
	TRY(open_tree, -100, "/", 1);
	TRY(move_mount, -1, "", -100, "/tmp", 4);
	TRY(mount_setattr, -100, "/", 0, NULL, 0);
	TRY(pivot_root, ".", ".");
	TRY(unshare, CLONE_NEWUSER);
	TRY(setns, 0, 0);
	TRY(reboot, 0, 0, 0, NULL);
	TRY(swapon, "/x", 0);
	TRY(acct, NULL);
	TRY(quotactl, 0, "", 0, NULL);
	TRY(syslog, 3, NULL, 0);
	TRY(settimeofday, NULL, NULL);
	TRY(sethostname, "x", 1);
	TRY(clone, CLONE_NEWUSER | 17, NULL, NULL, NULL, NULL);
	TRY(clone, CLONE_NEWNET | 17, NULL, NULL, NULL, NULL);
	TRY(ioctl, 0, (unsigned long)TIOCSTI, "x");
	TRY(ioctl, 0, UINT64_C(0x100000000) | TIOCSTI, "x");
	TRY(ioctl, 0, 0x541cul, "\2");
	TRY(socket, AF_VSOCK, SOCK_STREAM, 0);
	TRY(socket, 38, SOCK_SEQPACKET, 0);
	TRY(personality, 0x40000);
	TRY(mknodat, -100, "/tmp/mem", S_IFCHR | 0600, makedev(1, 1));
}

static void unknown_calls(void)
{
	TRY(clone3, NULL, 0);
	tell("number-9999", syscall(9999));
#if defined(__x86_64__)
	long r;

	tell("x32", syscall(0x40000000 | SYS_getpid));
	__asm__ volatile("int $0x80" : "=a"(r) : "a"(20L) : "memory");
	errno = r < 0 ? (int)-r : 0;
	tell("int80", r < 0 ? -1 : 0);
#endif
}

/* spinit, seen from inside by root. */
static void init_process(void)
{
	char target[256];

	tell("read-exe", open("/proc/1/exe", O_RDONLY));
	tell("write-exe", open("/proc/1/exe", O_WRONLY));
	tell("link-exe", readlink("/proc/1/exe", target, sizeof(target)));
	tell("mem", open("/proc/1/mem", O_RDWR));
	tell("environ", open("/proc/1/environ", O_RDONLY));
	tell("fd", open("/proc/1/fd/0", O_RDONLY));
	tell("root", open("/proc/1/root/etc", O_RDONLY));
	tell("ptrace", ptrace(PTRACE_SEIZE, 1, NULL, NULL));
	tell("getfd", syscall(SYS_pidfd_getfd, syscall(SYS_pidfd_open, 1, 0), 0, 0));
}

static void descriptors(void)
{
	for (int fd = 3; fd < 4096; fd++)
		if (fcntl(fd, F_GETFD) >= 0)
			printf("fd %d\n", fd);
}

static void abstract_socket(const char *name)
{
	struct sockaddr_un a = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);

	snprintf(a.sun_path + 1, sizeof(a.sun_path) - 1, "%s", name);
	tell("connect", connect(fd, (struct sockaddr *)&a,
				(socklen_t)(sizeof(a.sun_family) + 1 + strlen(name))));
}

/* Take memory until someone minds. */
static void eat_memory(void)
{
	for (;;) {
		char *p = malloc(1 << 20);

		if (p)
			memset(p, 1, 1 << 20);
	}
}

int main(int argc, char **argv)
{
	const char *what = argc > 1 ? argv[1] : "";

	setvbuf(stdout, NULL, _IOLBF, 0);
	if (!strcmp(what, "refused"))
		refused_calls();
	else if (!strcmp(what, "unknown"))
		unknown_calls();
	else if (!strcmp(what, "init"))
		init_process();
	else if (!strcmp(what, "fds"))
		descriptors();
	else if (!strcmp(what, "abstract") && argc > 2)
		abstract_socket(argv[2]);
	else if (!strcmp(what, "eat"))
		eat_memory();
	else if (!strcmp(what, "exchange") && argc > 3)
		race_exchange(argv[2], argv[3]);
	else if (!strcmp(what, "cover") && argc > 2)
		race_cover(argv[2]);
	else if (!strcmp(what, "keep"))
		race_keep();
	else if (!strcmp(what, "hunt"))
		race_hunt();
	return 0;
}
