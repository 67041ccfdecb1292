/* Runs of agentd-nft and what is left of them; see nft.h. */
#include "netcfg/nft.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/list.h"
#include "base/path.h"
#include "base/time.h"
#include "netcfg/nft_run.h"

/* A run that is over, and whose process has not ended. */
struct ending {
	struct sp_list link;
	pid_t pid;
	int pidfd;
};

struct net_nft {
	int exe;
	struct net_nft_run run;
	struct sp_list ending; /* oldest first */
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
	sp_list_init(&n->ending);
	n->run.answer = n->run.pidfd = -1;
	n->exe = open(program ? program : beside, O_PATH | O_CLOEXEC);
	if (n->exe < 0) {
		r = sp_fail_errno(err, errno, "'%s'", program ? program : beside);
		free(n);
		return r;
	}
	*ret = n;
	return 0;
}

/* flags: 0 waits for its end, WNOHANG does not. */
static void collect(struct ending *e, int flags)
{
	if (waitpid(e->pid, NULL, flags) == 0)
		return;
	sp_list_remove(&e->link);
	close(e->pidfd);
	free(e);
}

static void collect_all(struct net_nft *n, int flags)
{
	struct ending *e;

	SP_LIST_EACH (&n->ending, e, link)
		collect(e, flags);
}

void net_nft_collect(struct net_nft *n)
{
	collect_all(n, WNOHANG);
}

int net_nft_ending(const struct net_nft *n)
{
	return sp_list_empty(&n->ending)
		       ? -1
		       : sp_container_of(n->ending.next, struct ending, link)->pidfd;
}

/* Without memory to put it by, it stays a zombie until we are gone. */
static void let_end(struct net_nft *n)
{
	struct ending *e = malloc(sizeof(*e));

	sp_close(&n->run.answer);
	sp_buf_fini(&n->run.said);
	if (e) {
		e->pid = n->run.pid;
		e->pidfd = take_fd(n->run.pidfd);
		sp_list_append(&n->ending, &e->link);
	}
	sp_close(&n->run.pidfd);
	n->run.pid = 0;
	net_nft_collect(n);
}

static void kill_run(struct net_nft *n)
{
	kill(n->run.pid, SIGKILL);
	let_end(n);
}

void net_nft_free(struct net_nft *n)
{
	if (!n)
		return;
	if (n->run.pid)
		kill_run(n);
	collect_all(n, 0);
	sp_close(&n->exe);
	free(n);
}

int net_nft_begin(struct net_nft *n, enum net_nft_verb verb, const struct sp_buf *told,
		  struct sp_err *err)
{
	assert(!n->run.pid);
	return net_nft_run_start(&n->run, n->exe, verb, told, err);
}

int net_nft_fd(const struct net_nft *n)
{
	return n->run.answer;
}

int net_nft_read(struct net_nft *n, struct sp_buf *ret_table, struct net_nft_answer *ret_answer,
		 struct sp_err *err)
{
	struct sp_err why = { 0 };
	int r = net_nft_run_read(&n->run, ret_answer, ret_table, &why);

	if (r > 0)
		return r;
	if (r < 0) {
		kill_run(n);
		sp_err_prefix(&why, NET_NFT_PROGRAM);
	} else {
		let_end(n);
		why = ret_answer->err;
		r = ret_answer->result;
	}
	if (r < 0 && err)
		*err = why;
	return r;
}

int net_nft_give_up(struct net_nft *n, struct sp_err *err)
{
	kill_run(n);
	return sp_fail(err, SP_E_TIMEOUT, NET_NFT_PROGRAM ": no answer in %d s",
		       NET_NFT_PATIENCE_MS / 1000);
}

int net_nft_wait(struct net_nft *n, struct sp_buf *ret_table, struct net_nft_answer *ret_answer,
		 struct sp_err *err)
{
	int64_t until_ns = sp_time_mono_ns() + NET_NFT_PATIENCE_MS * SP_NS_PER_MS;
	int r;

	while ((r = net_nft_read(n, ret_table, ret_answer, err)) > 0) {
		struct pollfd p = { .fd = n->run.answer, .events = POLLIN };
		int64_t left = until_ns - sp_time_mono_ns();

		if (left <= 0 || poll(&p, 1, (int)(left / SP_NS_PER_MS) + 1) == 0)
			return net_nft_give_up(n, err);
	}
	return r;
}

int net_nft_ask(struct net_nft *n, enum net_nft_verb verb, const struct sp_buf *told,
		struct sp_buf *ret_table, struct net_nft_answer *ret_answer, struct sp_err *err)
{
	int r = net_nft_begin(n, verb, told, err);

	return r < 0 ? r : net_nft_wait(n, ret_table, ret_answer, err);
}
