/* Logs: full disks, damaged ledgers, and who may read. */
#include "agentd/logs.h"

#include <poll.h>
#include <sched.h>
#include <sys/mount.h>

#include "tests/unit/agentd/logs_test.h"

Test(logs, a_full_disk_is_back_pressure_and_loses_nothing)
{
	struct world w = { 0 };
	char filler[128];
	autobuf struct sp_buf text = SP_BUF_INIT;
	int fd;

	if (unshare(CLONE_NEWNS) < 0)
		cr_skip_test("not allowed to make a mount namespace");
	cr_assert_eq(mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL), 0);
	place_open(&w.place);
	cr_assert_eq(sp_mkdirs(w.place.log, 0700, NULL), 0);
	cr_assert_eq(mount("tmpfs", w.place.log, "tmpfs", 0, "size=128k"), 0);
	world_open(&w, SP_LOOP_ANY);
	snprintf(filler, sizeof(filler), "%s/filler", w.place.log);
	fd = open(filler, O_CREAT | O_WRONLY | O_CLOEXEC, 0600);
	cr_assert_eq(fallocate(fd, 0, 0, 100 << 10), 0);
	close(fd);
	say_numbers(w.out, 0, 500);
	run_rounds(&w, 5);
	cr_expect(w.l->stalled);
	cr_assert_eq(unlink(filler), 0);
	logs_drain(w.l);
	cr_expect_not(w.l->stalled);
	read_all(w.l, &w.place, &everything, &text);
	cr_expect_eq(check_numbers(text.data, 0, 500), 0);
	world_close(&w);
	cr_expect_eq(umount2(w.place.log, MNT_DETACH), 0);
	place_close(&w.place);
}

Test(logs, a_damaged_ledger_starts_a_new_file)
{
	struct world w = { 0 };
	char path[256];
	uint64_t low, high;
	int fd;

	place_open(&w.place);
	world_open(&w, SP_LOOP_ANY);
	say(w.out, "one\n");
	logs_drain(w.l);
	world_close(&w);
	snprintf(path, sizeof(path), "%s/%s/ledger", w.place.run, w.place.conf.id);
	fd = open(path, O_WRONLY | O_CLOEXEC);
	cr_assert_eq(pwrite(fd, "garbage", 7, 8), 7);
	close(fd);
	world_open(&w, SP_LOOP_ANY);
	cr_assert(logs_numbers(w.l->files.dirfd, &low, &high));
	cr_expect_eq(low, 1);
	cr_expect_eq(high, 2);
	world_close(&w);
	place_close(&w.place);
}

Test(logs, directories_and_files_are_closed_to_others)
{
	static const char *const names[] = { "run/demo-api-1", "log/demo-api-1" };
	struct world w = { 0 };
	struct stat st;

	place_open(&w.place);
	world_open(&w, SP_LOOP_ANY);
	for (size_t i = 0; i < SP_COUNT(names); i++) {
		char path[256];

		snprintf(path, sizeof(path), "%s/%s", w.place.dir, names[i]);
		cr_assert_eq(stat(path, &st), 0);
		cr_expect_eq(st.st_mode & 0777, 0700, "%s", path);
	}
	world_close(&w);
	place_close(&w.place);
}
