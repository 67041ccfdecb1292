/*
 * An exec session; see exec_session.h. One poll loop over stdin, the stream, and a signalfd for
 * SIGWINCH (tty) or SIGINT, SIGTERM, SIGHUP (no tty: passed on to the command).
 */
#include "ctl/exec_session.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/json.h"
#include "base/mem.h"
#include "ctl/ctl.h"
#include "ctl/terminal.h"
#include "wire/exec.h"

#define CHUNK       (16 * 1024)
#define OUTBOX_HIGH (256 * 1024) /* bytes unsent above which stdin is not read */

struct session {
	struct sp_httpc_duplex *stream;
	const struct ctl_exec_conf *conf;
	struct sp_buf inbox, outbox;
	bool input_open;
	bool deaf; /* the other side takes no more: what it said before that is still to be read */
	int signals; /* signalfd */
	int status;  /* of the command, once `over` */
	bool over;
};

/* What the terminal, or whoever signals ctl, says goes to the command. */
static int open_signals(bool tty, struct sp_err *err)
{
	sigset_t set;
	int fd;

	sigemptyset(&set);
	sigaddset(&set, tty ? SIGWINCH : SIGINT);
	if (!tty) {
		sigaddset(&set, SIGTERM);
		sigaddset(&set, SIGHUP);
	}
	sigprocmask(SIG_BLOCK, &set, NULL);
	fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	return fd < 0 ? sp_fail_errno(err, errno, "signalfd") : fd;
}

static void on_signals(struct session *s)
{
	struct signalfd_siginfo info;
	uint16_t rows, columns;

	while (read(s->signals, &info, sizeof(info)) == sizeof(info)) {
		if (info.ssi_signo != SIGWINCH) {
			wire_exec_put_signal(&s->outbox, (uint8_t)info.ssi_signo);
			continue;
		}
		ctl_terminal_size(STDIN_FILENO, &rows, &columns);
		wire_exec_put_window(&s->outbox, rows, columns);
	}
}

static void on_input(struct session *s)
{
	char chunk[CHUNK];
	ssize_t n = read(STDIN_FILENO, chunk, sizeof(chunk));

	if (n < 0 && (errno == EINTR || errno == EAGAIN))
		return;
	s->input_open = n > 0;
	wire_exec_put(&s->outbox, WIRE_EXEC_STDIN, chunk, n > 0 ? (size_t)n : 0);
}

/* A command may end without having read all: a stream that takes no more is read to its end. */
static int flush_outbox(struct session *s, struct sp_err *err)
{
	if (s->deaf)
		sp_buf_clear(&s->outbox);
	while (s->outbox.len) {
		ssize_t n = sp_httpc_duplex_send(s->stream, s->outbox.data, s->outbox.len);

		if (n == -EAGAIN)
			return 0;
		s->deaf = n < 0;
		if (s->deaf)
			sp_buf_clear(&s->outbox);
		else
			sp_buf_consume(&s->outbox, (size_t)n);
	}
	return sp_buf_check(&s->outbox, err);
}

static int refused(const struct wire_exec_frame *f, struct wire_failure *fail)
{
	autojson json_t *json = NULL;
	const json_t *inner;

	if (sp_json_parse(f->payload, f->len, &json, &fail->err) < 0)
		return sp_err_prefix(&fail->err, "exec stream");
	inner = json_object_get(json, "error");
	wire_failure_decode(inner ? inner : json, fail);
	if (!fail->err.code)
		sp_fail(&fail->err, SP_E_INTERNAL, "exec stream: an error without a code");
	return sp_err_return(&fail->err);
}

static int on_frame(struct session *s, const struct wire_exec_frame *f, struct wire_failure *fail)
{
	switch (f->channel) {
	case WIRE_EXEC_STDOUT:
		sp_write_all(STDOUT_FILENO, f->payload, f->len);
		return 0;
	case WIRE_EXEC_STDERR:
		sp_write_all(STDERR_FILENO, f->payload, f->len);
		return 0;
	case WIRE_EXEC_EXIT:
		s->over = true;
		return wire_exec_exit(f, &s->status, &fail->err);
	case WIRE_EXEC_ERROR:
		return refused(f, fail);
	case WIRE_EXEC_STDIN:
	case WIRE_EXEC_WINDOW:
	case WIRE_EXEC_SIGNAL:
		break;
	}
	return sp_fail(&fail->err, SP_E_INVALID, "exec stream: channel %d from the server",
		       (int)f->channel);
}

static int take_frames(struct session *s, struct wire_failure *fail)
{
	struct wire_exec_frame f;
	int r;

	while (!s->over && (r = wire_exec_next(&s->inbox, &f, &fail->err)) != 0) {
		if (r > 0)
			r = on_frame(s, &f, fail);
		if (r < 0)
			return r;
		sp_buf_consume(&s->inbox, f.size);
	}
	return 0;
}

/* All that is there: TLS may hold bytes that poll does not see. */
static int drain_stream(struct session *s, struct wire_failure *fail)
{
	while (!s->over) {
		char *to = sp_buf_reserve(&s->inbox, CHUNK);
		ssize_t n = to ? sp_httpc_duplex_recv(s->stream, to, CHUNK) : 0;
		int r;

		if (!to)
			return sp_buf_check(&s->inbox, &fail->err);
		if (n == -EAGAIN)
			return 0;
		if (n <= 0)
			return sp_fail(&fail->err, SP_E_UNREACHABLE,
				       "exec stream: ended before the command did");
		sp_buf_commit(&s->inbox, (size_t)n);
		r = take_frames(s, fail);
		if (r < 0)
			return r;
	}
	return 0;
}

static int one_round(struct session *s, struct wire_failure *fail)
{
	bool read_input = s->input_open && s->outbox.len < OUTBOX_HIGH;
	struct pollfd p[] = {
		{ .fd = sp_httpc_duplex_fd(s->stream),
		  .events = (short)(POLLIN | (s->outbox.len ? POLLOUT : 0)) },
		{ .fd = s->signals, .events = POLLIN },
		{ .fd = read_input ? STDIN_FILENO : -1, .events = POLLIN },
	};
	int r = drain_stream(s, fail);

	if (r < 0 || s->over)
		return r;
	if (poll(p, SP_COUNT(p), -1) < 0 && errno != EINTR)
		return sp_fail_errno(&fail->err, errno, "poll");
	if (p[1].revents)
		on_signals(s);
	if (p[2].revents)
		on_input(s);
	return flush_outbox(s, &fail->err);
}

static int run_rounds(struct session *s, struct wire_failure *fail)
{
	int r = 0;

	if (!s->conf->input)
		wire_exec_put(&s->outbox, WIRE_EXEC_STDIN, NULL, 0);
	if (s->conf->tty)
		r = ctl_terminal_raw(STDIN_FILENO, &fail->err);
	if (r == 0)
		r = flush_outbox(s, &fail->err);
	while (r == 0 && !s->over)
		r = one_round(s, fail);
	ctl_terminal_restore();
	return r;
}

int ctl_exec_run(struct sp_httpc_duplex *stream, const struct ctl_exec_conf *conf,
		 struct wire_failure *fail)
{
	struct session s = { .stream = stream, .conf = conf, .input_open = conf->input };
	int r;

	s.signals = open_signals(conf->tty, &fail->err);
	if (s.signals < 0)
		return s.signals;
	r = run_rounds(&s, fail);
	close(s.signals);
	sp_buf_fini(&s.inbox);
	sp_buf_fini(&s.outbox);
	return r < 0 ? r : s.status & 0xff;
}
