/*
 * Can this node reach a peer by its name? Asked by `ctl verify`. A name may have to be looked up,
 * which blocks, so a child does it: it writes one line of JSON into a pipe and goes.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/close_range.h>
#include <netdb.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "agentd/api.h"
#include "agentd/reply.h"
#include "agentd/watch.h"
#include "base/child.h"
#include "base/fd.h"
#include "base/json.h"
#include "base/mem.h"
#include "base/str.h"
#include "base/time.h"

#define CONNECT_MS 2000
#define CHILD_S    4 /* it is killed then, whatever the resolver does */
#define REPLY_MAX  1024

struct ask {
	struct agent *agent;
	struct sp_httpd_req *req;
	pid_t pid;
	int fd;
};

/* 0, or an errno. */
static int connect_in_time(int fd, const struct sockaddr *to, socklen_t len)
{
	struct pollfd p = { .fd = fd, .events = POLLOUT };
	int error = 0;
	socklen_t size = sizeof(error);

	if (connect(fd, to, len) == 0)
		return 0;
	if (errno != EINPROGRESS)
		return errno;
	if (poll(&p, 1, CONNECT_MS) <= 0)
		return ETIMEDOUT;
	return getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &size) < 0 ? errno : error;
}

static json_t *attempt(const char *host, int64_t port)
{
	struct addrinfo hints = { .ai_family = AF_INET, .ai_socktype = SOCK_STREAM }, *found;
	char service[8], address[INET_ADDRSTRLEN] = "";
	int64_t began = sp_time_mono_ns();
	const char *message = "";
	int fd, r;

	snprintf(service, sizeof(service), "%d", (int)port);
	r = getaddrinfo(host, service, &hints, &found);
	if (r != 0) {
		message = gai_strerror(r);
	} else {
		getnameinfo(found->ai_addr, found->ai_addrlen, address, sizeof(address), NULL, 0,
			    NI_NUMERICHOST);
		fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
		r = fd < 0 ? errno : connect_in_time(fd, found->ai_addr, found->ai_addrlen);
		message = r ? strerror(r) : "";
	}
	return json_pack("{s:s, s:I, s:s, s:b, s:I, s:s}", "host", host, "port", (json_int_t)port,
			 "address", address, "ok", r == 0, "elapsed_ns",
			 (json_int_t)(sp_time_mono_ns() - began), "message", message);
}

/* In the child: nothing of the agent stays open but the pipe. */
static void child(pid_t agent, int pipe, const char *host, int64_t port)
{
	char *text;

	sp_child_die_with(agent);
	alarm(CHILD_S);
	if (dup2(pipe, 3) < 0)
		_exit(2);
	syscall(SYS_close_range, 4U, ~0U, 0U);
	text = sp_json_text(attempt(host, port));
	_exit(text && sp_write_all(3, text, strlen(text)) == 0 ? 0 : 1);
}

static void on_answer(void *owner)
{
	struct ask *q = owner;
	autobuf struct sp_buf text = SP_BUF_INIT;
	struct sp_err err = { 0 };
	json_t *json = NULL;
	int r = sp_read_all(q->fd, REPLY_MAX, &text, &err);

	waitpid(q->pid, NULL, 0);
	if (r >= 0 && !text.len)
		r = sp_fail(&err, SP_E_TIMEOUT, "no answer from the resolver in %d s", CHILD_S);
	if (r >= 0)
		r = sp_json_parse(text.data, text.len, &json, &err);
	if (r < 0)
		reply_err(q->agent, q->req, NULL, &err);
	else
		reply_json(q->req, 200, json);
	close(q->fd);
	free(q);
}

static int ask(struct agent *a, struct sp_httpd_req *req, const char *host, int64_t port,
	       struct sp_err *err)
{
	struct ask *q = calloc(1, sizeof(*q));
	const pid_t agent = getpid();
	struct watch *ended;
	int fds[2], r;

	if (!q || pipe2(fds, O_CLOEXEC) < 0) {
		r = q ? sp_fail_errno(err, errno, "pipe") : sp_fail_nomem(err);
		free(q);
		return r;
	}
	*q = (struct ask){ .agent = a, .req = req, .fd = fds[0], .pid = fork() };
	if (q->pid == 0)
		child(agent, fds[1], host, port);
	close(fds[1]);
	r = q->pid < 0 ? sp_fail_errno(err, errno, "fork")
		       : watch_new(a->loop, q->fd, EPOLLIN | EPOLLHUP, on_answer, q, &ended, err);
	if (r < 0) {
		close(q->fd);
		free(q);
	}
	return r;
}

static bool is_peer(const struct agent *a, const char *name)
{
	for (size_t i = 0; i < a->peers.n; i++)
		if (!strcmp(a->peers.list[i].name, name))
			return true;
	return false;
}

void api_reach(struct sp_httpd_req *req, void *owner)
{
	struct agent *a = owner;
	const char *host = sp_httpd_query(req, "host");
	struct sp_err err = { 0 };
	int64_t port;

	if (!api_number(a, req, "port", 1, 65535, 0, &port))
		return;
	if (!host || !port)
		reply_fail(a, req, NULL, SP_E_INVALID, "host and port are needed");
	else if (!is_peer(a, host))
		reply_fail(a, req, NULL, SP_E_NOT_FOUND, "'%.80s' is not a peer of node '%s'", host,
			   a->config.name);
	else if (ask(a, req, host, port, &err) < 0)
		reply_err(a, req, NULL, &err);
	else
		sp_httpd_defer(req);
}
