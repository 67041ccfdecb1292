/* The cage of the unpacking process: what can still be seen and done from inside. */
#include "images/confine.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <net/if.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/mem.h"
#include "base/path.h"
#include "images/confine_calls.h"

static char dir[64];
static int outside; /* a descriptor of the real root, that must not survive */

static void make_dir(void)
{
	snprintf(dir, sizeof(dir), "/tmp/sp-confine-XXXXXX");
	cr_assert(mkdtemp(dir));
	outside = open("/", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
}

static void remove_dir(void)
{
	close(outside);
	sp_remove_tree_at(AT_FDCWD, dir, NULL);
}

TestSuite(confine, .init = make_dir, .fini = remove_dir, .timeout = 30);

/* Run check in a confined child; it returns NULL, or what is wrong. */
static void inside(const char *(*check)(void))
{
	char text[256] = "";
	int out[2], status;
	ssize_t n;
	pid_t pid;

	cr_assert_eq(pipe2(out, O_CLOEXEC), 0);
	pid = img_fork_alone(NULL);
	cr_assert_geq(pid, 0);
	if (pid == 0) {
		int root = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		struct sp_err err = { 0 };
		const char *wrong = img_confine(root, &out[1], 1, &err) < 0 ? err.message : check();

		if (wrong)
			sp_write_all(out[1], wrong, strlen(wrong));
		syscall(SYS_exit_group, wrong ? 1 : 0); /* with no handler of a sanitizer's */
	}
	close(out[1]);
	n = read(out[0], text, sizeof(text) - 1);
	text[n > 0 ? n : 0] = '\0';
	close(out[0]);
	cr_assert_eq(waitpid(pid, &status, 0), pid);
	cr_expect_eq(status, 0, "%s", text);
}

static const char *see_one_directory(void)
{
	struct stat st;
	char cwd[64];

	if (!getcwd(cwd, sizeof(cwd)) || strcmp(cwd, "/") != 0)
		return "the working directory is not the new root";
	if (stat("/etc", &st) == 0 || stat("/proc", &st) == 0)
		return "the old root is in sight";
	if (chdir("../../../..") < 0 || stat("etc", &st) == 0)
		return "there is a way up";
	if (fcntl(outside, F_GETFD) >= 0)
		return "a descriptor survived";
	return mkdir("/made", 0700) < 0 ? "the directory cannot be written" : NULL;
}

Test(confine, one_directory_is_all_there_is)
{
	char made[96];

	inside(see_one_directory);
	snprintf(made, sizeof(made), "%s/made", dir);
	cr_expect_eq(access(made, F_OK), 0);
}

static const char *have_few_caps(void)
{
	struct __user_cap_header_struct head = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct data[2];
	uint32_t kept = 1u << CAP_CHOWN | 1u << CAP_DAC_OVERRIDE | 1u << CAP_FOWNER |
			1u << CAP_FSETID | 1u << CAP_SETFCAP;

	if (syscall(SYS_capget, &head, data) < 0)
		return "capget";
	if (data[0].effective != kept || data[0].permitted != kept || data[1].permitted ||
	    data[0].inheritable || data[1].inheritable)
		return "more or fewer capabilities than five";
	if (prctl(PR_CAPBSET_READ, CAP_SYS_ADMIN, 0, 0, 0) != 0)
		return "the bounding set still holds CAP_SYS_ADMIN";
	return prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) == 1 ? NULL : "new privileges are possible";
}

Test(confine, five_capabilities_are_left)
{
	inside(have_few_caps);
}

static const char *do_little(void)
{
	if (mknod("/null", S_IFCHR | 0666, makedev(1, 3)) == 0)
		return "a device node was made";
	if (mknod("/whiteout", S_IFCHR, makedev(0, 0)) < 0)
		return "a whiteout was not made";
	if (mount("x", "/", "tmpfs", 0, NULL) == 0)
		return "a mount was made";
	if (unshare(CLONE_NEWNET) == 0)
		return "a namespace was made";
	if (syscall(SYS_chroot, "/") == 0)
		return "chroot";
	return NULL;
}

Test(confine, neither_devices_nor_mounts_nor_namespaces_can_be_made)
{
	inside(do_little);
}

