/* The exec stream; see exec.h. */
#include "wire/exec.h"

#include <assert.h>
#include <endian.h>
#include <string.h>

static void put_frame(struct sp_buf *out, enum wire_exec_channel channel, const void *payload,
		      uint32_t len)
{
	uint32_t be = htobe32(len);

	sp_buf_putc(out, (char)channel);
	sp_buf_append(out, &be, sizeof(be));
	sp_buf_append(out, payload, len);
}

void wire_exec_put(struct sp_buf *out, enum wire_exec_channel channel, const void *payload,
		   size_t len)
{
	const char *at = payload;

	do {
		uint32_t n = len < WIRE_EXEC_PAYLOAD_MAX ? (uint32_t)len : WIRE_EXEC_PAYLOAD_MAX;

		put_frame(out, channel, at, n);
		at = n ? at + n : at;
		len -= n;
	} while (len);
}

void wire_exec_put_window(struct sp_buf *out, uint16_t rows, uint16_t columns)
{
	uint16_t be[2] = { htobe16(rows), htobe16(columns) };

	put_frame(out, WIRE_EXEC_WINDOW, be, sizeof(be));
}

void wire_exec_put_exit(struct sp_buf *out, int32_t status)
{
	uint32_t be = htobe32((uint32_t)status);

	put_frame(out, WIRE_EXEC_EXIT, &be, sizeof(be));
}

void wire_exec_put_signal(struct sp_buf *out, uint8_t signal_number)
{
	put_frame(out, WIRE_EXEC_SIGNAL, &signal_number, sizeof(signal_number));
}

int wire_exec_next(const struct sp_buf *in, struct wire_exec_frame *ret, struct sp_err *err)
{
	uint32_t len;
	unsigned char channel;

	if (in->len < WIRE_EXEC_HEADER)
		return 0;
	channel = (unsigned char)in->data[0];
	memcpy(&len, in->data + 1, sizeof(len));
	len = be32toh(len);
	if (channel > WIRE_EXEC_SIGNAL)
		return sp_fail(err, SP_E_INVALID, "exec stream: unknown channel %u", channel);
	if (len > WIRE_EXEC_PAYLOAD_MAX)
		return sp_fail(err, SP_E_TOO_LARGE, "exec stream: frame of %u bytes", len);
	if (in->len - WIRE_EXEC_HEADER < len)
		return 0;
	*ret = (struct wire_exec_frame){ .channel = (enum wire_exec_channel)channel,
					 .payload = in->data + WIRE_EXEC_HEADER,
					 .len = len,
					 .size = WIRE_EXEC_HEADER + len };
	return 1;
}

static int copy_payload(const struct wire_exec_frame *f, void *ret, size_t len, struct sp_err *err)
{
	if (f->len != len)
		return sp_fail(err, SP_E_INVALID,
			       "exec stream: channel %d carries %u bytes instead of %zu",
			       (int)f->channel, f->len, len);
	memcpy(ret, f->payload, len);
	return 0;
}

int wire_exec_window(const struct wire_exec_frame *f, uint16_t *ret_rows, uint16_t *ret_columns,
		     struct sp_err *err)
{
	uint16_t be[2] = { 0 };
	int r = copy_payload(f, be, sizeof(be), err);

	assert(f->channel == WIRE_EXEC_WINDOW);
	if (r < 0)
		return r;
	*ret_rows = be16toh(be[0]);
	*ret_columns = be16toh(be[1]);
	return 0;
}

int wire_exec_exit(const struct wire_exec_frame *f, int32_t *ret_status, struct sp_err *err)
{
	uint32_t be = 0;
	int r = copy_payload(f, &be, sizeof(be), err);

	assert(f->channel == WIRE_EXEC_EXIT);
	if (r < 0)
		return r;
	*ret_status = (int32_t)be32toh(be);
	return 0;
}

int wire_exec_signal(const struct wire_exec_frame *f, uint8_t *ret_signal, struct sp_err *err)
{
	assert(f->channel == WIRE_EXEC_SIGNAL);
	return copy_payload(f, ret_signal, sizeof(*ret_signal), err);
}
