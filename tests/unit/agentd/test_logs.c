/* Logs: bytes become lines in CRI format, in files that rotate. */
#include "agentd/logs.h"

#include "tests/unit/agentd/logs_test.h"

Test(logs, bytes_become_cri_lines)
{
	static const struct {
		const char *in, *out;
		size_t used;
		bool end;
	} table[] = {
		{ "", "", 0, true },
		{ "a\n", "F a|", 2, false },
		{ "a\nb\n", "F a|F b|", 4, false },
		{ "a\n\nb", "F a|F |", 3, false },
		{ "a\n\nb", "F a|F |F b|", 4, true },
		{ "\n", "F |", 1, false },
		{ "half", "", 0, false },
	};
	char out[4096];

	for (size_t i = 0; i < SP_COUNT(table); i++) {
		autobuf struct sp_buf got = SP_BUF_INIT;
		size_t used, n = logs_cri_format(1, SP_NS_PER_S, table[i].in, strlen(table[i].in),
						 table[i].end, out, sizeof(out), &used);

		for (size_t at = 0; at < n;) {
			char *end = memchr(out + at, '\n', n - at);

			cr_assert_eq(memcmp(out + at, "1970-01-01T00:00:01.000000000Z stderr ", 38),
				     0);
			*end = '\0';
			sp_buf_printf(&got, "%s|", out + at + 38);
			at = (size_t)(end - out) + 1;
		}
		cr_expect_str_eq(got.data ? got.data : "", table[i].out, "case %zu", i);
		cr_expect_eq(used, table[i].used, "case %zu", i);
	}
}

Test(logs, a_full_output_buffer_stops_at_a_whole_line)
{
	char out[2 * (LOGS_HEAD_LEN + 4) + 1];
	size_t used;

	cr_expect_eq(logs_cri_format(0, 0, "aaa\nbbb\nccc\n", 12, false, out, sizeof(out), &used),
		     2 * (LOGS_HEAD_LEN + 4));
	cr_expect_eq(used, 8);
}

LOGS_TEST(both_streams_arrive_and_an_unfinished_line_waits)
{
	say(w->out, "one\ntwo\nthr");
	say(w->errors, "oops\n");
	run_rounds(w, 5);
	expect_log(w, &everything, "stdout F one|stdout F two|stderr F oops|");
	say(w->out, "ee\n");
	run_rounds(w, 5);
	expect_log(w, &everything, "stdout F one|stdout F two|stderr F oops|stdout F three|");
	say(w->out, "the end");
	logs_drain(w->l);
	expect_log(w, &(struct logs_query){ .tail = 1 }, "stdout F the end|");
}

LOGS_TEST(a_long_line_is_written_in_parts)
{
	static const struct {
		size_t len;
		const char *tags;
	} table[] = { { LOGS_LINE_MAX, "F" },
		      { LOGS_LINE_MAX + 1, "PF" },
		      { 2 * LOGS_LINE_MAX, "PF" },
		      { 3 * LOGS_LINE_MAX + 5, "PPPF" } };
	static char line[4 * LOGS_LINE_MAX];

	for (size_t i = 0; i < SP_COUNT(table); i++) {
		autobuf struct sp_buf text = SP_BUF_INIT;
		size_t total = 0, parts = 0;

		memset(line, 'x', table[i].len);
		line[table[i].len] = '\n';
		cr_assert_eq(sp_write_all(w->out, line, table[i].len + 1), 0);
		logs_drain(w->l);
		read_all(w->l, &w->place, &(struct logs_query){ .tail = 1 }, &text);
		for (char *at = text.data; at && *at; at = strchr(at, '\n') + 1) {
			cr_expect_eq(at[LOGS_TAG_AT], table[i].tags[parts++]);
			total += (size_t)(strchr(at, '\n') - at) - LOGS_HEAD_LEN;
		}
		cr_expect_eq(parts, strlen(table[i].tags), "%zu bytes", table[i].len);
		cr_expect_eq(total, table[i].len);
	}
}

Test(logs, files_are_rotated_and_the_oldest_go)
{
	struct world w = { 0 };
	autobuf struct sp_buf text = SP_BUF_INIT;
	uint64_t low, high;
	int first;

	place_open(&w.place);
	w.place.conf.file_bytes = 20000;
	w.place.conf.files = 3;
	world_open(&w, SP_LOOP_ANY);
	for (int i = 0; i < 2000; i += 100) {
		say_numbers(w.out, i, i + 100);
		logs_drain(w.l);
	}
	cr_assert(logs_numbers(w.l->files.dirfd, &low, &high));
	cr_expect_eq(high - low, 2);
	cr_expect_gt(low, 1);
	read_all(w.l, &w.place, &everything, &text);
	cr_assert_eq(sscanf(text.data + LOGS_HEAD_LEN, "%d", &first), 1);
	cr_expect_gt(first, 1000);
	cr_expect_eq(check_numbers(text.data, first, 2000), 0, "nothing missing in what is kept");
	for (uint64_t n = low; n <= high; n++) {
		int fd = logs_open_number(w.l->files.dirfd, n, O_RDONLY);

		cr_expect_leq(logs_size(w.l, n, fd), 20000);
		close(fd);
	}
	world_close(&w);
	place_close(&w.place);
}
