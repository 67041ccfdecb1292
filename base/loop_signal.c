/* Signals on the loop: one signalfd, watched like any other descriptor, and a handler per number.
 */
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/signalfd.h>

#include "base/fd.h"
#include "base/loop_backend.h"

#define SIGNAL_BATCH 8

struct sp_loop_signals {
	int fd;
	sigset_t mask;
	struct sp_op watch;
	struct {
		void (*fn)(int sig, void *owner);
		void *owner;
	} handlers[SP_LOOP_SIGNAL_MAX + 1];
};

static void on_readable(struct sp_op *op, int res, bool more)
{
	struct sp_loop_signals *s = op->owner;
	struct signalfd_siginfo info[SIGNAL_BATCH];
	ssize_t n;

	(void)more;
	if (res < 0)
		return;
	while ((n = read(s->fd, info, sizeof(info))) > 0) {
		for (size_t i = 0; i < (size_t)n / sizeof(info[0]); i++) {
			int sig = (int)info[i].ssi_signo;

			s->handlers[sig].fn(sig, s->handlers[sig].owner);
		}
	}
}

static int open_signals(struct sp_loop *loop, struct sp_err *err)
{
	struct sp_loop_signals *s = calloc(1, sizeof(*s));

	if (!s)
		return sp_fail_nomem(err);
	sigemptyset(&s->mask);
	s->fd = signalfd(-1, &s->mask, SFD_CLOEXEC | SFD_NONBLOCK);
	if (s->fd < 0) {
		free(s);
		return sp_fail_errno(err, errno, "signalfd");
	}
	s->watch = (struct sp_op){ .fn = on_readable, .owner = s };
	loop->signals = s;
	sp_op_poll_many(loop, &s->watch, s->fd, EPOLLIN);
	return 0;
}

int sp_loop_on_signal(struct sp_loop *loop, int sig, void (*fn)(int sig, void *owner), void *owner,
		      struct sp_err *err)
{
	struct sp_loop_signals *s;
	sigset_t one;
	int r;

	if (sig < 1 || sig > SP_LOOP_SIGNAL_MAX)
		return sp_fail(err, SP_E_INVALID, "no signal %d", sig);
	if (!loop->signals && (r = open_signals(loop, err)) < 0)
		return r;
	s = loop->signals;
	sigemptyset(&one);
	sigaddset(&one, sig);
	sigaddset(&s->mask, sig);
	s->handlers[sig].fn = fn;
	s->handlers[sig].owner = owner;
	r = pthread_sigmask(SIG_BLOCK, &one, NULL);
	if (r)
		return sp_fail_errno(err, r, "block signal %d", sig);
	if (signalfd(s->fd, &s->mask, 0) < 0)
		return sp_fail_errno(err, errno, "signalfd for signal %d", sig);
	return 0;
}

void sp_loop_signals_free(struct sp_loop *loop)
{
	if (!loop->signals)
		return;
	sp_close(&loop->signals->fd);
	free(loop->signals);
	loop->signals = NULL;
}
