/* Both directions of an upgraded connection, carried byte for byte; see relay.h. */
#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/fd.h"
#include "control/api/relay.h"
#include "wire/exec.h"

#define CHUNK     (32 << 10)
#define LINGER_MS 5000

struct relay {
	struct agent *agent;
	struct sp_httpc_duplex *duplex;
	void *handle; /* of the client's side */
	int fd;
	struct sp_buf to_agent, to_client;
	bool client_ended, agent_ended;
	bool agent_deaf; /* it has ended its side; what it said before may yet be to be read */
};

static void relay_free(struct relay *x)
{
	sp_httpc_duplex_free(x->duplex);
	agent_close(x->agent);
	sp_buf_fini(&x->to_agent);
	sp_buf_fini(&x->to_client);
	free(x);
}

static void read_client(struct relay *x)
{
	char *at = sp_buf_reserve(&x->to_agent, CHUNK);
	ssize_t n = at ? recv(x->fd, at, CHUNK, MSG_DONTWAIT) : 0;

	if (n > 0)
		sp_buf_commit(&x->to_agent, (size_t)n);
	else if (n == 0 || (errno != EAGAIN && errno != EINTR))
		x->client_ended = true;
}

static void read_agent(struct relay *x)
{
	char *at = sp_buf_reserve(&x->to_client, CHUNK);
	ssize_t n = at ? sp_httpc_duplex_recv(x->duplex, at, CHUNK) : 0;

	if (n > 0)
		sp_buf_commit(&x->to_client, (size_t)n);
	else if (n != -EAGAIN)
		x->agent_ended = true;
}

static void write_agent(struct relay *x)
{
	ssize_t n = sp_httpc_duplex_send(x->duplex, x->to_agent.data, x->to_agent.len);

	if (n == -EAGAIN)
		return;
	x->agent_deaf = n <= 0;
	sp_buf_consume(&x->to_agent, n > 0 ? (size_t)n : x->to_agent.len);
}

static void write_client(struct relay *x)
{
	ssize_t n = send(x->fd, x->to_client.data, x->to_client.len, MSG_DONTWAIT | MSG_NOSIGNAL);

	if (n > 0)
		sp_buf_consume(&x->to_client, (size_t)n);
	else if (errno != EAGAIN && errno != EINTR)
		x->client_ended = true;
}

/* A side is read only while what it said before is already passed on. */
static void carry(struct relay *x)
{
	struct pollfd p[2] = { { .fd = x->fd }, { .fd = sp_httpc_duplex_fd(x->duplex) } };

	p[0].events = (short)((x->to_agent.len ? 0 : POLLIN) | (x->to_client.len ? POLLOUT : 0));
	p[1].events = (short)((x->to_client.len ? 0 : POLLIN) | (x->to_agent.len ? POLLOUT : 0));
	if (poll(p, 2, -1) < 0)
		return;
	if (!x->to_agent.len && (p[0].revents & (POLLIN | POLLHUP | POLLERR)))
		read_client(x);
	if (!x->to_client.len && (p[1].revents & (POLLIN | POLLHUP | POLLERR)))
		read_agent(x);
	if (x->agent_deaf)
		sp_buf_clear(&x->to_agent);
	if (x->to_agent.len)
		write_agent(x);
	if (x->to_client.len)
		write_client(x);
}

/* The client goes once it has read how it ended; what it still says is nobody's. Closed with that
 * unread, the connection would be reset, and its last frame lost. */
static void linger(struct relay *x)
{
	struct pollfd p = { .fd = x->fd, .events = POLLIN };

	while (!x->client_ended && poll(&p, 1, LINGER_MS) > 0) {
		sp_buf_clear(&x->to_agent);
		read_client(x);
	}
}

/* TLS may hold bytes that poll() does not see, so each side is read until it says EAGAIN. */
static void *run(void *arg)
{
	struct relay *x = arg;

	read_agent(x);
	if (x->to_client.len)
		write_client(x);
	while (!x->client_ended && (!x->agent_ended || x->to_client.len)) {
		carry(x);
		if (!x->to_client.len && !x->agent_ended)
			read_agent(x);
	}
	linger(x);
	sp_httpd_upgrade_done(x->handle);
	relay_free(x);
	return NULL;
}

static void on_upgraded(void *state, int fd, const char *early, size_t early_len, void *handle)
{
	struct relay *x = state;
	pthread_t thread;

	if (fd < 0) {
		relay_free(x);
		return;
	}
	x->fd = fd;
	x->handle = handle;
	sp_buf_append(&x->to_agent, early, early_len);
	if (pthread_create(&thread, NULL, run, x) == 0) {
		pthread_detach(thread);
		return;
	}
	sp_httpd_upgrade_done(handle);
	relay_free(x);
}

int relay_exec(struct sp_httpd_req *req, struct agent *agent, const char *path, const json_t *body,
	       struct sp_err *err)
{
	struct relay *x = calloc(1, sizeof(*x));
	int r;

	if (!x) {
		agent_close(agent);
		return sp_fail_nomem(err);
	}
	x->agent = agent;
	r = sp_httpc_upgrade(agent_http(agent), path, body, WIRE_EXEC_PROTOCOL, &x->duplex, err);
	if (r < 0) {
		relay_free(x);
		return r;
	}
	sp_httpd_upgrade(req, WIRE_EXEC_PROTOCOL, on_upgraded, x);
	return 0;
}
