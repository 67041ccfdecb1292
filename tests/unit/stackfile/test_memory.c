/* A stack that wants more memory than it may have is refused, wherever the reader is by then. */
#include "reading.h"

#include "stackfile/arena.h"

static char big[1000 * 1000];
static const struct given variables[] = { { "BIG", big }, { NULL, NULL } };

static void fill(void)
{
	memset(big, 'x', sizeof(big) - 1);
}

TestSuite(memory, .init = fill);

/* n lines of that format, with a number each, below what is there. */
static void repeat(struct sp_buf *text, int n, const char *before, const char *after)
{
	for (int i = 0; i < n; i++)
		sp_buf_printf(text, "%s%d%s\n", before, i, after);
}

static void too_large(const struct sp_buf *text)
{
	autoreading struct reading r = { .variables = variables };

	read_bytes_of(&r, text->data, text->len);
	cr_expect_eq(r.result, -E2BIG, "%s", r.err.message);
	cr_expect_str_eq(r.err.message, "the stack takes more than 64 MiB of memory");
	cr_expect_null(r.stack);
}

Test(memory, runs_out_in_interpolation)
{
	autobuf struct sp_buf text = { 0 };

	sp_buf_puts(&text, "services:\n  web:\n    image: x\n    command:\n");
	repeat(&text, 70, "      - ", "$BIG");
	too_large(&text);
}

Test(memory, runs_out_in_each_part_of_the_walk)
{
	static const struct {
		const char *key, *before, *after;
	} parts[] = {
		{ "environment", "      A", ": $BIG" },
		{ "labels", "      a", ": $BIG" },
		{ "sysctls", "      net.a", ": $BIG" },
		{ "volumes", "      - v:/", "$BIG" },
		{ "tmpfs", "      - /", "$BIG" },
		{ "secrets", "      - s", "$BIG" },
		{ "ports", "      - ", "$BIG" },
		{ "cap_add", "      - ", "$BIG" },
		{ "extra_hosts", "      - h", "$BIG=10.0.0.1" },
	};

	for (size_t i = 0; i < SP_COUNT(parts); i++) {
		autobuf struct sp_buf text = { 0 };

		sp_buf_printf(&text, "services:\n  web:\n    image: x\n    %s:\n", parts[i].key);
		repeat(&text, 60, parts[i].before, parts[i].after);
		sp_buf_puts(&text, "    depends_on: [web2]\n  web2: {image: y}\nvolumes: {v: }\n");
		{
			autoreading struct reading r = { .variables = variables };

			read_bytes_of(&r, text.data, text.len);
			cr_expect_lt(r.result, 0, "%s", parts[i].key);
			cr_expect_null(r.stack);
		}
	}
}

Test(memory, the_arena_stays_refusing_once_it_has_refused)
{
	struct stack_arena *a = stack_arena_new();
	char **list = NULL;
	struct sp_err err;

	cr_expect_null(stack_arena_zalloc(a, STACK_ARENA_MAX + (size_t)1));
	cr_expect_null(stack_arena_zalloc(a, 1));
	cr_expect_null(stack_arena_dup(a, "x"));
	stack_arena_strv_push(a, &list, NULL);
	cr_expect_null(list);
	cr_expect_eq(stack_arena_check(a, &err), -E2BIG);
	stack_arena_free(a);
	stack_arena_free(NULL);
}

Test(memory, the_arena_gives_zeroed_room_and_growing_lists)
{
	struct stack_arena *a = stack_arena_new();
	int *list = NULL;
	size_t n = 0;
	char **v = NULL;

	for (int i = 0; i < 1000; i++) {
		int *slot = stack_arena_push(a, &list, &n, sizeof(*slot));

		cr_assert_not_null(slot);
		cr_expect_eq(*slot, 0);
		*slot = i;
	}
	for (int i = 0; i < 1000; i++)
		cr_expect_eq(list[i], i);
	for (int i = 0; i < 100; i++)
		stack_arena_strv_push(a, &v, stack_arena_format(a, "%d", i));
	cr_expect_eq(sp_strv_count(v), 100);
	cr_expect_str_eq(v[99], "99");
	cr_expect_eq(stack_arena_check(a, NULL), 0);
	stack_arena_free(a);
}
