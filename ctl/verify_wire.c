/* What verify sends itself; see verify_wire.h. */
#include "ctl/verify_wire.h"

#include <errno.h>
#include <netdb.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#include "base/fd.h"
#include "base/httpc.h"
#include "base/json.h"
#include "base/mem.h"
#include "base/time.h"
#include "ctl/verify.h"

SP_AUTO(struct sp_httpc *, sp_httpc_free)
SP_AUTO(struct addrinfo *, freeaddrinfo)

static int await_connection(int fd)
{
	struct pollfd p = { .fd = fd, .events = POLLOUT };
	socklen_t len = sizeof(int);
	int num = 0, n = poll(&p, 1, VERIFY_CONNECT_MS);

	if (n == 0)
		return ETIMEDOUT;
	if (n < 0 || getsockopt(fd, SOL_SOCKET, SO_ERROR, &num, &len) < 0)
		return errno;
	return num;
}

static int connect_to(const struct addrinfo *to)
{
	autoclose int fd =
		socket(to->ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, IPPROTO_TCP);

	if (fd < 0)
		return errno;
	if (connect(fd, to->ai_addr, to->ai_addrlen) == 0)
		return 0;
	return errno == EINPROGRESS ? await_connection(fd) : errno;
}

int verify_tcp(const char *address, uint16_t port, int64_t *ret_ns, struct sp_err *err)
{
	struct addrinfo hints = { .ai_flags = AI_NUMERICHOST | AI_NUMERICSERV,
				  .ai_socktype = SOCK_STREAM };
	auto_(freeaddrinfo) struct addrinfo *to = NULL;
	int64_t began = sp_time_mono_ns();
	char service[8];
	int num;

	snprintf(service, sizeof(service), "%u", port);
	*ret_ns = 0;
	if (getaddrinfo(address, service, &hints, &to) != 0)
		return sp_fail(err, SP_E_INVALID, "'%s' is no address", address);
	num = connect_to(to);
	*ret_ns = sp_time_mono_ns() - began;
	return num ? sp_fail(err, SP_E_UNREACHABLE, "%s", strerror(num)) : 0;
}

static int open_http(const char *address, uint16_t port, struct sp_httpc **ret, struct sp_err *err)
{
	struct sp_httpc_conf conf = { .connect_timeout_ns = VERIFY_CONNECT_MS * SP_NS_PER_MS,
				      .timeout_ns = 5 * SP_NS_PER_S,
				      .what = "service" };
	char url[96];

	snprintf(url, sizeof(url), strchr(address, ':') ? "http://[%s]:%u" : "http://%s:%u",
		 address, port);
	conf.base_url = url;
	return sp_httpc_new(&conf, ret, err);
}

int verify_http_call(const char *address, uint16_t port, const char *method, const char *path,
		     const json_t *body, json_t **ret_json, int64_t *ret_ns, struct sp_err *err)
{
	auto_(sp_httpc_free) struct sp_httpc *http = NULL;
	autofree char *text = body ? sp_json_text(body) : NULL;
	struct sp_http_reply reply;
	int64_t began = sp_time_mono_ns();
	int r = open_http(address, port, &http, err), status;

	*ret_ns = 0;
	if (r < 0)
		return r;
	r = sp_httpc_call(http, method, path, text, text ? strlen(text) : 0,
			  text ? "application/json" : NULL, &reply, err);
	*ret_ns = sp_time_mono_ns() - began;
	if (r < 0)
		return r;
	if (ret_json && (!reply.body.data ||
			 sp_json_parse(reply.body.data, reply.body.len, ret_json, NULL) < 0))
		*ret_json = NULL;
	status = reply.status;
	sp_http_reply_fini(&reply);
	return status;
}
