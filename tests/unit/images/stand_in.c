/*
 * In agentd-unpack's place: looks at what it is given, or lies in what it tells. The first byte of
 * the "layer" says which.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "images/unpack_task.h"

extern char **environ;

/* Descriptors besides 0..2 and the three. */
static int strangers(void)
{
	int n = 0;

	for (int fd = IMG_UNPACK_FDS_END; fd < 1024; fd++)
		n += fcntl(fd, F_GETFD) >= 0;
	return n;
}

static int ignored_signals(void)
{
	struct sigaction now;
	int n = 0;

	for (int sig = 1; sig < NSIG; sig++)
		n += sigaction(sig, NULL, &now) == 0 && now.sa_handler != SIG_DFL;
	return n;
}

static int look_around(int argc)
{
	int n_strangers = strangers();
	sigset_t blocked, none;
	FILE *f =
		fdopen(openat(IMG_UNPACK_ROOT, "found", O_WRONLY | O_CREAT | O_CLOEXEC, 0644), "w");
	size_t vars = 0;

	while (environ && environ[vars])
		vars++;
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, NULL, &blocked);
	fprintf(f, "argc %d, environment %zu, descriptors %d, pid %d, signals %d, mask %d", argc,
		vars, n_strangers, (int)getpid(), ignored_signals(),
		memcmp(&blocked, &none, 8) != 0);
	return fclose(f) != 0;
}

/* An error that is none of ours, and no end to its text. */
static int tell_nonsense(struct img_unpack_task *task)
{
	task->err.code = 9999;
	task->err.num = -1;
	memset(task->err.message, 'x', sizeof(task->err.message));
	return 1;
}

static int claim_opaque(struct img_unpack_task *task)
{
	task->opaque.len = UINT32_MAX;
	return 0;
}

/* A name that leads out. */
static int point_outside(struct img_unpack_task *task)
{
	task->opaque.len = sizeof("../../../../tmp");
	memcpy(task->opaque.names, "../../../../tmp", sizeof("../../../../tmp"));
	return 0;
}

int main(int argc, char **argv)
{
	struct img_unpack_task *task =
		mmap(NULL, sizeof(*task), PROT_READ | PROT_WRITE, MAP_SHARED, IMG_UNPACK_TASK, 0);
	char what = '\0';

	(void)argv;
	if (task == MAP_FAILED || read(IMG_UNPACK_BLOB, &what, 1) != 1)
		return 1;
	switch (what) {
	case 'l':
		return look_around(argc);
	case 'n':
		return tell_nonsense(task);
	case 'o':
		return claim_opaque(task);
	case 'p':
		return point_outside(task);
	case 'c': /* cut the memory short under its other owner */
		return ftruncate(IMG_UNPACK_TASK, 0) == 0 ? 0 : tell_nonsense(task);
	default:
		__builtin_trap();
	}
}
