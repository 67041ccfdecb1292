/* See exec_session.h. */
#include "agentd/exec_session.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "agentd/exec_leftover.h"
#include "agentd/watch.h"
#include "base/fd.h"
#include "base/httpd.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/time.h"

#define DRAIN_NS  (SP_NS_PER_S / 2)
#define LINGER_NS (5 * SP_NS_PER_S)

static void pump(struct exec_session *s);

static bool is_idle(const struct exec_session *s)
{
	return !sp_op_busy(&s->output[0].op) && !sp_op_busy(&s->output[1].op) &&
	       !sp_op_busy(&s->input_op) && !sp_op_busy(&s->receive_op) && !sp_op_busy(&s->send_op);
}

static void release(struct exec_session *s)
{
	sp_close(&s->output[0].fd);
	sp_close(&s->output[1].fd);
	sp_close(&s->stdin_fd);
	sp_buf_fini(&s->input);
	sp_buf_fini(&s->input_busy);
	sp_buf_fini(&s->received);
	sp_buf_fini(&s->to_send);
	sp_buf_fini(&s->send_busy);
	if (s->upgrade)
		sp_httpd_upgrade_done(s->upgrade);
	sp_list_remove(&s->link);
	free(s);
}

void exec_session_close(struct exec_session *s)
{
	if (!s->closing) {
		s->closing = true;
		sp_timer_cancel(&s->drain);
		watch_drop(take_ptr(s->ended));
		exec_leftover_end(s->agent, take_ptr(s->exec));
		sp_op_cancel(&s->output[0].op);
		sp_op_cancel(&s->output[1].op);
		sp_op_cancel(&s->input_op);
		sp_op_cancel(&s->receive_op);
		sp_op_cancel(&s->send_op);
	}
	if (is_idle(s))
		release(s);
}

/* The client goes once it has read how it ended. Closed before that, with a word of the client's
 * still unread, the connection would be reset, and the exit frame lost with it. */
static void linger(struct exec_session *s)
{
	if (!s->lingering) {
		s->lingering = true;
		exec_leftover_end(s->agent, take_ptr(s->exec));
		if (sp_timer_arm_in(s->agent->loop, &s->drain, LINGER_NS) < 0) {
			exec_session_close(s);
			return;
		}
	}
	pump(s);
}

static bool output_is_over(const struct exec_session *s)
{
	return s->output[0].fd < 0 && s->output[1].fd < 0;
}

/* Say how it ended once nothing more will be printed; close once that is said. */
static void finish_when_done(struct exec_session *s)
{
	if (s->status >= 0 && output_is_over(s) && !s->exit_sent) {
		wire_exec_put_exit(&s->to_send, s->status);
		s->exit_sent = true;
		pump(s);
	}
}

static void on_output(struct sp_op *op, int res, bool more)
{
	struct exec_output *o = op->owner;
	struct exec_session *s = o->session;

	(void)more;
	if (s->closing) {
		exec_session_close(s);
		return;
	}
	if (res > 0)
		wire_exec_put(&s->to_send, o->channel, o->data, (size_t)res);
	else if (res != -EAGAIN && res != -EINTR)
		sp_close(&o->fd); /* the end; a pty says it with EIO */
	pump(s);
}

static void on_sent(struct sp_op *op, int res, bool more)
{
	struct exec_session *s = op->owner;

	(void)more;
	if (s->closing || (res < 0 && res != -EAGAIN && res != -EINTR)) {
		exec_session_close(s);
		return;
	}
	if (res > 0)
		sp_buf_consume(&s->send_busy, (size_t)res);
	if (s->exit_sent && !s->send_busy.len && !s->to_send.len)
		linger(s);
	else
		pump(s);
}

static void on_received(struct sp_op *op, int res, bool more)
{
	struct exec_session *s = op->owner;
	struct sp_err err = { 0 };

	(void)more;
	if (s->closing || (res <= 0 && res != -EAGAIN && res != -EINTR)) {
		exec_session_close(s);
		return;
	}
	if (res > 0)
		sp_buf_append(&s->received, s->socket_data, (size_t)res);
	if (exec_session_frames(s, &err) < 0) {
		sp_log(SP_LOG_WARN, "exec.protocol", SP_ERR(&err));
		exec_session_close(s);
		return;
	}
	pump(s);
}

static void pump_outputs(struct exec_session *s)
{
	for (int i = 0; i < 2; i++) {
		struct exec_output *o = &s->output[i];

		if (o->fd >= 0 && !sp_op_busy(&o->op) && s->to_send.len < EXEC_BUFFER_HIGH)
			sp_op_read(s->agent->loop, &o->op, o->fd, o->data, sizeof(o->data), -1);
	}
}

