/* The exec stream: what is put comes out again, in pieces too; what is malformed is refused. */
#include "wire/exec.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <string.h>

Test(exec_stream, a_frame_is_channel_length_payload)
{
	autobuf struct sp_buf b = SP_BUF_INIT;

	wire_exec_put(&b, WIRE_EXEC_STDOUT, "hi", 2);
	cr_assert_eq(b.len, 7);
	cr_expect_arr_eq(b.data, "\x01\0\0\0\x02hi", 7);
}

Test(exec_stream, an_incomplete_frame_is_waited_for_at_every_length)
{
	autobuf struct sp_buf whole = SP_BUF_INIT;
	struct wire_exec_frame f;

	wire_exec_put(&whole, WIRE_EXEC_STDERR, "abc", 3);
	for (size_t n = 0; n < whole.len; n++) {
		autobuf struct sp_buf part = SP_BUF_INIT;

		sp_buf_append(&part, whole.data, n);
		cr_expect_eq(wire_exec_next(&part, &f, NULL), 0, "%zu bytes", n);
	}
	cr_assert_eq(wire_exec_next(&whole, &f, NULL), 1);
	cr_expect_eq(f.channel, WIRE_EXEC_STDERR);
	cr_expect_eq(f.len, 3);
	cr_expect_eq(f.size, whole.len);
	cr_expect_arr_eq(f.payload, "abc", 3);
}

Test(exec_stream, a_long_payload_is_split_and_an_empty_one_is_a_frame)
{
	static char big[2 * WIRE_EXEC_PAYLOAD_MAX + 1];
	autobuf struct sp_buf b = SP_BUF_INIT;
	struct wire_exec_frame f;
	uint32_t lens[4] = { 0 };

	wire_exec_put(&b, WIRE_EXEC_STDIN, big, sizeof(big));
	wire_exec_put(&b, WIRE_EXEC_STDIN, NULL, 0);
	for (int i = 0; i < 4; i++) {
		cr_assert_eq(wire_exec_next(&b, &f, NULL), 1);
		lens[i] = f.len;
		sp_buf_consume(&b, f.size);
	}
	cr_expect_eq(b.len, 0);
	cr_expect_eq(lens[0], WIRE_EXEC_PAYLOAD_MAX);
	cr_expect_eq(lens[1], WIRE_EXEC_PAYLOAD_MAX);
	cr_expect_eq(lens[2], 1);
	cr_expect_eq(lens[3], 0);
}

Test(exec_stream, numbers_survive_the_journey)
{
	autobuf struct sp_buf b = SP_BUF_INIT;
	struct wire_exec_frame f;
	uint16_t rows, columns;
	int32_t status;
	uint8_t signal_number;

	wire_exec_put_window(&b, 50, 300);
	wire_exec_put_exit(&b, -1);
	wire_exec_put_signal(&b, 15);
	cr_assert_eq(wire_exec_next(&b, &f, NULL), 1);
	cr_assert_eq(wire_exec_window(&f, &rows, &columns, NULL), 0);
	sp_buf_consume(&b, f.size);
	cr_assert_eq(wire_exec_next(&b, &f, NULL), 1);
	cr_assert_eq(wire_exec_exit(&f, &status, NULL), 0);
	sp_buf_consume(&b, f.size);
	cr_assert_eq(wire_exec_next(&b, &f, NULL), 1);
	cr_assert_eq(wire_exec_signal(&f, &signal_number, NULL), 0);
	cr_expect_eq(rows, 50);
	cr_expect_eq(columns, 300);
	cr_expect_eq(status, -1);
	cr_expect_eq(signal_number, 15);
}

Test(exec_stream, an_unknown_channel_a_huge_length_and_a_short_number_are_refused)
{
	autobuf struct sp_buf channel = SP_BUF_INIT, huge = SP_BUF_INIT, brief = SP_BUF_INIT;
	struct wire_exec_frame f;
	int32_t status = 7;

	sp_buf_append(&channel, "\x07\0\0\0\0", 5);
	cr_expect_eq(wire_exec_next(&channel, &f, NULL), -EINVAL);
	sp_buf_append(&huge, "\x01\0\x01\0\x01", 5);
	cr_expect_eq(wire_exec_next(&huge, &f, NULL), -E2BIG);
	wire_exec_put(&brief, WIRE_EXEC_EXIT, "ab", 2);
	cr_assert_eq(wire_exec_next(&brief, &f, NULL), 1);
	cr_expect_eq(wire_exec_exit(&f, &status, NULL), -EINVAL);
	cr_expect_eq(status, 7);
}
