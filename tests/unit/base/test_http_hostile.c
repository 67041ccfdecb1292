/* The HTTP server and clients that misbehave, and the client and servers that are not there. */
#include "tests/unit/base/http_server.h"

#include <errno.h>
#include <sys/stat.h>

#include "base/fd.h"

static int raw_connect(struct server *s)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	memcpy(address.sun_path, s->socket, strlen(s->socket) + 1);
	cr_assert_eq(connect(fd, (struct sockaddr *)&address, sizeof(address)), 0);
	return fd;
}

static int raw_status(struct server *s, const char *request)
{
	struct timeval limit = { .tv_sec = 10 };
	char reply[4096] = { 0 };
	int fd = raw_connect(s), status = 0;
	ssize_t n;

	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit));
	cr_assert_eq(send(fd, request, strlen(request), MSG_NOSIGNAL), (ssize_t)strlen(request));
	do
		n = read(fd, reply, sizeof(reply) - 1);
	while (n < 0 && errno == EINTR); /* by io_uring's work in this process */
	close(fd);
	if (n > 0)
		sscanf(reply, "HTTP/1.%*d %3d", &status);
	return status;
}

HTTP_TEST(garbage_is_answered_with_an_error_or_just_closed)
{
	static const char *const garbage[] = {
		"\x16\x03\x01 no such thing\r\n\r\n",
		"GET\r\n\r\n",
		"hello\r\n\r\n",
		"GET nopath HTTP/1.1\r\nHost: x\r\n\r\n",
		"GET /hello/x HTTP/1.1\r\n\r\n",
		"GET /hello/x HTTP/3.7\r\nHost: x\r\n\r\n",
		"GET /\xff HTTP/1.1\r\nHost: x\r\n\r\n",
		"G\xff /hello/x HTTP/1.1\r\nHost: x\r\n\r\n",
		"POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 5x\r\n\r\nabcde",
		"POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: -5\r\n\r\n",
	};
	struct sp_httpc *c = client(s);

	for (size_t i = 0; !s->tls && i < SP_COUNT(garbage); i++) {
		int status = raw_status(s, garbage[i]);

		cr_expect(status == 0 || (status >= 400 && status < 600), "request %zu: %d", i,
			  status);
	}
	cr_expect_eq(status_of(c, "GET", "/hello/x", NULL, 0), 200);
	sp_httpc_free(c);
}

HTTP_TEST(a_head_without_end_is_refused)
{
	autobuf struct sp_buf b = SP_BUF_INIT;
	struct sp_httpc *c = client(s);

	sp_buf_puts(&b, "GET /hello/x HTTP/1.1\r\nHost: x\r\nX: ");
	for (int i = 0; i < 100000; i++)
		sp_buf_putc(&b, 'a');
	if (!s->tls) {
		int status = raw_status(s, b.data);

		/* 0: the reply was lost in the reset that unread bytes cause */
		cr_expect(status == 0 || status == 431 || status == 413, "%d", status);
	}
	cr_expect_eq(status_of(c, "GET", "/hello/x", NULL, 0), 200);
	sp_httpc_free(c);
}

/* MHD has no room for so many, and would leave the client without an answer. */
HTTP_TEST(thousands_of_parameters_are_refused_with_a_reason)
{
	autobuf struct sp_buf b = SP_BUF_INIT;
	struct sp_httpc *c = client(s);
	struct sp_err err = { 0 };

	sp_buf_puts(&b, "/hello/x?q=1");
	for (int i = 0; i < 3000; i++)
		sp_buf_printf(&b, "&a%d=1", i);
	cr_expect_eq(sp_httpc_json(c, "GET", b.data, NULL, NULL, &err), -EINVAL);
	cr_expect(strstr(err.message, "query parameters"), "%s", err.message);
	cr_expect_eq(status_of(c, "GET", "/hello/x", NULL, 0), 200);
	sp_httpc_free(c);
}

HTTP_TEST(what_is_not_utf8_is_named)
{
	static const struct {
		const char *path, *said;
	} rows[] = {
		{ "/hello/%ff", "'name' of the path: is not UTF-8" },
		{ "/hello/%zz", "'name' of the path: '%zz' is not a valid percent-encoding" },
		{ "/hello/x?q=%ff", "query parameter 'q': is not UTF-8" },
		{ "/hello/x?%ff=1", "query parameter '%ff': is not UTF-8" },
	};
	struct sp_httpc *c = client(s);

	for (size_t i = 0; i < SP_COUNT(rows); i++) {
		struct sp_err err = { 0 };

		cr_expect_eq(sp_httpc_json(c, "GET", rows[i].path, NULL, NULL, &err), -EINVAL);
		cr_expect_str_eq(err.message, rows[i].said);
	}
	sp_httpc_free(c);
}

/* One byte of a head every 20 ms, for ever: silence never lasts, and yet it is over at the limit.
 */
HTTP_TEST_IDLE(a_slow_head_is_cut_off, 200 * SP_NS_PER_MS)
{
	int64_t end = sp_time_mono_ns() + WAIT_MAX;
	int fd;

	if (s->tls)
		return;
	fd = raw_connect(s);
	cr_assert_eq(send(fd, "GET / HTTP/1.1\r\n", 16, MSG_NOSIGNAL), 16);
	while (send(fd, "x", 1, MSG_NOSIGNAL) == 1) {
		cr_assert_lt(sp_time_mono_ns(), end, "nobody cut it off");
		poll(NULL, 0, 20);
	}
	close(fd);
}

