/*
 * One run of agentd-nft; see nft_run.h.
 *
 * posix_spawn(3) shares the memory until the program is executed, so that no page table is copied.
 * Every descriptor of ours is O_CLOEXEC: the program has its two streams, and our messages' one.
 */
#include "netcfg/nft_run.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/pidfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/fd.h"
#include "netcfg/nft.h"

#define READ_BYTES   4096
#define FIRST_OF_OWN 3 /* descriptors below are the program's streams */

static const char *const verbs[] = {
#define X(sym, name) [NET_NFT_##sym] = name,
	NET_NFT_VERBS(X)
#undef X
};

/* Memory that reads as a file, so that a long text cannot block whoever writes it. */
static int told_fd(const struct sp_buf *told, struct sp_err *err)
{
	autoclose int fd = memfd_create("rules", MFD_CLOEXEC);

	if (fd < 0)
		return sp_fail_errno(err, errno, "memory for the rules");
	if (sp_write_all(fd, told->data, told->len) < 0 || lseek(fd, 0, SEEK_SET) < 0)
		return sp_fail_errno(err, errno, "write the rules");
	return take_fd(fd);
}

/* None of our handlers, masks and ignored signals. */
static int plain_signals(posix_spawnattr_t *attr)
{
	sigset_t none, all;
	int r;

	sigemptyset(&none);
	sigfillset(&all);
	r = posix_spawnattr_setsigmask(attr, &none);
	if (r == 0)
		r = posix_spawnattr_setsigdefault(attr, &all);
	if (r == 0)
		r = posix_spawnattr_setflags(attr, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
	return r;
}

static int spawn(int exe, enum net_nft_verb verb, int told, int answer, pid_t *ret)
{
	char path[32], *argv[] = { (char *)NET_NFT_PROGRAM, (char *)verbs[verb], NULL };
	char *envp[] = { NULL };
	posix_spawn_file_actions_t streams;
	posix_spawnattr_t attr;
	int r;

	snprintf(path, sizeof(path), "/proc/self/fd/%d", exe);
	posix_spawn_file_actions_init(&streams);
	posix_spawnattr_init(&attr);
	r = plain_signals(&attr);
	if (r == 0)
		r = posix_spawn_file_actions_adddup2(&streams, told, STDIN_FILENO);
	if (r == 0)
		r = posix_spawn_file_actions_adddup2(&streams, answer, STDOUT_FILENO);
	if (r == 0)
		r = posix_spawn(ret, path, &streams, &attr, argv, envp);
	posix_spawnattr_destroy(&attr);
	posix_spawn_file_actions_destroy(&streams);
	return r;
}

/* Returns our end of the answer, whose writer is the program alone. */
static int start(int exe, enum net_nft_verb verb, int told, pid_t *ret, struct sp_err *err)
{
	autoclose int ours = -1, theirs = -1;
	int ends[2], r;

	if (pipe2(ends, O_CLOEXEC) < 0)
		return sp_fail_errno(err, errno, "pipe");
	ours = ends[0];
	theirs = ends[1];
	r = sp_fd_set_nonblock(ours, err);
	if (r < 0)
		return r;
	r = told < FIRST_OF_OWN || theirs < FIRST_OF_OWN ? EBADF
							 : spawn(exe, verb, told, theirs, ret);
	return r ? sp_fail_errno(err, r, "start " NET_NFT_PROGRAM) : take_fd(ours);
}

int net_nft_run_start(struct net_nft_run *run, int exe, enum net_nft_verb verb,
		      const struct sp_buf *told, struct sp_err *err)
{
	autoclose int input = told_fd(told, err), answer = -1;
	pid_t pid;
	int pidfd;

	if (input < 0)
		return input;
	answer = start(exe, verb, input, &pid, err);
	if (answer < 0)
		return answer;
	pidfd = pidfd_open(pid, 0);
	if (pidfd < 0) {
		int num = errno;

		kill(pid, SIGKILL);
		waitpid(pid, NULL, 0);
		return sp_fail_errno(err, num, "pidfd of " NET_NFT_PROGRAM);
	}
	*run = (struct net_nft_run){ .pid = pid, .pidfd = pidfd, .answer = take_fd(answer) };
	return 0;
}

/* 1: more may come; 0: that was the end. */
static int receive(struct net_nft_run *run, struct sp_err *err)
{
	for (;;) {
		char *room = sp_buf_reserve(&run->said, READ_BYTES);
		ssize_t n = room ? read(run->answer, room, READ_BYTES) : 0;

		if (!room)
			return sp_buf_check(&run->said, err);
		if (n < 0 && errno == EAGAIN)
			return 1;
		if (n < 0 && errno != EINTR)
			return sp_fail_errno(err, errno, "read");
		if (n == 0)
			return sp_buf_check(&run->said, err);
		sp_buf_commit(&run->said, n < 0 ? 0 : (size_t)n);
		if (run->said.len > NET_NFT_TABLE_MAX)
			return sp_fail(err, SP_E_TOO_LARGE, "the table has more than %d bytes",
				       NET_NFT_TABLE_MAX);
	}
}

int net_nft_run_read(struct net_nft_run *run, struct net_nft_answer *ret_answer,
		     struct sp_buf *ret_table, struct sp_err *err)
{
	int r = receive(run, err);

	if (r != 0)
		return r;
	if (run->said.len < sizeof(*ret_answer))
		return sp_fail(err, SP_E_INTERNAL, "ended without an answer");
	memcpy(ret_answer, run->said.data, sizeof(*ret_answer));
	sp_buf_consume(&run->said, sizeof(*ret_answer));
	sp_buf_fini(ret_table);
	*ret_table = run->said;
	run->said = (struct sp_buf)SP_BUF_INIT;
	return 0;
}
