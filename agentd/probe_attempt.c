/* One attempt over a socket, one op at a time: connect, send the request, receive until judged. */
#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "agentd/probe_impl.h"
#include "base/fd.h"

static void attempt_free(struct probe_attempt *a)
{
	sp_close(&a->fd);
	sp_buf_fini(&a->request);
	free(a);
}

void probe_attempt_abandon(struct probe_attempt *a)
{
	a->probe = NULL;
	if (sp_op_busy(&a->op))
		sp_op_cancel(&a->op); /* its callback frees a */
	else
		attempt_free(a);
}

/* Detached from its probe before the verdict, in which the probe may be freed. */
static void finish(struct probe_attempt *a, bool ok)
{
	struct probe *p = a->probe;
	char message[PROBE_MESSAGE_MAX];

	memcpy(message, a->message, sizeof(message));
	if (a->protocol->goodbye)
		(void)send(a->fd, a->protocol->goodbye, a->protocol->goodbye_len,
			   MSG_DONTWAIT | MSG_NOSIGNAL);
	p->attempt = NULL;
	attempt_free(a);
	probe_finish(p, ok, message);
}

static void fail_errno(struct probe_attempt *a, const char *doing, int error)
{
	char text[128];
	const char *why = strerror_r(error, text, sizeof(text));
	int n;

	if (!a->message[0]) {
		char both[192];

		n = snprintf(both, sizeof(both), "%s: %s", doing, why);
		probe_message(a->message, a->probe->what, both, (size_t)n);
	}
	finish(a, false);
}

static void receive(struct probe_attempt *a);

static void on_received(struct sp_op *op, int res, bool more)
{
	struct probe_attempt *a = op->owner;
	enum probe_judgement j;

	(void)more;
	if (!a->probe) {
		attempt_free(a);
		return;
	}
	if (res < 0) {
		fail_errno(a, "receive", -res);
		return;
	}
	a->reply_len += (size_t)res;
	a->reply[a->reply_len] = '\0';
	j = a->protocol->judge(a, res == 0 || a->reply_len == PROBE_REPLY_MAX, a->message);
	if (j == PROBE_MORE)
		receive(a);
	else
		finish(a, j == PROBE_PASS);
}

static void receive(struct probe_attempt *a)
{
	a->op.fn = on_received;
	sp_op_read(a->probe->loop, &a->op, a->fd, a->reply + a->reply_len,
		   PROBE_REPLY_MAX - a->reply_len, -1);
}

static void on_sent(struct sp_op *op, int res, bool more);

static void send_rest(struct probe_attempt *a)
{
	a->op.fn = on_sent;
	sp_op_write(a->probe->loop, &a->op, a->fd, a->request.data + a->sent,
		    a->request.len - a->sent, -1);
}

static void on_sent(struct sp_op *op, int res, bool more)
{
	struct probe_attempt *a = op->owner;

	(void)more;
	if (!a->probe) {
		attempt_free(a);
		return;
	}
	if (res < 0) {
		fail_errno(a, "send", -res);
		return;
	}
	a->sent += (size_t)res;
	if (a->sent < a->request.len)
		send_rest(a);
	else
		receive(a);
}

static void on_connected(struct sp_op *op, int res, bool more)
{
	struct probe_attempt *a = op->owner;

	(void)more;
	if (!a->probe) {
		attempt_free(a);
	} else if (res < 0) {
		fail_errno(a, "connect", -res);
	} else if (!a->protocol->request) {
		probe_message(a->message, a->probe->what, "connected", strlen("connected"));
		finish(a, true);
	} else {
		send_rest(a);
	}
}

int probe_attempt_start(struct probe *p, const struct probe_protocol *protocol, struct sp_err *err)
{
	struct probe_attempt *a = calloc(1, sizeof(*a));
	int r = 0;

	if (!a)
		return sp_fail_nomem(err);
	a->probe = p;
	a->protocol = protocol;
	a->op = (struct sp_op){ .fn = on_connected, .owner = a };
	a->to = (struct sockaddr_in){ .sin_family = AF_INET,
				      .sin_port = htons(p->conf.spec->port) };
	if (protocol->request)
		protocol->request(p, &a->request);
	a->fd = probe_socket(p->conf.netns_fd, err);
	if (a->fd < 0)
		r = a->fd;
	else if (inet_pton(AF_INET, p->address, &a->to.sin_addr) != 1)
		r = sp_fail(err, SP_E_INVALID, "'%s' is not an IPv4 address", p->address);
	else
		r = sp_buf_check(&a->request, err);
	if (r < 0) {
		attempt_free(a);
		return r;
	}
	p->attempt = a;
	sp_op_connect(p->loop, &a->op, a->fd, (struct sockaddr *)&a->to, sizeof(a->to));
	return 0;
}

const struct probe_protocol probe_tcp = { .request = NULL };