static void pump_socket(struct exec_session *s)
{
	if (sp_op_busy(&s->send_op) == false) {
		if (!s->send_busy.len && s->to_send.len) {
			struct sp_buf empty = s->send_busy;

			s->send_busy = s->to_send;
			s->to_send = empty;
		}
		if (s->send_busy.len)
			sp_op_write(s->agent->loop, &s->send_op, s->socket, s->send_busy.data,
				    s->send_busy.len, -1);
	}
	if (!sp_op_busy(&s->receive_op) && s->input.len < EXEC_BUFFER_HIGH)
		sp_op_read(s->agent->loop, &s->receive_op, s->socket, s->socket_data,
			   sizeof(s->socket_data), -1);
}

/* Start every operation that has something to do. */
static void pump(struct exec_session *s)
{
	if (s->closing)
		return;
	if (sp_buf_check(&s->to_send, NULL) < 0 || sp_buf_check(&s->input, NULL) < 0) {
		exec_session_close(s);
		return;
	}
	pump_outputs(s);
	exec_session_pump_input(s);
	finish_when_done(s);
	pump_socket(s);
}

static void on_drained(struct sp_timer *t)
{
	struct exec_session *s = t->owner;

	if (s->lingering) {
		exec_session_close(s);
		return;
	}
	for (int i = 0; i < 2; i++)
		sp_op_cancel(&s->output[i].op); /* comes back with -ECANCELED: the end */
}

static void on_ended(void *owner)
{
	struct exec_session *s = owner;
	int status = 255;

	s->ended = NULL;
	if (rt_exec_reap(s->exec, 0, &status, NULL) < 0)
		sp_log(SP_LOG_WARN, "exec.reap");
	s->status = status;
	if (sp_timer_arm_in(s->agent->loop, &s->drain, DRAIN_NS) < 0)
		on_drained(&s->drain);
	pump(s);
}

static void on_input_written(struct sp_op *op, int res, bool more)
{
	struct exec_session *s = op->owner;

	(void)more;
	if (s->closing) {
		exec_session_close(s);
		return;
	}
	if (res > 0) {
		sp_buf_consume(&s->input_busy, (size_t)res);
	} else if (res != -EAGAIN && res != -EINTR) { /* it reads no more: what comes is dropped */
		sp_close(&s->stdin_fd);
		sp_buf_clear(&s->input_busy);
	}
	pump(s);
}

static void init_op(struct sp_op *op, sp_op_fn fn, void *owner)
{
	op->fn = fn;
	op->owner = owner;
}

int exec_session_new(struct agent *a, struct rt_exec *exec, bool tty, const int fds[3],
		     struct exec_session **ret, struct sp_err *err)
{
	struct exec_session *s = calloc(1, sizeof(*s));

	if (!s)
		return sp_fail_nomem(err);
	*s = (struct exec_session){
		.agent = a, .exec = exec, .tty = tty, .status = -1, .stdin_fd = fds[0], .socket = -1
	};
	for (int i = 0; i < 2; i++) {
		s->output[i].session = s;
		s->output[i].fd = fds[1 + i];
		s->output[i].channel = i ? WIRE_EXEC_STDERR : WIRE_EXEC_STDOUT;
		init_op(&s->output[i].op, on_output, &s->output[i]);
	}
	init_op(&s->input_op, on_input_written, s);
	init_op(&s->receive_op, on_received, s);
	init_op(&s->send_op, on_sent, s);
	s->drain = (struct sp_timer){ .fn = on_drained, .owner = s };
	sp_list_init(&s->link);
	sp_list_append(&a->sessions, &s->link);
	*ret = s;
	return 0;
}

void exec_session_begin(struct exec_session *s, int socket, const char *early, size_t early_len,
			void *upgrade)
{
	struct sp_err err = { 0 };
	int r;

	s->socket = socket;
	s->upgrade = upgrade;
	if (socket < 0 || s->closing) {
		exec_session_close(s);
		return;
	}
	sp_buf_append(&s->received, early, early_len);
	r = exec_session_frames(s, &err);
	if (r >= 0)
		r = watch_new(s->agent->loop, s->exec->pidfd, EPOLLIN, on_ended, s, &s->ended,
			      &err);
	if (r < 0) {
		sp_log(SP_LOG_WARN, "exec.begin", SP_ERR(&err));
		exec_session_close(s);
		return;
	}
	pump(s);
}
