/*
 * The exec stream: frames over an upgraded connection, both ways (docs/api.md, "exec stream").
 *
 * A frame is one byte of channel, four bytes of length (big endian), payload. The writer splits
 * what is longer than WIRE_EXEC_PAYLOAD_MAX; the reader refuses it, so neither side can be made to
 * buffer more than one frame.
 */
#pragma once

#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"

#define WIRE_EXEC_PROTOCOL    "stackpilot-exec/1"
#define WIRE_EXEC_HEADER      5
#define WIRE_EXEC_PAYLOAD_MAX (64u * 1024)

enum wire_exec_channel {
	WIRE_EXEC_STDIN, /* empty payload: end of input */
	WIRE_EXEC_STDOUT,
	WIRE_EXEC_STDERR,
	WIRE_EXEC_WINDOW, /* rows and columns */
	WIRE_EXEC_EXIT,   /* status, or 128 + signal; the last frame */
	WIRE_EXEC_ERROR,  /* the JSON of a failure; the last frame */
	WIRE_EXEC_SIGNAL, /* one signal number */
};

struct wire_exec_frame {
	enum wire_exec_channel channel;
	const char *payload; /* borrowed from the buffer it was read from */
	uint32_t len;
	size_t size; /* header and payload: consume this many bytes when done with the frame */
};

/* Append as many frames as the payload needs; a payload of no bytes is one empty frame. */
void wire_exec_put(struct sp_buf *out, enum wire_exec_channel channel, const void *payload,
		   size_t len);
void wire_exec_put_window(struct sp_buf *out, uint16_t rows, uint16_t columns);
void wire_exec_put_exit(struct sp_buf *out, int32_t status);
void wire_exec_put_signal(struct sp_buf *out, uint8_t signal_number);

/* The first frame of in: 1 with *ret filled, 0 while it is incomplete, -errno for an unknown
 * channel or a length over the cap. */
int wire_exec_next(const struct sp_buf *in, struct wire_exec_frame *ret, struct sp_err *err);

/* The numbers of a WINDOW, EXIT or SIGNAL frame; a payload of another size is SP_E_INVALID. */
int wire_exec_window(const struct wire_exec_frame *f, uint16_t *ret_rows, uint16_t *ret_columns,
		     struct sp_err *err);
int wire_exec_exit(const struct wire_exec_frame *f, int32_t *ret_status, struct sp_err *err);
int wire_exec_signal(const struct wire_exec_frame *f, uint8_t *ret_signal, struct sp_err *err);
