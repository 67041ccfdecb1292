/* The end of a container: how it is told, and how one is found again before it. */
#include "box_live.h"

#include <signal.h>

static struct box box;
static char out[65536];

static void open_box(void)
{
	box_open(&box);
}

static void close_box(void)
{
	box_close(&box);
}

TestSuite(end, .init = open_box, .fini = close_box);

Test(end, a_stop_signal_reaches_the_workload_and_is_told)
{
	struct box_spec s;
	struct rt_container *c =
		box_start(&box, &s, "trap 'exit 3' TERM; touch /up; while :; do sleep 0.05; done");
	struct rt_exit x;

	box_await_file(&s, "up");
	cr_expect_eq(rt_signal(c, SIGTERM, NULL), 0);
	x = box_end_of(c);
	cr_expect(x.death == RT_DEATH_STOPPED && x.code == 3 && x.stopped_by == SIGTERM,
		  "%s %d by %d", rt_death_name(x.death), x.code, x.stopped_by);
	box_destroy(&box, c);
}

Test(end, a_signal_of_its_own_is_told_as_one)
{
	struct box_spec s;
	struct rt_container *c = box_start(&box, &s, "kill -SEGV $$");
	struct rt_exit x = box_end_of(c);
	char text[64];

	rt_exit_format(&x, text, sizeof(text));
	cr_expect_str_eq(text, "killed by SIGSEGV");
	cr_expect_eq(x.code, 139);
	box_destroy(&box, c);
}

Test(end, killing_all_of_it_leaves_no_record)
{
	struct box_spec s;
	struct rt_container *c = box_start(&box, &s, "sleep 100 & sleep 100");
	struct rt_exit x;

	cr_expect_eq(rt_kill(c, NULL), 0);
	x = box_end_of(c);
	cr_expect(x.death == RT_DEATH_KILLED && x.code == 137, "%s", rt_death_name(x.death));
	box_destroy(&box, c);
	cr_expect_eq(rt_exit_read(s.dir, &x, NULL), 0);
	x = (struct rt_exit){ 0 };
	cr_expect_eq(rt_end_of_gone(box.engine, s.id, s.dir, &x, NULL), 0);
	cr_expect(x.death == RT_DEATH_KILLED && x.code == 137, "%s", rt_death_name(x.death));
}

Test(end, orphans_inside_are_reaped)
{
	cr_expect_eq(box_sh(&box,
			    "for i in 1 2 3 4 5; do (sh -c 'sleep 0.02' &) ; done; sleep 0.2;"
			    "grep -l '^State:.Z' /proc/[0-9]*/status 2>/dev/null; true",
			    out, sizeof(out)),
		     0);
	cr_expect_str_empty(out);
}

Test(end, the_end_waits_for_a_reader_when_asked)
{
	const char *args[] = { "sh", "-c", "echo last words", NULL };
	struct rt_container *c = NULL;
	struct sp_err err = { 0 };
	struct box_spec s;
	struct rt_exit x;
	char text[64] = "";
	int p[2];

	cr_assert_eq(pipe2(p, O_CLOEXEC), 0);
	box_spec(&box, args, &s);
	s.spec.drain = true;
	s.spec.process.stdout_fd = p[1];
	cr_assert_eq(rt_create(box.engine, &s.spec, &c, &err), 0, "%s", err.message);
	cr_assert_eq(rt_start(c, &err), 0, "%s", err.message);
	cr_expect_eq(rt_reap(c, 200, &x, NULL), 0, "it went before its output was read");
	cr_expect_eq(rt_exit_read(s.dir, &x, NULL), 1, "its status is already recorded");
	cr_expect_gt(read(p[0], text, sizeof(text) - 1), 0);
	cr_expect_str_eq(text, "last words\n");
	x = box_end_of(c);
	cr_expect_eq(x.death, RT_DEATH_EXITED);
	box_destroy(&box, c);
	close(p[0]);
	close(p[1]);
}

Test(end, a_container_is_found_again_by_its_directory)
{
	struct box_spec s;
	struct rt_container *first = box_start(&box, &s, "sleep 100"), *again = NULL;
	struct sp_err err = { 0 };
	struct rt_exit x;

	cr_assert_eq(rt_adopt(box.engine, s.id, s.dir, &again, &err), 1, "%s", err.message);
	cr_expect_eq(again->pid, first->pid);
	cr_expect_eq(again->start_time, first->start_time);
	cr_expect_geq(again->netns_fd, 0);
	cr_expect_eq(rt_signal(again, SIGKILL, NULL), 0);
	cr_expect_eq(rt_reap(again, 5000, &x, NULL), 1);
	rt_forget(again);
	cr_expect_eq(rt_adopt(box.engine, s.id, s.dir, &again, &err), 0, "it is gone");
	box_destroy(&box, first);
}

Test(end, another_process_of_the_same_pid_is_not_adopted)
{
	struct box_spec s;
	struct rt_container *c = box_start(&box, &s, "sleep 100"), *again = NULL;
	char line[256];

	snprintf(line, sizeof(line),
		 "pid=%d start=%lu boot=00000000-0000-0000-0000-000000000000 .\n", c->pid,
		 (unsigned long)c->start_time);
	box_write(s.dir, "state", line);
	cr_expect_eq(rt_adopt(box.engine, s.id, s.dir, &again, NULL), 0, "another boot");
	snprintf(line, sizeof(line), "pid=%d start=1", getpid());
	box_write(s.dir, "state", line);
	cr_expect_eq(rt_adopt(box.engine, s.id, s.dir, &again, NULL), 0, "cut short");
	cr_expect_eq(rt_adopt(box.engine, s.id, "/no/such/dir", &again, NULL), 0);
	box_destroy(&box, c);
}
