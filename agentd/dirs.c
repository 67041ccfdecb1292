/* See dirs.h. */
#include "agentd/dirs.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>

#include "base/fd.h"
#include "base/path.h"

#define LOCK_PATIENCE_MS 2000
#define LOCK_PAUSE_MS    10

static int open_top(const char *path, struct sp_err *err)
{
	int fd, r = sp_mkdirs(path, 0700, err);

	if (r < 0)
		return r;
	fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return fd < 0 ? sp_fail_errno(err, errno, "'%s'", path) : fd;
}

static int open_below(int dirfd, const char *name, struct sp_err *err)
{
	int fd;

	if (mkdirat(dirfd, name, 0700) < 0 && errno != EEXIST)
		return sp_fail_errno(err, errno, "make directory '%s'", name);
	fd = openat(dirfd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	return fd < 0 ? sp_fail_errno(err, errno, "'%s'", name) : fd;
}

/* A child that was being started when its agent died has a copy of the lock until it notices. */
static int take_lock(int fd)
{
	static const struct timespec pause = { .tv_nsec = LOCK_PAUSE_MS * 1000000L };
	int r = flock(fd, LOCK_EX | LOCK_NB);

	for (int waited = 0; r < 0 && waited < LOCK_PATIENCE_MS; waited += LOCK_PAUSE_MS) {
		nanosleep(&pause, NULL);
		r = flock(fd, LOCK_EX | LOCK_NB);
	}
	return r;
}

static int lock_state(struct dirs *d, struct sp_err *err)
{
	d->lock = openat(d->state, "lock", O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	if (d->lock < 0)
		return sp_fail_errno(err, errno, "'%s/lock'", d->state_path);
	if (take_lock(d->lock) < 0)
		return sp_fail(err, SP_E_CONFLICT, "another agent uses '%s'", d->state_path);
	return 0;
}

static int open_all(struct dirs *d, struct sp_err *err)
{
	int r;

	d->state = open_top(d->state_path, err);
	if (d->state < 0)
		return d->state;
	r = lock_state(d, err);
	if (r < 0)
		return r;
	d->run = open_top(d->run_path, err);
	if (d->run < 0)
		return d->run;
#define X(name)                                     \
	d->name = open_below(d->state, #name, err); \
	if (d->name < 0)                            \
		return d->name;
	DIRS(X)
#undef X
	return 0;
}

int dirs_open(const char *state_path, const char *run_path, struct dirs *ret, struct sp_err *err)
{
	int r;

	*ret = (struct dirs)DIRS_CLOSED;
	ret->state_path = strdup(state_path);
	ret->run_path = strdup(run_path);
	r = ret->state_path && ret->run_path ? open_all(ret, err) : sp_fail_nomem(err);
	if (r < 0)
		dirs_close(ret);
	return r;
}

void dirs_close(struct dirs *d)
{
	sp_close(&d->state);
	sp_close(&d->run);
#define X(name) sp_close(&d->name);
	DIRS(X)
#undef X
	sp_close(&d->lock);
	free(d->state_path);
	free(d->run_path);
	d->state_path = d->run_path = NULL;
}