/* Each of these a stranger's code would want, and each would otherwise work or fail differently. */
static const struct {
	const char *name;
	long nr, args[4];
} wanted[] = {
	{ "socket", SYS_socket, { AF_UNIX, SOCK_STREAM } },
	{ "clone", SYS_clone, { SIGCHLD } },
	{ "execve", SYS_execve, { 0 } },
	{ "ptrace", SYS_ptrace, { 0 } },
	{ "mmap of code",
	  SYS_mmap,
	  { 0, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS } },
	{ "mprotect of code", SYS_mprotect, { 0, 0, PROT_EXEC } },
	{ "kill", SYS_kill, { 1, 0 } },
	{ "prctl", SYS_prctl, { PR_GET_DUMPABLE } },
	{ "setrlimit", SYS_setrlimit, { 0 } },
	{ "ioctl", SYS_ioctl, { 0 } },
	{ "bpf", SYS_bpf, { 0 } },
	{ "io_uring_setup", SYS_io_uring_setup, { 1 } },
	{ "keyctl", SYS_keyctl, { 0 } },
	{ "mount", SYS_mount, { 0 } },
	{ "unshare", SYS_unshare, { 0 } },
	{ "getpid", SYS_getpid, { 0 } },
};

static const char *call_little(void)
{
	static char wrong[64];
	struct sp_err err = { 0 };

	if (img_confine_calls(&err) < 0)
		return snprintf(wrong, sizeof(wrong), "%.60s", err.message), wrong;
	for (size_t i = 0; i < SP_COUNT(wanted); i++) {
		errno = 0;
		if (syscall(wanted[i].nr, wanted[i].args[0], wanted[i].args[1], wanted[i].args[2],
			    wanted[i].args[3], -1, 0) != -1 ||
		    errno != EPERM)
			return snprintf(wrong, sizeof(wrong), "%s is not refused", wanted[i].name),
			       wrong;
	}
	if (mknod("/null", S_IFCHR | 0666, makedev(1, 3)) == 0 || errno != EPERM)
		return "mknod of a device is not refused";
	if (mknod("/sock", S_IFSOCK | 0666, 0) == 0 || errno != EPERM)
		return "mknod of a socket is not refused";
	return NULL;
}

Test(confine, calls_that_unpacking_does_not_need_are_refused)
{
	inside(call_little);
}

static const char *still_unpack(void)
{
	int fd;

	if (img_confine_calls(NULL) < 0)
		return "the filter is refused";
	fd = open("/file", O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (fd < 0 || fchown(fd, 5, 5) < 0 || fchmod(fd, 04755) < 0 || ftruncate(fd, 10) < 0)
		return "a file";
	if (mkdirat(AT_FDCWD, "/dir", 0700) < 0 ||
	    linkat(AT_FDCWD, "/file", AT_FDCWD, "/dir/hard", 0) < 0 ||
	    symlinkat("x", AT_FDCWD, "/soft") < 0)
		return "a directory or a link";
	if (mknod("/fifo", S_IFIFO | 0600, 0) < 0 || mknod("/whiteout", S_IFCHR, makedev(0, 0)) < 0)
		return "a fifo or a whiteout";
	return unlinkat(AT_FDCWD, "/file", 0) < 0 ? "unlink" : NULL;
}

Test(confine, files_can_still_be_made)
{
	inside(still_unpack);
}

static const char *name_nobody(void)
{
	if (getpid() != 1 || getppid() != 0)
		return "it is not alone in its PID namespace";
	return kill(2, 0) < 0 && errno == ESRCH ? NULL : "there is another process to signal";
}

Test(confine, no_other_process_can_be_named)
{
	inside(name_nobody);
}

static const char *have_no_network(void)
{
	struct if_nameindex *list = if_nameindex();
	size_t n = 0;

	while (list && list[n].if_index)
		n++;
	return n == 1 && !strcmp(list[0].if_name, "lo") ? NULL : "there are interfaces beside lo";
}

Test(confine, the_network_is_an_empty_one)
{
	inside(have_no_network);
}

Test(confine, the_mounts_of_the_machine_stay_as_they_were)
{
	autobuf struct sp_buf before = SP_BUF_INIT, after = SP_BUF_INIT;

	cr_assert_eq(sp_file_read_at(AT_FDCWD, "/proc/self/mountinfo", 1 << 20, &before, NULL), 0);
	inside(see_one_directory);
	cr_assert_eq(sp_file_read_at(AT_FDCWD, "/proc/self/mountinfo", 1 << 20, &after, NULL), 0);
	cr_expect_str_eq(before.data, after.data);
}
