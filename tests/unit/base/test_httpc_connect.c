/* The HTTP client and the addresses of a host: one that cannot be had does not hide the next. */
#include "base/httpc.h"

#include <arpa/inet.h>
#include <criterion/criterion.h>
#include <netdb.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/time.h"

#define FAMILY_NONE 255 /* no kernel has it */

/* Two addresses in one piece, the first of a family that is not there. */
struct answer {
	struct addrinfo list[2];
	struct sockaddr_in address[2];
};

/* In place of the C library's. */
int getaddrinfo(const char *host, const char *port, const struct addrinfo *hints,
		struct addrinfo **ret)
{
	struct answer *a = calloc(1, sizeof(*a));

	(void)hints;
	cr_assert_not_null(a);
	for (int i = 0; i < 2; i++) {
		a->address[i] = (struct sockaddr_in){ .sin_family = i ? AF_INET : FAMILY_NONE,
						      .sin_port = htons((in_port_t)atoi(port)),
						      .sin_addr.s_addr = inet_addr(host) };
		a->list[i] = (struct addrinfo){ .ai_addr = (struct sockaddr *)&a->address[i],
						.ai_addrlen = sizeof(a->address[i]),
						.ai_next = i ? NULL : &a->list[1] };
	}
	*ret = a->list;
	return 0;
}

void freeaddrinfo(struct addrinfo *list)
{
	free(list);
}

static void *serve(void *listener)
{
	static const char reply[] = "HTTP/1.1 204 Yes\r\n\r\n";
	int fd = accept4(*(int *)listener, NULL, NULL, SOCK_CLOEXEC);
	char request[1024];

	cr_expect_gt(read(fd, request, sizeof(request)), 0);
	cr_expect_eq(send(fd, reply, sizeof(reply) - 1, MSG_NOSIGNAL), sizeof(reply) - 1);
	close(fd);
	return NULL;
}

Test(httpc_connect, a_family_that_the_kernel_has_not_is_passed_over)
{
	struct sockaddr_in a = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	struct sp_httpc_conf conf = { .timeout_ns = 10 * SP_NS_PER_S };
	struct sp_err err = { 0 };
	struct sp_httpc *c = NULL;
	socklen_t len = sizeof(a);
	pthread_t thread;
	char url[64];

	cr_assert_eq(bind(listener, (struct sockaddr *)&a, len), 0);
	cr_assert_eq(listen(listener, 1), 0);
	cr_assert_eq(getsockname(listener, (struct sockaddr *)&a, &len), 0);
	cr_assert_eq(pthread_create(&thread, NULL, serve, &listener), 0);
	snprintf(url, sizeof(url), "http://127.0.0.1:%d", ntohs(a.sin_port));
	conf.base_url = url;
	cr_assert_eq(sp_httpc_new(&conf, &c, &err), 0, "%s", err.message);
	cr_expect_eq(sp_httpc_json(c, "GET", "/", NULL, NULL, &err), 0, "%s", err.message);
	cr_expect_eq(err.code, SP_E_OK);
	sp_httpc_free(c);
	shutdown(listener, SHUT_RDWR);
	pthread_join(thread, NULL);
	close(listener);
}
