/* The event log: no gap, kept, bounded, cut clean after a crash. */
#include "agentd/events.h"

#include <criterion/criterion.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "agentd/events_file.h"
#include "base/fd.h"
#include "base/json.h"
#include "base/path.h"

#define ROUND_NS 10000000

static char path[] = "/tmp/sptest-events.XXXXXX";
static int dirfd;
static struct sp_loop *loop;

static void make_dir(void)
{
	cr_assert_not_null(mkdtemp(path));
	dirfd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	cr_assert_eq(sp_loop_new(SP_LOOP_ANY, &loop, NULL), 0);
}

static void remove_dir(void)
{
	sp_loop_free(loop);
	close(dirfd);
	sp_remove_tree_at(AT_FDCWD, path, NULL);
}

static struct events *open_log(unsigned int files)
{
	struct events *e = NULL;
	struct sp_err err = { 0 };

	cr_assert_eq(events_open(loop, dirfd, files, &e, &err), 0, "%s", err.message);
	return e;
}

static void emit(struct events *e, unsigned int n)
{
	uint64_t want = events_last(e) + n;

	for (unsigned int i = 0; i < n; i++)
		events_emit(e, "test", "demo", "demo-a-1", NULL, "event %u", i);
	while (events_last(e) < want)
		cr_assert_geq(sp_loop_run_once(loop, ROUND_NS, NULL), 0);
}

/* The numbers of a read from `after` are after+1, after+2, ...; returns how many. */
static size_t check_read(struct events *e, uint64_t after, size_t limit)
{
	autojson json_t *list = NULL;
	json_t *event;
	uint64_t next;
	size_t i;

	cr_assert_eq(events_read(e, after, limit, &list, &next, NULL), 0);
	json_array_foreach (list, i, event)
		cr_expect_eq((uint64_t)json_integer_value(json_object_get(event, "seq")),
			     after + 1 + i);
	cr_expect_eq(next, after + i);
	return json_array_size(list);
}

Test(events, they_are_numbered_without_a_gap_over_restarts, .init = make_dir, .fini = remove_dir)
{
	struct events *e = open_log(4);

	emit(e, 5);
	cr_expect_eq(check_read(e, 0, 100), 5);
	cr_expect_eq(check_read(e, 3, 100), 2);
	cr_expect_eq(check_read(e, 0, 2), 2);
	events_close(e);
	e = open_log(4);
	cr_expect_eq(events_last(e), 5);
	emit(e, 1);
	cr_expect_eq(check_read(e, 0, 100), 6);
	events_close(e);
}

Test(events, a_torn_last_line_is_cut_off, .init = make_dir, .fini = remove_dir)
{
	struct events *e = open_log(4);
	char name[EVENTS_NAME_MAX];
	int fd;

	emit(e, 3);
	events_close(e);
	events_file_name(1, name);
	fd = openat(dirfd, name, O_WRONLY | O_APPEND);
	cr_assert_eq(write(fd, "{\"seq\":4,\"ty", 12), 12);
	close(fd);
	e = open_log(4);
	cr_expect_eq(events_last(e), 3);
	emit(e, 1);
	cr_expect_eq(check_read(e, 0, 100), 4);
	events_close(e);
}

Test(events, old_files_go_and_a_cursor_before_them_goes_on_with_the_oldest, .init = make_dir,
     .fini = remove_dir)
{
	struct events *e = open_log(2);
	autojson json_t *list = NULL;
	uint64_t next, *files;
	size_t n;

	for (int i = 0; i < 80; i++)
		emit(e, 100);
	cr_assert_eq(events_files(dirfd, &files, &n, NULL), 0);
	cr_expect_eq(n, 2);
	cr_expect_gt(files[0], 1);
	cr_assert_eq(events_read(e, 0, 1, &list, &next, NULL), 0);
	cr_expect_eq(next, files[0]);
	cr_expect_eq(events_last(e), 8000);
	cr_expect_eq(check_read(e, 7990, 100), 10);
	free(files);
	events_close(e);
}

static int called;

static void on_event(struct events_watch *w)
{
	(void)w;
	called++;
}

Test(events, a_watcher_is_called_once_and_not_after_it_left, .init = make_dir, .fini = remove_dir)
{
	struct events *e = open_log(4);
	struct events_watch stays = { .fn = on_event }, leaves = { .fn = on_event };

	events_watch(e, &stays);
	events_watch(e, &leaves);
	events_unwatch(&leaves);
	emit(e, 1);
	emit(e, 1);
	cr_expect_eq(called, 1);
	events_close(e);
}

Test(events, a_cursor_past_the_end_is_set_back, .init = make_dir, .fini = remove_dir)
{
	struct events *e = open_log(4);
	autojson json_t *list = NULL;
	uint64_t next;

	emit(e, 2);
	cr_assert_eq(events_read(e, 99, 10, &list, &next, NULL), 0);
	cr_expect_eq(next, 2);
	cr_expect_eq(json_array_size(list), 0);
	events_close(e);
}
