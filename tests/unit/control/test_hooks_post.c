/* A hook that is an address. */
#include <arpa/inet.h>
#include <pthread.h>
#include <sys/socket.h>

#include "tests/unit/control/hooks_control.h"

/* A listener that refuses once, then takes; what it was sent is in `body`. */
struct listener {
	int fd, requests;
	char body[4096];
};

static void *serve(void *arg)
{
	struct listener *l = arg;
	int fd;

	while ((fd = accept4(l->fd, NULL, NULL, SOCK_CLOEXEC)) >= 0) {
		static const char no[] = "HTTP/1.1 503 No\r\nContent-Length: 4\r\n\r\nbusy";
		static const char yes[] = "HTTP/1.1 204 Yes\r\nContent-Length: 0\r\n\r\n";
		const char *answer = l->requests++ ? yes : no;
		char *end = NULL;
		size_t len = 0;

		while (!end || !strstr(end, "]}")) {
			ssize_t n = read(fd, l->body + len, sizeof(l->body) - 1 - len);

			if (n <= 0)
				break;
			len += (size_t)n;
			l->body[len] = '\0';
			end = strstr(l->body, "\r\n\r\n");
		}
		(void)!send(fd, answer, strlen(answer), MSG_NOSIGNAL);
		close(fd);
	}
	return NULL;
}

Test(hooks, an_address_is_posted_to_until_it_takes)
{
	struct sockaddr_in a = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	struct listener l = { .fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0) };
	socklen_t len = sizeof(a);
	struct store_hook row = { 0 };
	struct hooks *h = NULL;
	pthread_t thread;
	char json[256];

	cr_assert_eq(bind(l.fd, (struct sockaddr *)&a, len), 0);
	cr_assert_eq(listen(l.fd, 8), 0);
	cr_assert_eq(getsockname(l.fd, (struct sockaddr *)&a, &len), 0);
	pthread_create(&thread, NULL, serve, &l);
	snprintf(json, sizeof(json),
		 "[{\"name\": \"keep\", \"post\": \"http://127.0.0.1:%d/in?x=1\"}]",
		 ntohs(a.sin_port));
	write_hooks(json);
	cr_assert_eq(hooks_new(&control, &h, &err), 0, "%s", err.message);
	await_row();
	append("drift.detected", 1);
	while (!row.failures)
		row = later();
	cr_expect(strstr(row.error, " answers 503: busy"), "%s", row.error);
	cr_expect_not(strstr(row.error, "/in"), "a webhook's path is a secret: %s", row.error);
	while (!row.delivered)
		row = later();
	hooks_free(h);
	shutdown(l.fd, SHUT_RDWR);
	pthread_join(thread, NULL);
	close(l.fd);
	cr_expect_eq(l.requests, 2);
	cr_expect_eq(strncmp(l.body, "POST /in?x=1 ", 13), 0);
	cr_expect(strstr(l.body, "\"hook\":\"keep\"") && strstr(l.body, "drift.detected"));
}
