/*
 * spinit: PID 1 of every container, and the way into a running one.
 *
 *	main     a clean process: no dump, default signals, all of them blocked
 *	run      PID 1: mounts, mask, files -> pivot_root -> process -> reap
 *	exec     one more process: pty -> process
 *	channel  orders from the agent, one report back
 *	target   every path of the container
 *	user     who to be (database: /etc/passwd, /etc/group)
 *	process  confinement, for both modes; spawn: the child itself
 *
 * The agent starts it in namespaces ready made, with a socket as its only descriptor. It is static
 * and small, since one stays in every container.
 */
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "runtime/init/modes.h"
#include "runtime/init/orders.h"

/* Ignored signals survive an execve, so the agent's habits must not become the workload's. By
 * system calls: the C library keeps three real-time signals to itself. */
static void default_signals(void)
{
	static const unsigned long
		plain[4]; /* the kernel's struct: handler, flags, restorer, mask */

	for (int sig = 1; sig < NSIG; sig++)
		syscall(SYS_rt_sigaction, sig, plain, NULL, 8);
}

/* Whatever is opened from here on must not land on a standard descriptor, where the workload's
 * streams will go. */
static void occupy_stdio(void)
{
	for (int fd = 0; fd < RT_INIT_SOCKET; fd++)
		dup3(RT_INIT_SOCKET, fd, O_CLOEXEC);
}

int main(int argc, char **argv)
{
	static const char usage[] = "spinit is started by agentd\n";

	if (argc != 2 || fcntl(RT_INIT_SOCKET, F_SETFD, FD_CLOEXEC) < 0)
		return write(2, usage, sizeof(usage) - 1) < 0 ? 1 : 64;
	prctl(PR_SET_NAME, "spinit", 0, 0, 0);
	prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
	umask(022);
	occupy_stdio();
	default_signals();
	return strcmp(argv[1], "exec") ? mode_run() : mode_exec();
}
