/* The client's frames of an exec session, and its input on the way to the process. */
#include <unistd.h>

#include "agentd/exec_session.h"
#include "base/fd.h"

#define END_OF_INPUT 0x04 /* what a terminal takes for it (VEOF) */

static int on_stdin(struct exec_session *s, const struct wire_exec_frame *f)
{
	if (f->len)
		sp_buf_append(&s->input, f->payload, f->len);
	else if (s->tty)
		sp_buf_putc(&s->input, END_OF_INPUT);
	else
		s->stdin_ends = true;
	return 0;
}

static int on_window(struct exec_session *s, const struct wire_exec_frame *f, struct sp_err *err)
{
	uint16_t rows, columns;
	int r = wire_exec_window(f, &rows, &columns, err);

	if (r < 0 || !s->tty || s->status >= 0)
		return r;
	return rt_exec_resize(s->exec, rows, columns, err);
}

static int on_signal(struct exec_session *s, const struct wire_exec_frame *f, struct sp_err *err)
{
	uint8_t number;
	int r = wire_exec_signal(f, &number, err);

	if (r < 0 || s->status >= 0)
		return r;
	return rt_exec_signal(s->exec, number, err);
}

static int on_frame(struct exec_session *s, const struct wire_exec_frame *f, struct sp_err *err)
{
	switch (f->channel) {
	case WIRE_EXEC_STDIN:
		return on_stdin(s, f);
	case WIRE_EXEC_WINDOW:
		return on_window(s, f, err);
	case WIRE_EXEC_SIGNAL:
		return on_signal(s, f, err);
	case WIRE_EXEC_STDOUT:
	case WIRE_EXEC_STDERR:
	case WIRE_EXEC_EXIT:
	case WIRE_EXEC_ERROR:
		break;
	}
	return sp_fail(err, SP_E_INVALID, "channel %d is not for the client to use",
		       (int)f->channel);
}

int exec_session_frames(struct exec_session *s, struct sp_err *err)
{
	struct wire_exec_frame f;
	int r;

	while ((r = wire_exec_next(&s->received, &f, err)) > 0) {
		r = on_frame(s, &f, err);
		if (r < 0)
			return r;
		sp_buf_consume(&s->received, f.size);
	}
	return r;
}

void exec_session_pump_input(struct exec_session *s)
{
	if (s->stdin_fd < 0)
		sp_buf_clear(&s->input);
	if (s->stdin_fd < 0 || sp_op_busy(&s->input_op))
		return;
	if (!s->input_busy.len && s->input.len) {
		struct sp_buf empty = s->input_busy;

		s->input_busy = s->input;
		s->input = empty;
	}
	if (s->input_busy.len)
		sp_op_write(s->agent->loop, &s->input_op, s->stdin_fd, s->input_busy.data,
			    s->input_busy.len, -1);
	else if (s->stdin_ends)
		sp_close(&s->stdin_fd);
}
