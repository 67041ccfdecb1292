/* A directory as a tar file, made by tar(1); see archive.h. */
#include "ctl/archive.h"

#include <errno.h>
#include <fcntl.h>
#include <spawn.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/mem.h"

/* What tar has to say goes to standard error as it is. */
static int start_tar(const char *dir, int fd, pid_t *ret, struct sp_err *err)
{
	const char *const argv[] = {
		"tar",         "--create",  "--format=pax",
		"--owner=0",   "--group=0", "--numeric-owner",
		"--directory", dir,         "--",
		".",           NULL,
	};
	posix_spawn_file_actions_t actions;
	int rc = posix_spawn_file_actions_init(&actions);

	if (rc == 0)
		rc = posix_spawn_file_actions_adddup2(&actions, fd, STDOUT_FILENO);
	if (rc == 0)
		rc = posix_spawnp(ret, "tar", &actions, NULL, (char *const *)argv, environ);
	posix_spawn_file_actions_destroy(&actions);
	return rc ? sp_fail_errno(err, rc, "starting tar") : 0;
}

static int pack(const char *dir, int fd, struct sp_err *err)
{
	pid_t pid = -1;
	int status = 0, r = start_tar(dir, fd, &pid, err);

	if (r < 0)
		return r;
	while (waitpid(pid, &status, 0) < 0)
		if (errno != EINTR)
			return sp_fail_errno(err, errno, "waiting for tar");
	if (WIFEXITED(status) && WEXITSTATUS(status) == 0)
		return 0;
	if (WIFEXITED(status))
		return sp_fail(err, SP_E_SYSTEM, "packing '%s': tar exited with status %d", dir,
			       WEXITSTATUS(status));
	return sp_fail(err, SP_E_SYSTEM, "packing '%s': tar was killed by signal %d", dir,
		       WTERMSIG(status));
}

static int is_layout(const char *dir, struct sp_err *err)
{
	autoclose int fd = open(dir, O_DIRECTORY | O_RDONLY | O_CLOEXEC);

	if (fd < 0)
		return sp_fail_errno(err, errno, "'%s'", dir);
	if (faccessat(fd, "oci-layout", R_OK, 0) < 0)
		return sp_fail(err, SP_E_INVALID,
			       "'%s' holds no OCI image layout (no file oci-layout)", dir);
	return 0;
}

int ctl_archive_layout(const char *dir, int *ret_fd, uint64_t *ret_bytes, struct sp_err *err)
{
	const char *where = getenv("TMPDIR");
	autoclose int fd = -1;
	off_t size;
	int r = is_layout(dir, err);

	if (r < 0)
		return r;
	fd = open(where && *where ? where : "/var/tmp", O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
	if (fd < 0)
		return sp_fail_errno(err, errno, "temporary file");
	r = pack(dir, fd, err);
	if (r < 0)
		return r;
	size = lseek(fd, 0, SEEK_END);
	if (size < 0 || lseek(fd, 0, SEEK_SET) < 0)
		return sp_fail_errno(err, errno, "temporary file");
	*ret_bytes = (uint64_t)size;
	*ret_fd = take_fd(fd);
	return 0;
}
