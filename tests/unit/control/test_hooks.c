/* Hooks: every event is told, in order, however many come at once and whoever is killed. */
#include "tests/unit/control/hooks_control.h"

#include <sys/wait.h>

#include "base/json.h"

static char told[128]; /* what the hook under test wrote */

/* Every event of first..last is there; later ones never before earlier ones; *ret_doubled counts
 * repeats. */
static void check_told(int64_t first, int64_t last, int *ret_doubled)
{
	autobuf struct sp_buf text = SP_BUF_INIT;
	int64_t want = first;

	*ret_doubled = 0;
	cr_assert_geq(sp_file_read_at(AT_FDCWD, told, 64 << 20, &text, &err), 0);
	sp_buf_puts(&text, "");
	for (char *line = text.data, *end; (end = strchr(line, '\n')); line = end + 1) {
		autojson json_t *event = json_loadb(line, (size_t)(end - line), 0, NULL);
		int64_t seq = json_integer_value(json_object_get(event, "seq"));

		cr_assert_leq(seq, want, "event %lld was left out", (long long)want);
		*ret_doubled += seq < want;
		want += seq == want;
	}
	cr_expect_eq(want, last + 1);
}

static int64_t last_seq(void)
{
	int64_t seq = 0;

	cr_assert_eq(store_event_last(store, &seq, &err), 0);
	return seq;
}

/* A hook that keeps what it is told in the file; `before` may fail first. */
static void hook_that_keeps(const char *before)
{
	char json[1024];

	snprintf(told, sizeof(told), "%s/told", scratch_dir);
	snprintf(json, sizeof(json),
		 "[{\"name\": \"keep\", \"exec\": [\"/bin/sh\", \"-c\", \"%s cat >>%s\"]}]", before,
		 told);
	write_hooks(json);
}

Test(hooks, a_burst_of_ten_thousand_loses_none)
{
	struct hooks *h = NULL;
	int64_t first;
	int doubled;

	hook_that_keeps("");
	cr_assert_eq(hooks_new(&control, &h, &err), 0, "%s", err.message);
	await_row();
	first = last_seq() + 1;
	append("stack.updated", 10000);
	while (later().delivered < 10000)
		;
	hooks_free(h);
	check_told(first, first + 9999, &doubled);
	cr_expect_eq(doubled, 0);
}

Test(hooks, one_that_fails_is_told_again_and_says_why)
{
	struct hooks *h = NULL;
	struct store_hook row;
	char before[200];
	int64_t first;
	int doubled;

	snprintf(before, sizeof(before), "test -e %s/up || { echo not yet >&2; exit 3; };",
		 scratch_dir);
	hook_that_keeps(before);
	cr_assert_eq(hooks_new(&control, &h, &err), 0, "%s", err.message);
	await_row();
	first = last_seq() + 1;
	append("lock.acquired", 10);
	do
		row = later();
	while (row.failures < 3);
	cr_expect_str_eq(row.error, "'/bin/sh' exits 3: not yet");
	cr_expect_eq(row.delivered, 0);
	snprintf(before, sizeof(before), "%s/up", scratch_dir);
	cr_assert_eq(sp_file_swap_at(AT_FDCWD, before, "", 0, 0600, &err), 0);
	do
		row = later();
	while (row.delivered < 10);
	hooks_free(h);
	check_told(first, first + 9, &doubled);
	cr_expect_eq(row.failures, 0);
	cr_expect_str_eq(row.error, "");
	cr_expect_eq(row.delivered, 10);
}

Test(hooks, one_that_hangs_is_ended_with_all_it_started)
{
	struct hooks *h = NULL;
	struct store_hook row = { 0 };

	cr_assert_eq(
		sp_conf_set(config_keys, &control.config, "events.hook_timeout", "100ms", &err), 0);
	hook_that_keeps("sleep 1000 & wait;");
	cr_assert_eq(hooks_new(&control, &h, &err), 0, "%s", err.message);
	await_row();
	append("lock.acquired", 1);
	while (!row.failures)
		row = later();
	cr_expect_str_eq(row.error, "'/bin/sh' has not ended after 100 ms");
	hooks_free(h);
}

/* What still holds a pipe is alive. */
Test(hooks, one_that_ends_well_leaves_nothing_running_either)
{
	struct hooks *h = NULL;
	char pipe_path[160], before[256], byte;
	int fd;

	snprintf(pipe_path, sizeof(pipe_path), "%s/pipe", scratch_dir);
	cr_assert_eq(mkfifo(pipe_path, 0600), 0);
	fd = open(pipe_path, O_RDONLY | O_NONBLOCK);
	cr_assert_geq(fd, 0);
	fcntl(fd, F_SETFL, 0);
	snprintf(before, sizeof(before), "exec 3>%s; echo here >&3; sleep 1000 & ", pipe_path);
	hook_that_keeps(before);
	cr_assert_eq(hooks_new(&control, &h, &err), 0, "%s", err.message);
	await_row();
	append("lock.acquired", 1);
	while (later().delivered < 1)
		;
	while (read(fd, &byte, 1) > 0)
		;
	close(fd);
	hooks_free(h);
}

/* More than a pipe holds, on both streams, and nothing read of what it is told. */
Test(hooks, one_that_prints_megabytes_and_reads_nothing_is_bounded)
{
	struct hooks *h = NULL;
	struct store_hook row = { 0 };

	hook_that_keeps("head -c 3000000 /dev/zero; head -c 3000000 /dev/zero >&2; exit 7;");
	cr_assert_eq(hooks_new(&control, &h, &err), 0, "%s", err.message);
	await_row();
	append("lock.acquired", 200);
	while (!row.failures)
		row = later();
	cr_expect_not_null(strstr(row.error, "exits 7"), "%s", row.error);
	hooks_free(h);
}

/* A controld that is killed while it tells; the next one goes on where that left off. */
Test(hooks, whoever_is_killed_no_event_is_left_out)
{
	struct hooks *h = NULL;
	int64_t first;
	int doubled;

	hook_that_keeps("");
	cr_assert_eq(hooks_new(&control, &h, &err), 0);
	await_row();
	hooks_free(h);
	h = NULL;
	first = last_seq() + 1;
	append("stack.updated", 3000);
	for (int i = 0; i < 8; i++) {
		pid_t pid = fork();

		if (pid == 0) {
			setpgid(0, 0);
			control_start();
			hooks_new(&control, &h, &err);
			for (;;)
				pause();
		}
		usleep(20000 + (unsigned int)i * 7000);
		kill(pid, SIGKILL);
		waitpid(pid, NULL, 0);
	}
	cr_assert_eq(hooks_new(&control, &h, &err), 0);
	for (int i = 0; i < WAIT_MS / 5; i++) {
		struct store_hook row;

		cr_assert_eq(store_hook_get(store, "keep", &row, &err), 0);
		if (row.cursor == first + 2999)
			break;
		usleep(5000);
	}
	hooks_free(h);
	check_told(first, first + 2999, &doubled);
}
