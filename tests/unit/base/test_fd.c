/* File descriptors: whole reads, atomic files, descriptors over a socket. */
#include "base/fd.h"

#include <criterion/criterion.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>

#include "base/path.h"

static char dir[] = "/tmp/sp-test-fd-XXXXXX";
static int dirfd_;

static void make_dir(void)
{
	cr_assert(mkdtemp(dir));
	dirfd_ = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
}

static void drop_dir(void)
{
	sp_remove_tree_at(AT_FDCWD, dir, NULL);
}

TestSuite(fd, .init = make_dir, .fini = drop_dir);

static int entries(void)
{
	DIR *d = opendir(dir);
	int n = -2;

	while (readdir(d))
		n++;
	closedir(d);
	return n;
}

Test(fd, replacing_a_file_is_all_or_nothing)
{
	autobuf struct sp_buf text = SP_BUF_INIT;
	struct stat st;

	cr_assert_eq(sp_file_replace_at(dirfd_, "f", "old", 3, 0600, NULL), 0);
	cr_assert_eq(sp_file_replace_at(dirfd_, "f", "newer", 5, 0640, NULL), 0);
	cr_assert_eq(sp_file_read_at(dirfd_, "f", 100, &text, NULL), 0);
	cr_expect_str_eq(text.data, "newer");
	cr_expect_eq(fstatat(dirfd_, "f", &st, 0), 0);
	cr_expect_eq(st.st_mode & 07777, 0640);
	cr_expect_eq(entries(), 1, "no temporary is left");
}

Test(fd, replacing_a_link_replaces_the_link_and_not_its_target)
{
	struct stat st;

	cr_assert_eq(sp_file_replace_at(dirfd_, "target", "t", 1, 0600, NULL), 0);
	cr_assert_eq(symlinkat("target", dirfd_, "link"), 0);
	cr_assert_eq(sp_file_replace_at(dirfd_, "link", "xx", 2, 0600, NULL), 0);
	cr_expect_eq(fstatat(dirfd_, "link", &st, AT_SYMLINK_NOFOLLOW), 0);
	cr_expect(S_ISREG(st.st_mode));
	cr_expect_eq(fstatat(dirfd_, "target", &st, 0), 0);
	cr_expect_eq(st.st_size, 1);
}

Test(fd, replacing_a_directory_fails_and_leaves_no_temporary)
{
	struct sp_err err = { 0 };

	cr_assert_eq(mkdirat(dirfd_, "d", 0700), 0);
	cr_expect_lt(sp_file_replace_at(dirfd_, "d", "x", 1, 0600, &err), 0);
	cr_expect(strstr(err.message, "'d'"));
	cr_expect_eq(entries(), 1);
}

Test(fd, reading_more_than_the_cap_is_refused)
{
	autobuf struct sp_buf text = SP_BUF_INIT;
	struct sp_err err = { 0 };

	cr_assert_eq(sp_file_replace_at(dirfd_, "f", "0123456789", 10, 0600, NULL), 0);
	cr_expect_eq(sp_file_read_at(dirfd_, "f", 9, &text, &err), -E2BIG);
	cr_expect_eq(err.code, SP_E_TOO_LARGE);
	sp_buf_clear(&text);
	cr_expect_eq(sp_file_read_at(dirfd_, "f", 10, &text, NULL), 0);
	cr_expect_eq(sp_file_read_at(dirfd_, "absent", 10, &text, &err), -ENOENT);
	cr_expect(strstr(err.message, "'absent'"));
}

Test(fd, descriptors_travel_over_a_socket)
{
	int pair[2], pipes[2], got[4];
	size_t n = 4;
	char text[8] = { 0 };

	cr_assert_eq(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair), 0);
	cr_assert_eq(pipe2(pipes, O_CLOEXEC), 0);
	cr_assert_eq(sp_fds_send(pair[0], "hello", 5, pipes, 2, NULL), 0);
	cr_expect_eq(sp_fds_recv(pair[1], text, sizeof(text), got, &n, NULL), 5);
	cr_assert_eq(n, 2);
	cr_expect_str_eq(text, "hello");
	cr_expect(fcntl(got[0], F_GETFD) & FD_CLOEXEC);
	cr_expect_eq(sp_write_all(got[1], "x", 1), 0);
	cr_expect_eq(read(pipes[0], text, 1), 1);
}

Test(fd, descriptors_past_the_room_are_closed_and_not_leaked)
{
	int pair[2], pipes[2], got[1], before;
	struct sp_err err = { 0 };
	size_t n = 1;
	char text[8];

	cr_assert_eq(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair), 0);
	cr_assert_eq(pipe2(pipes, O_CLOEXEC), 0);
	before = open("/dev/null", O_RDONLY | O_CLOEXEC);
	close(before);
	cr_assert_eq(sp_fds_send(pair[0], "hello", 5, pipes, 2, NULL), 0);
	cr_expect_eq(sp_fds_recv(pair[1], text, sizeof(text), got, &n, &err), 5);
	cr_expect_eq(n, 1);
	close(got[0]);
	cr_expect_eq(open("/dev/null", O_RDONLY | O_CLOEXEC), before,
		     "the lowest free descriptor is as before");
}

Test(fd, a_closed_reader_is_an_error_and_no_signal)
{
	int pair[2];
	struct sp_err err = { 0 };

	cr_assert_eq(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair), 0);
	close(pair[1]);
	cr_expect_eq(sp_fds_send(pair[0], "x", 1, NULL, 0, &err), -EPIPE);
}

Test(fd, closing_marks_the_variable)
{
	int fd = open("/dev/null", O_RDONLY | O_CLOEXEC);

	errno = 7;
	sp_close(&fd);
	sp_close(&fd);
	cr_expect_eq(fd, -1);
	cr_expect_eq(errno, 7);
}