/* Over the cap a connection waits in the backlog until another one ends; with threads it is cut
 * off. */
HTTP_TEST(connections_over_the_cap_are_not_served)
{
	int64_t end = sp_time_mono_ns() + WAIT_MAX;
	struct sp_httpc *first, *second, *third;
	struct sp_err err = { 0 };

	server_close(s);
	atomic_store(&s->ready, false);
	s->connections_max = 2;
	server_open(s);
	first = client(s), second = client(s), third = client(s);
	cr_expect_eq(status_of(first, "GET", "/hello/x", NULL, 0), 200);
	cr_expect_eq(status_of(second, "GET", "/hello/x", NULL, 0), 200);
	sp_httpc_set_timeout(third, 100 * SP_NS_PER_MS);
	cr_expect_lt(sp_httpc_json(third, "GET", "/hello/x", NULL, NULL, &err), 0);
	sp_httpc_free(second);
	sp_httpc_set_timeout(third, 0);
	while (sp_httpc_json(third, "GET", "/hello/x", NULL, NULL, &err) < 0) {
		cr_assert_eq(s->mode, ON_THREADS, "%s", err.message);
		cr_assert_lt(sp_time_mono_ns(), end, "%s", err.message);
	}
	sp_httpc_free(first);
	sp_httpc_free(third);
}

HTTP_TEST(a_chunked_body_over_the_cap_is_413)
{
	if (s->tls)
		return;
	cr_expect_eq(raw_status(s,
				"POST /small HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n"
				"\r\n14\r\n0123456789abcdef0123\r\n0\r\n\r\n"),
		     413);
}

Test(http, nobody_there_is_unreachable_and_says_where)
{
	struct sp_httpc_conf conf = { .base_url = "http://localhost",
				      .unix_path = "/nonexistent/socket",
				      .what = "node 'worker1'" };
	struct sp_httpc *c = NULL;
	struct sp_err err = { 0 };

	cr_assert_eq(sp_httpc_new(&conf, &c, NULL), 0);
	cr_expect_eq(sp_httpc_json(c, "GET", "/", NULL, NULL, &err), -EHOSTUNREACH);
	cr_expect(strstr(err.message, "node 'worker1' at '/nonexistent/socket'"), "%s",
		  err.message);
	sp_httpc_free(c);
	sp_httpc_free(NULL);
}

Test(http, only_a_socket_is_ever_replaced)
{
	char dir[] = "/tmp/sp-http-XXXXXX", path[64];
	struct sp_httpd_conf conf = { .routes = routes, .authorize = authorize, .unix_path = path };
	struct sp_httpd *d = NULL;
	struct sp_err err = { 0 };

	cr_assert_not_null(mkdtemp(dir));
	snprintf(path, sizeof(path), "%s/socket", dir);
	close(open(path, O_CREAT | O_WRONLY | O_CLOEXEC, 0600));
	cr_expect_eq(sp_httpd_new(&conf, &d, &err), -EEXIST);
	cr_assert_eq(unlink(path), 0);
	cr_assert_eq(sp_httpd_new(&conf, &d, &err), 0);
	sp_httpd_free(d);
	cr_expect_lt(access(path, F_OK), 0, "and it is gone with the server");
	cr_expect_eq(sp_remove_tree_at(AT_FDCWD, dir, NULL), 0);
}

static int send_descriptor(struct server *s)
{
	char byte = 'G';
	char space[CMSG_SPACE(sizeof(int))] = { 0 };
	struct iovec bytes = { &byte, 1 };
	struct msghdr message = { .msg_iov = &bytes,
				  .msg_iovlen = 1,
				  .msg_control = space,
				  .msg_controllen = sizeof(space) };
	struct cmsghdr *c = CMSG_FIRSTHDR(&message);
	autoclose int fd = raw_connect(s);

	c->cmsg_level = SOL_SOCKET;
	c->cmsg_type = SCM_RIGHTS;
	c->cmsg_len = CMSG_LEN(sizeof(int));
	memcpy(CMSG_DATA(c), &fd, sizeof(fd));
	return sendmsg(fd, &message, MSG_NOSIGNAL) < 0 ? -errno : 0;
}

Test(http, a_socket_for_strangers_has_its_mode_and_takes_no_descriptors)
{
	struct server s = { .mode = ON_THREADS };
	struct sp_httpd_conf conf = { .unix_path = s.socket,
				      .unix_mode = 0666,
				      .no_descriptors = true,
				      .routes = routes,
				      .authorize = authorize,
				      .owner = &s };
	struct sp_err err = { 0 };
	struct stat st;
	int r;

	snprintf(s.dir, sizeof(s.dir), "/tmp/sp-http-XXXXXX");
	cr_assert_not_null(mkdtemp(s.dir));
	snprintf(s.socket, sizeof(s.socket), "%s/socket", s.dir);
	r = sp_httpd_new(&conf, &s.d, &err);
	if (err.code == SP_E_UNSUPPORTED)
		cr_skip("this kernel cannot refuse descriptors");
	cr_assert_eq(r, 0, "%s", err.message);
	cr_expect_eq(send_descriptor(&s), -EPERM);
	cr_expect_eq(stat(s.socket, &st), 0);
	cr_expect_eq(st.st_mode & 07777, 0666);
	sp_httpd_free(s.d);
	cr_expect_eq(sp_remove_tree_at(AT_FDCWD, s.dir, NULL), 0);
}
