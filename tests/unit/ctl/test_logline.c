/* Container output: CRI lines in, whole messages out, however the bytes are cut. */
#include "ctl/logline.h"

#include <criterion/criterion.h>
#include <string.h>

static int collect(void *owner, const char *stamp, const char *text, size_t len)
{
	struct sp_buf *out = owner;

	sp_buf_printf(out, "[%s|%.*s]", stamp, (int)len, text);
	return 0;
}

#define S "2026-11-21T00:00:00.000000001Z"

Test(logline, the_header_is_taken_off_and_anything_else_is_text)
{
	static const char *const plain[] = { "",
					     "hello world",
					     "2026-11-21T00:00:00Z stdin F x",
					     S " stdout X text",
					     S " stdout F",
					     "a b c d" };
	struct ctl_logline l = ctl_logline_parse(S " stderr F a  b", strlen(S " stderr F a  b"));

	cr_expect_eq(l.stamp_len, 30);
	cr_expect_not(l.partial);
	cr_expect_eq(l.len, 4);
	cr_expect_arr_eq(l.text, "a  b", 4);
	for (size_t i = 0; i < sizeof(plain) / sizeof(plain[0]); i++) {
		l = ctl_logline_parse(plain[i], strlen(plain[i]));
		cr_expect_null(l.stamp, "%s", plain[i]);
		cr_expect_eq(l.len, strlen(plain[i]));
	}
}

Test(logline, an_empty_message_is_a_message)
{
	struct ctl_logline l = ctl_logline_parse(S " stdout F ", strlen(S " stdout F "));

	cr_expect_not_null(l.stamp);
	cr_expect_eq(l.len, 0);
}

Test(logline, messages_are_whole_again_wherever_the_stream_is_cut)
{
	static const char text[] =
		S " stdout F one\n" S " stdout P tw\n" S " stdout F o\nraw\n" S " stdout F last";
	static const char want[] = "[" S "|one][" S "|two][|raw][" S "|last]";

	for (size_t cut = 0; cut < sizeof(text); cut++) {
		autobuf struct sp_buf out = SP_BUF_INIT;
		struct ctl_logreader r = { .fn = collect, .owner = &out };

		cr_expect_eq(ctl_logreader_feed(&r, text, cut), 0);
		cr_expect_eq(ctl_logreader_feed(&r, text + cut, sizeof(text) - 1 - cut), 0);
		cr_expect_eq(ctl_logreader_finish(&r), 0);
		cr_expect_str_eq(out.data, want, "cut at %zu", cut);
	}
}

Test(logline, a_message_without_end_is_handed_over_in_parts)
{
	autobuf struct sp_buf out = SP_BUF_INIT;
	struct ctl_logreader r = { .fn = collect, .owner = &out };
	static char line[64 * 1024];
	size_t head = strlen(S " stdout P ");

	memset(line, 'x', sizeof(line));
	memcpy(line, S " stdout P ", head);
	line[sizeof(line) - 1] = '\n';
	for (int i = 0; i < 40; i++)
		cr_assert_eq(ctl_logreader_feed(&r, line, sizeof(line)), 0);
	cr_expect_lt(r.message.len, (size_t)CTL_LOG_MESSAGE_MAX);
	cr_expect_gt(out.len, (size_t)CTL_LOG_MESSAGE_MAX);
	ctl_logreader_finish(&r);
}

static int refuse(void *owner, const char *stamp, const char *text, size_t len)
{
	(void)stamp, (void)text, (void)len;
	++*(int *)owner;
	return 1;
}

Test(logline, a_taker_that_says_stop_gets_nothing_more)
{
	int calls = 0;
	struct ctl_logreader r = { .fn = refuse, .owner = &calls };

	cr_expect_eq(ctl_logreader_feed(&r, "a\nb\nc\n", 6), 1);
	cr_expect_eq(calls, 1);
	ctl_logreader_finish(&r);
}
