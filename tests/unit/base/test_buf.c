/* The growable buffer: grows, remembers its first error, gives its string away. */
#include "base/buf.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

Test(buf, appends_are_one_terminated_string)
{
	struct sp_buf b = SP_BUF_INIT;

	sp_buf_puts(&b, "a");
	sp_buf_putc(&b, 'b');
	sp_buf_printf(&b, "%d", 42);
	sp_buf_append(&b, "\0x", 2);
	cr_expect_eq(b.len, 6);
	cr_expect_eq(memcmp(b.data, "ab42\0x", 7), 0);
	sp_buf_fini(&b);
	sp_buf_fini(&b);
}

Test(buf, past_its_limit_it_remembers_and_takes_no_more)
{
	struct sp_buf b = { .limit = 4 };
	struct sp_err err = { 0 };

	sp_buf_puts(&b, "abc");
	sp_buf_puts(&b, "de");
	sp_buf_putc(&b, 'f');
	cr_expect_eq(sp_buf_check(&b, &err), -E2BIG);
	cr_expect_str_eq(err.message, "more than 4 bytes");
	cr_expect_str_eq(b.data, "abc");
	cr_expect_null(sp_buf_take(&b));
	sp_buf_clear(&b);
	sp_buf_puts(&b, "abcd");
	cr_expect_eq(sp_buf_check(&b, NULL), 0);
	sp_buf_fini(&b);
}

Test(buf, consuming_drops_the_front)
{
	struct sp_buf b = SP_BUF_INIT;

	sp_buf_consume(&b, 0);
	sp_buf_puts(&b, "header body");
	sp_buf_consume(&b, 7);
	cr_expect_str_eq(b.data, "body");
	sp_buf_consume(&b, 4);
	cr_expect_eq(b.len, 0);
	sp_buf_fini(&b);
}

Test(buf, taking_an_empty_one_gives_an_empty_string)
{
	struct sp_buf b = SP_BUF_INIT;
	char *s = sp_buf_take(&b);

	cr_expect_str_eq(s, "");
	cr_expect_null(b.data);
	free(s);
}

Test(buf, an_absurd_size_is_refused_and_not_computed_with)
{
	struct sp_buf b = SP_BUF_INIT;

	sp_buf_puts(&b, "x");
	cr_expect_null(sp_buf_reserve(&b, SIZE_MAX - 1));
	cr_expect_lt(sp_buf_check(&b, NULL), 0);
	sp_buf_fini(&b);
}
