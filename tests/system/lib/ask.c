/*
 * A client of the state socket for tests: static, so that it runs in any container.
 *
 *   ask METHOD PATH [BODY]   prints "STATUS BODY"; 0 for 2xx, 1 for all else. Without an answer it
 *                            tries again for as many seconds as ASK_PATIENCE says, then 2
 *   ask crowd N              opens connections and keeps them: how many of N it got
 *   ask descriptor           sends one along: "sent" or the error
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#define REPLY_MAX (1 << 20)

static int dial(int flags)
{
	struct sockaddr_un to = { .sun_family = AF_UNIX };
	const char *path = getenv("STACKPILOT_STATE_SOCKET");
	int fd = socket(AF_UNIX, SOCK_STREAM | flags, 0);

	snprintf(to.sun_path, sizeof(to.sun_path), "%s", path ? path : "");
	if (connect(fd, (struct sockaddr *)&to, sizeof(to)) == 0)
		return fd;
	close(fd);
	return -1;
}

static int send_all(int fd, const char *data, size_t len)
{
	while (len) {
		ssize_t n = send(fd, data, len, MSG_NOSIGNAL);

		if (n < 0)
			return -1;
		data += n;
		len -= (size_t)n;
	}
	return 0;
}

/* The status, or 0: there was no answer. */
static int ask(char **argv, const char *body)
{
	static char reply[REPLY_MAX + 1];
	char head[8192];
	int fd = dial(0), status = 0;
	size_t have = 0;
	ssize_t n;

	if (fd < 0)
		return 0;
	snprintf(
		head, sizeof(head),
		"%s %s HTTP/1.1\r\nHost: state\r\nConnection: close\r\nContent-Length: %zu\r\n\r\n",
		argv[1], argv[2], strlen(body));
	if (send_all(fd, head, strlen(head)) == 0)
		(void)!send_all(fd, body, strlen(body)); /* it may be refused by its size alone */
	while (have < REPLY_MAX && (n = recv(fd, reply + have, REPLY_MAX - have, 0)) > 0)
		have += (size_t)n;
	close(fd);
	reply[have] = '\0';
	if (sscanf(reply, "HTTP/1.%*d %d", &status) == 1 && strstr(reply, "\r\n\r\n"))
		printf("%d %s\n", status, strstr(reply, "\r\n\r\n") + 4);
	return status;
}

static int ask_until(char **argv, const char *body)
{
	const char *patience = getenv("ASK_PATIENCE");
	time_t until = time(NULL) + (patience ? strtol(patience, NULL, 10) : 0);
	int status;

	while (!(status = ask(argv, body)) && time(NULL) < until)
		usleep(100000);
	return status ? status / 100 != 2 : 2;
}

static int crowd(long n)
{
	long got = 0;

	for (long i = 0; i < n; i++)
		got += dial(SOCK_NONBLOCK) >= 0;
	printf("%ld of %ld\n", got, n);
	return 0;
}

static int descriptor(void)
{
	char space[CMSG_SPACE(sizeof(int))] = { 0 };
	struct iovec bytes = { "G", 1 };
	struct msghdr message = { .msg_iov = &bytes,
				  .msg_iovlen = 1,
				  .msg_control = space,
				  .msg_controllen = sizeof(space) };
	struct cmsghdr *c = CMSG_FIRSTHDR(&message);
	int fd = dial(0), zero = 0;

	c->cmsg_level = SOL_SOCKET;
	c->cmsg_type = SCM_RIGHTS;
	c->cmsg_len = CMSG_LEN(sizeof(int));
	memcpy(CMSG_DATA(c), &zero, sizeof(zero));
	puts(sendmsg(fd, &message, MSG_NOSIGNAL) < 0 ? strerror(errno) : "sent");
	return 0;
}

int main(int argc, char **argv)
{
	setvbuf(stdout, NULL, _IONBF, 0);
	if (argc == 3 && !strcmp(argv[1], "crowd"))
		return crowd(strtol(argv[2], NULL, 10));
	if (argc == 2 && !strcmp(argv[1], "descriptor"))
		return descriptor();
	return argc < 3 ? 2 : ask_until(argv, argc > 3 ? argv[3] : "");
}
