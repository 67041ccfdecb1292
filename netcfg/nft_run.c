/*
 * One run of agentd-nft; see nft_run.h.
 *
 * posix_spawn(3) shares the memory until the program is executed, so that no page table is copied.
 * Every descriptor of ours is O_CLOEXEC: the program has its two streams, and our messages' one.
 */
#include "netcfg/nft_run.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/time.h"
#include "netcfg/nft.h"

#define READ_BYTES   4096
#define FIRST_OF_OWN 3 /* descriptors below are the program's streams */

static const char *const verbs[] = {
#define X(sym, name) [NET_NFT_##sym] = name,
	NET_NFT_VERBS(X)
#undef X
};

/* Memory that reads as a file, so that a long text cannot block whoever writes it. */
static int text_fd(const char *text, struct sp_err *err)
{
	autoclose int fd = memfd_create("rules", MFD_CLOEXEC);

	if (fd < 0)
		return sp_fail_errno(err, errno, "memory for the rules");
	if (sp_write_all(fd, text, strlen(text)) < 0 || lseek(fd, 0, SEEK_SET) < 0)
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

static int spawn(int exe, enum net_nft_verb verb, int text, int answer, pid_t *ret)
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
		r = posix_spawn_file_actions_adddup2(&streams, text, STDIN_FILENO);
	if (r == 0)
		r = posix_spawn_file_actions_adddup2(&streams, answer, STDOUT_FILENO);
	if (r == 0)
		r = posix_spawn(ret, path, &streams, &attr, argv, envp);
	posix_spawnattr_destroy(&attr);
	posix_spawn_file_actions_destroy(&streams);
	return r;
}

/* Returns our end of the answer, whose writer is the program alone. */
static int start(int exe, enum net_nft_verb verb, const char *text, pid_t *ret, struct sp_err *err)
{
	autoclose int told = text_fd(text, err), ours = -1, theirs = -1;
	int ends[2], r;

	if (told < 0)
		return told;
	if (pipe2(ends, O_CLOEXEC) < 0)
		return sp_fail_errno(err, errno, "pipe");
	ours = ends[0];
	theirs = ends[1];
	r = told < FIRST_OF_OWN || theirs < FIRST_OF_OWN ? EBADF
							 : spawn(exe, verb, told, theirs, ret);
	return r ? sp_fail_errno(err, r, "start " NET_NFT_PROGRAM) : take_fd(ours);
}

static int wait_readable(int fd, int64_t until_ns, struct sp_err *err)
{
	struct pollfd p = { .fd = fd, .events = POLLIN };
	int64_t left = until_ns - sp_time_mono_ns();
	int r = left > 0 ? poll(&p, 1, (int)(left / SP_NS_PER_MS) + 1) : 0;

	if (r < 0 && errno != EINTR)
		return sp_fail_errno(err, errno, "poll");
	if (r == 0)
		return sp_fail(err, SP_E_TIMEOUT, "no answer in %d s", NET_NFT_PATIENCE_MS / 1000);
	return 0;
}

/* All that it says, up to the end. */
static int receive(int fd, struct sp_buf *out, struct sp_err *err)
{
	int64_t until_ns = sp_time_mono_ns() + NET_NFT_PATIENCE_MS * SP_NS_PER_MS;

	for (;;) {
		int r = wait_readable(fd, until_ns, err);
		char *room = r < 0 ? NULL : sp_buf_reserve(out, READ_BYTES);
		ssize_t n = room ? read(fd, room, READ_BYTES) : 0;

		if (r < 0 || !room)
			return r < 0 ? r : sp_buf_check(out, err);
		if (n < 0 && errno != EINTR)
			return sp_fail_errno(err, errno, "read");
		if (n == 0)
			return sp_buf_check(out, err);
		sp_buf_commit(out, n < 0 ? 0 : (size_t)n);
		if (out->len > NET_NFT_TABLE_MAX)
			return sp_fail(err, SP_E_TOO_LARGE, "the table has more than %d bytes",
				       NET_NFT_TABLE_MAX);
	}
}

static int take_answer(struct sp_buf *told, struct net_nft_answer *ret, struct sp_err *err)
{
	if (told->len < sizeof(*ret))
		return sp_fail(err, SP_E_INTERNAL, "ended without an answer");
	memcpy(ret, told->data, sizeof(*ret));
	sp_buf_consume(told, sizeof(*ret));
	return 0;
}

int net_nft_ask(int exe, enum net_nft_verb verb, const char *text, struct sp_buf *ret_table,
		struct net_nft_answer *ret_answer, pid_t *ret_pid, struct sp_err *err)
{
	autoclose int answer = start(exe, verb, text, ret_pid, err);
	struct sp_err why = { 0 };
	int r;

	if (answer < 0) {
		*ret_pid = 0;
		return answer;
	}
	sp_buf_clear(ret_table);
	r = receive(answer, ret_table, &why);
	if (r == 0)
		r = take_answer(ret_table, ret_answer, &why);
	if (r < 0) {
		kill(*ret_pid, SIGKILL);
		waitpid(*ret_pid, NULL, 0);
		*ret_pid = 0;
		sp_err_prefix(&why, NET_NFT_PROGRAM);
	} else if (ret_answer->result < 0) {
		why = ret_answer->err;
		r = ret_answer->result;
	}
	if (r < 0 && err)
		*err = why;
	return r;
}
