/* See state_porter.h. */
#include "agentd/state_porter.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "agentd/state_porter_child.h"
#include "base/fd.h"
#include "base/log.h"
#include "base/mem.h"

#define BACKLOG 256

struct state_porter {
	pid_t pid;
	int pidfd;
	struct sp_op watch;
	bool ending;
	char outside[sizeof(((struct sockaddr_un *)0)->sun_path)];
};

static int address_of(const char *path, struct sockaddr_un *ret, struct sp_err *err)
{
	*ret = (struct sockaddr_un){ .sun_family = AF_UNIX };
	if (strlen(path) >= sizeof(ret->sun_path))
		return sp_fail(err, SP_E_INVALID, "socket path '%s' is too long", path);
	memcpy(ret->sun_path, path, strlen(path) + 1);
	return 0;
}

static int open_outside(const char *path, struct sp_err *err)
{
	autoclose int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	struct sockaddr_un address;
	int r = address_of(path, &address, err);

	if (r < 0)
		return r;
	if (fd < 0)
		return sp_fail_errno(err, errno, "socket");
	if (unlink(path) < 0 && errno != ENOENT)
		return sp_fail_errno(err, errno, "remove '%s'", path);
	if (bind(fd, (struct sockaddr *)&address, sizeof(address)) < 0 || chmod(path, 0666) < 0 ||
	    listen(fd, BACKLOG) < 0)
		return sp_fail_errno(err, errno, "listen on '%s'", path);
	return take_fd(fd);
}

/* The path of the agent's socket goes through one of its descriptors, which the child has not: a
 * descriptor of the file itself does as well. */
static int open_inside(const char *path, struct sp_err *err)
{
	int fd = open(path, O_PATH | O_CLOEXEC);

	return fd < 0 ? sp_fail_errno(err, errno, "'%s'", path) : fd;
}

static void on_gone(struct sp_op *op, int res, bool more)
{
	struct state_porter *p = op->owner;
	int status = 0;

	(void)res;
	(void)more;
	waitpid(p->pid, &status, 0);
	sp_close(&p->pidfd);
	p->pid = 0;
	if (p->ending)
		free(p);
	else
		sp_log(SP_LOG_ERROR, "state_porter.ended", SP_INT("status", status));
}

static int start(struct sp_loop *loop, const struct state_porter_conf *conf, int outside,
		 int inside, struct state_porter **ret, struct sp_err *err)
{
	struct state_porter *p = calloc(1, sizeof(*p));
	struct state_porter_work work = { getpid(), outside, inside, conf->first_uid,
					  conf->n_uids };

	if (!p)
		return sp_fail_nomem(err);
	p->pid = fork();
	if (p->pid == 0)
		state_porter_child(&work);
	p->pidfd = p->pid < 0 ? -1 : (int)syscall(SYS_pidfd_open, p->pid, 0U);
	if (p->pidfd < 0) {
		int num = errno;

		if (p->pid > 0 && kill(p->pid, SIGKILL) == 0)
			waitpid(p->pid, NULL, 0);
		free(p);
		return sp_fail_errno(err, num, "start the porter of a state socket");
	}
	snprintf(p->outside, sizeof(p->outside), "%s", conf->outside);
	p->watch = (struct sp_op){ .fn = on_gone, .owner = p };
	sp_op_poll(loop, &p->watch, p->pidfd, EPOLLIN);
	*ret = p;
	return 0;
}

int state_porter_start(struct sp_loop *loop, const struct state_porter_conf *conf,
		       struct state_porter **ret, struct sp_err *err)
{
	autoclose int inside = open_inside(conf->inside, err);
	autoclose int outside = inside < 0 ? -1 : open_outside(conf->outside, err);

	if (inside < 0 || outside < 0)
		return inside < 0 ? inside : outside;
	return start(loop, conf, outside, inside, ret, err);
}

void state_porter_end(struct state_porter *p)
{
	if (!p)
		return;
	unlink(p->outside);
	p->ending = true;
	if (p->pid)
		kill(p->pid, SIGKILL);
	else
		free(p);
}
