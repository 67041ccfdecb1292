/* Runs of agentd-nft and what is left of them; see nft.h. */
#include "netcfg/nft.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/pidfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/path.h"
#include "netcfg/nft_run.h"

#define ENDING_MAX 8 /* runs within one grace period; a further one waits for the first of them */

struct ending {
	pid_t pid;
	int pidfd;
};

struct net_nft {
	int exe;
	struct ending ending[ENDING_MAX]; /* oldest first */
	size_t n_ending;
};

int net_nft_open(const char *program, struct net_nft **ret, struct sp_err *err)
{
	char beside[PATH_MAX];
	struct net_nft *n;
	int r = program ? 0 : sp_path_beside(NET_NFT_PROGRAM, beside, sizeof(beside), err);

	if (r < 0)
		return r;
	n = calloc(1, sizeof(*n));
	if (!n)
		return sp_fail_nomem(err);
	n->exe = open(program ? program : beside, O_PATH | O_CLOEXEC);
	if (n->exe < 0) {
		r = sp_fail_errno(err, errno, "'%s'", program ? program : beside);
		free(n);
		return r;
	}
	*ret = n;
	return 0;
}

/* Returns whether the oldest is gone. flags: 0 waits for its end, WNOHANG does not. */
static bool collect_oldest(struct net_nft *n, int flags)
{
	if (waitpid(n->ending[0].pid, NULL, flags) == 0)
		return false;
	sp_close(&n->ending[0].pidfd);
	n->n_ending--;
	memmove(n->ending, n->ending + 1, n->n_ending * sizeof(*n->ending));
	return true;
}

void net_nft_collect(struct net_nft *n)
{
	while (n->n_ending && collect_oldest(n, WNOHANG))
		;
}

int net_nft_ending(const struct net_nft *n)
{
	return n->n_ending ? n->ending[0].pidfd : -1;
}

void net_nft_free(struct net_nft *n)
{
	if (!n)
		return;
	while (n->n_ending)
		collect_oldest(n, 0);
	sp_close(&n->exe);
	free(n);
}

/* A run that changed nothing ends at once; without a pidfd nobody could be told of the end. */
static void let_end(struct net_nft *n, pid_t pid, bool changed)
{
	int pidfd = changed ? pidfd_open(pid, 0) : -1;

	if (pidfd < 0) {
		waitpid(pid, NULL, 0);
		return;
	}
	if (n->n_ending == ENDING_MAX)
		collect_oldest(n, 0);
	n->ending[n->n_ending++] = (struct ending){ pid, pidfd };
}

int net_nft_run(struct net_nft *n, enum net_nft_verb verb, const char *text,
		struct sp_buf *ret_table, struct net_nft_answer *ret_answer, struct sp_err *err)
{
	pid_t pid;
	int r = net_nft_ask(n->exe, verb, text, ret_table, ret_answer, &pid, err);

	net_nft_collect(n);
	if (pid > 0)
		let_end(n, pid, verb != NET_NFT_LIST);
	return r;
}
