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
#include "base/time.h"

#define BACKLOG          256
#define AGAIN_FIRST_NS   (50 * SP_NS_PER_MS)
#define AGAIN_MAX_NS     (5 * SP_NS_PER_S)
#define AGAIN_HEALTHY_NS (10 * SP_NS_PER_S) /* a run this long forgets what was before */

struct state_porter {
	struct sp_loop *loop;
	struct state_porter_work work;
	pid_t pid; /* 0: none runs */
	int pidfd;
	struct sp_op watch;
	struct sp_timer again;
	int64_t started_ns, delay_ns; /* delay before the next start */
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

static void porter_free(struct state_porter *p)
{
	sp_close(&p->work.outside);
	sp_close(&p->work.inside);
	free(p);
}

static int start(struct state_porter *p, struct sp_err *err);

/* Meanwhile clients wait in the backlog, for the listening socket is the agent's too. */
static void start_later(struct state_porter *p)
{
	if (sp_time_mono_ns() - p->started_ns >= AGAIN_HEALTHY_NS || !p->delay_ns)
		p->delay_ns = AGAIN_FIRST_NS;
	if (sp_timer_arm_in(p->loop, &p->again, p->delay_ns) < 0)
		sp_log(SP_LOG_ERROR, "state_porter.again");
	p->delay_ns *= 2;
	if (p->delay_ns > AGAIN_MAX_NS)
		p->delay_ns = AGAIN_MAX_NS;
}

static void on_again(struct sp_timer *t)
{
	struct state_porter *p = t->owner;
	struct sp_err err = { 0 };

	if (start(p, &err) == 0)
		return;
	sp_log(SP_LOG_ERROR, "state_porter.start", SP_ERR(&err));
	start_later(p);
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
	if (p->ending) {
		porter_free(p);
		return;
	}
	sp_log(SP_LOG_WARN, "state_porter.ended", SP_INT("status", status));
	start_later(p);
}

static int start(struct state_porter *p, struct sp_err *err)
{
	p->started_ns = sp_time_mono_ns();
	p->pid = fork();
	if (p->pid == 0)
		state_porter_child(&p->work);
	p->pidfd = p->pid < 0 ? -1 : (int)syscall(SYS_pidfd_open, p->pid, 0U);
	if (p->pidfd < 0) {
		int num = errno;

		if (p->pid > 0 && kill(p->pid, SIGKILL) == 0)
			waitpid(p->pid, NULL, 0);
		p->pid = 0;
		return sp_fail_errno(err, num, "start the porter of a state socket");
	}
	sp_op_poll(p->loop, &p->watch, p->pidfd, EPOLLIN);
	return 0;
}

static struct state_porter *porter_new(struct sp_loop *loop, const struct state_porter_conf *conf)
{
	struct state_porter *p = calloc(1, sizeof(*p));

	if (!p)
		return NULL;
	p->loop = loop;
	p->pidfd = -1;
	p->work = (struct state_porter_work){ getpid(), -1, -1, conf->first_uid, conf->n_uids };
	p->watch = (struct sp_op){ .fn = on_gone, .owner = p };
	p->again = (struct sp_timer){ .fn = on_again, .owner = p };
	snprintf(p->outside, sizeof(p->outside), "%s", conf->outside);
	return p;
}

int state_porter_start(struct sp_loop *loop, const struct state_porter_conf *conf,
		       struct state_porter **ret, struct sp_err *err)
{
	struct state_porter *p = porter_new(loop, conf);
	int r;

	if (!p)
		return sp_fail_nomem(err);
	r = p->work.inside = open_inside(conf->inside, err);
	if (r >= 0)
		r = p->work.outside = open_outside(conf->outside, err);
	if (r >= 0)
		r = start(p, err);
	if (r < 0) {
		porter_free(p);
		return r;
	}
	*ret = p;
	return 0;
}

void state_porter_end(struct state_porter *p)
{
	if (!p)
		return;
	unlink(p->outside);
	sp_timer_cancel(&p->again);
	p->ending = true;
	if (p->pid)
		kill(p->pid, SIGKILL);
	else
		porter_free(p);
}
