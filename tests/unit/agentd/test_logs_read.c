/* Logs: tail, since, follow, and what outlives a workload. */
#include "agentd/logs.h"

#include "tests/unit/agentd/logs_test.h"

Test(logs, tail_and_since_find_their_line_across_files)
{
	struct world w = { 0 };
	autobuf struct sp_buf text = SP_BUF_INIT;
	static const int tails[] = { 0, 1, 2, 7, 150, 999, 1000, 5000 };

	place_open(&w.place);
	w.place.conf.file_bytes = 20000;
	w.place.conf.files = 100;
	world_open(&w, SP_LOOP_ANY);
	for (int i = 0; i < 1000; i += 50) {
		say_numbers(w.out, i, i + 50);
		logs_drain(w.l);
	}
	for (size_t i = 0; i < SP_COUNT(tails); i++) {
		autobuf struct sp_buf got = SP_BUF_INIT;
		int from = tails[i] < 1000 ? 1000 - tails[i] : 0;

		read_all(w.l, &w.place, &(struct logs_query){ .tail = tails[i] }, &got);
		cr_expect_eq(check_numbers(got.data, from, 1000), 0, "tail %d", tails[i]);
	}
	read_all(w.l, &w.place, &everything, &text);
	for (int want = 0; want < 1000; want += 50) {
		autobuf struct sp_buf got = SP_BUF_INIT;
		struct logs_query q = { .tail = -1 };
		char *at = text.data;

		for (int i = 0; i < want; i++)
			at = strchr(at, '\n') + 1;
		cr_assert_eq(sp_time_parse(strndupa(at, SP_TIME_STAMP_MAX - 1), &q.since_ns, NULL),
			     0);
		read_all(w.l, &w.place, &q, &got);
		cr_expect_eq(check_numbers(got.data, want, 1000), 0, "since line %d", want);
		q.since_ns = INT64_MAX;
		sp_buf_clear(&got);
		read_all(w.l, &w.place, &q, &got);
		cr_expect_eq(got.len, 0);
	}
	world_close(&w);
	place_close(&w.place);
}

LOGS_TEST(a_follower_gets_new_lines_across_rotation_and_ends_with_the_log)
{
	struct sp_httpd_source source;
	struct logs_query q = { .tail = -1, .follow = true };
	autobuf struct sp_buf text = SP_BUF_INIT;
	char block[4096];
	ssize_t n;

	w->l->files.file_bytes = 20000;
	w->l->files.keep = 100;
	cr_assert_eq(logs_source(w->l, w->place.log, w->place.conf.id, &q, NULL, &source, NULL), 0);
	cr_expect_eq(source.read(source.state, block, sizeof(block)), 0);
	for (int i = 0; i < 1000; i += 100) {
		say_numbers(w->out, i, i + 100);
		logs_drain(w->l);
		while ((n = source.read(source.state, block, sizeof(block))) > 0)
			sp_buf_append(&text, block, (size_t)n);
		cr_expect_eq(n, 0);
	}
	cr_expect_eq(check_numbers(text.data, 0, 1000), 0);
	logs_close(w->l);
	run_rounds(w, 2);
	cr_expect_eq(source.read(source.state, block, sizeof(block)), -1);
	source.close(source.state);
	cr_assert_eq(logs_open(w->loop, &w->place.conf, &w->l, NULL), 0);
}

LOGS_TEST(the_log_outlives_its_workload)
{
	autobuf struct sp_buf text = SP_BUF_INIT;
	struct sp_httpd_source source;
	struct sp_err err = { 0 };

	say(w->out, "last words\n");
	logs_drain(w->l);
	logs_close(w->l);
	run_rounds(w, 2);
	cr_assert_eq(logs_forget(w->place.run, w->place.conf.id, NULL), 0);
	cr_assert_eq(logs_forget(w->place.run, w->place.conf.id, NULL), 0, "twice is fine");
	read_all(NULL, &w->place, &everything, &text);
	cr_expect(text.data && strstr(text.data, "stdout F last words\n"));
	cr_expect_eq(logs_source(NULL, w->place.log, "nobody", &everything, NULL, &source, &err),
		     -ENOENT);
	cr_assert_eq(logs_open(w->loop, &w->place.conf, &w->l, NULL), 0);
	expect_log(w, &everything, "stdout F last words|");
}

LOGS_TEST(evidence_is_the_last_messages_within_its_cap)
{
	autobuf struct sp_buf got = SP_BUF_INIT;
	static char line[9000];

	say(w->out, "one\ntwo\nthree\n");
	logs_drain(w->l);
	cr_assert_eq(logs_last(w->l, 2, &got, NULL), 0);
	cr_expect_str_eq(got.data, "two\nthree\n");
	memset(line, 'y', sizeof(line) - 2);
	line[sizeof(line) - 2] = '\n';
	say(w->out, line);
	logs_drain(w->l);
	sp_buf_clear(&got);
	cr_assert_eq(logs_last(w->l, 2, &got, NULL), 0);
	cr_expect_eq(got.len, 4096);
	cr_expect_eq(got.data[got.len - 1], '\n');
}
