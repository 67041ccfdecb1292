/*
 * The addresses of a host. A number needs nobody; a name is looked up by a thread of its own,
 * because getaddrinfo(3) takes as long as it likes: who cannot wait leaves it behind.
 */
#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/httpc_impl.h"

/* Owned by the thread and by whoever waits for it; the last one frees it. */
struct lookup {
	atomic_int owners;
	char host[HTTPC_HOST_MAX], port[6];
	int done_fd;
	int result;
	struct addrinfo *list;
};

static int look_up(const char *host, const char *port, int flags, struct addrinfo **ret)
{
	struct addrinfo hints = { .ai_flags = flags | AI_NUMERICSERV, .ai_socktype = SOCK_STREAM };

	return getaddrinfo(host, port, &hints, ret);
}

static void release(struct lookup *l)
{
	if (atomic_fetch_sub(&l->owners, 1) > 1)
		return;
	if (l->list)
		freeaddrinfo(l->list);
	sp_close(&l->done_fd);
	free(l);
}

static void *run(void *arg)
{
	struct lookup *l = arg;

	l->result = look_up(l->host, l->port, AI_ADDRCONFIG, &l->list);
	eventfd_write(l->done_fd, 1);
	release(l);
	return NULL;
}

static struct lookup *start(const struct sp_httpc *c)
{
	struct lookup *l = calloc(1, sizeof(*l));
	pthread_t thread;

	if (!l)
		return NULL;
	atomic_init(&l->owners, 2);
	snprintf(l->host, sizeof(l->host), "%s", c->url.host);
	snprintf(l->port, sizeof(l->port), "%s", c->url.port);
	l->done_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (l->done_fd < 0 || pthread_create(&thread, NULL, run, l) != 0) {
		sp_close(&l->done_fd);
		free(l);
		return NULL;
	}
	pthread_detach(thread);
	return l;
}

static int fail(const struct sp_httpc *c, const char *why, struct sp_err *err)
{
	return sp_fail(err, SP_E_UNREACHABLE, "%s at '%s': host '%s': %s", c->what,
		       httpc_address(c), c->url.host, why);
}

static int take_result(const struct sp_httpc *c, int result, struct addrinfo **list,
		       struct addrinfo **ret, struct sp_err *err)
{
	if (result == EAI_MEMORY)
		return sp_fail_nomem(err);
	if (result != 0)
		return fail(c, gai_strerror(result), err);
	*ret = *list;
	*list = NULL;
	return 0;
}

int httpc_resolve(struct sp_httpc *c, int64_t until_ns, struct addrinfo **ret, struct sp_err *err)
{
	struct lookup *l;
	int r = look_up(c->url.host, c->url.port, AI_NUMERICHOST, ret);

	if (r == 0)
		return 0;
	l = start(c);
	if (!l)
		return sp_fail_nomem(err);
	r = httpc_wait(c, l->done_fd, POLLIN, until_ns, err);
	if (r == 0)
		r = fail(c, "its address was not found in time", err);
	else if (r > 0)
		r = take_result(c, l->result, &l->list, ret, err);
	release(l);
	return r;
}
