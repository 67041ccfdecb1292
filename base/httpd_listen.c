/* Listening sockets of the HTTP server, made here so that MHD never resolves or binds anything. */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#include "base/fd.h"
#include "base/httpd_impl.h"
#include "base/str.h"

#define BACKLOG     256
#define SOCKET_MODE 0660

#ifndef SO_PASSRIGHTS
#define SO_PASSRIGHTS 83 /* Linux 6.16; accepted sockets have it from their listener */
#endif

static int listen_on(int fd, const struct sockaddr *address, socklen_t len, const char *name,
		     struct sp_err *err)
{
	if (bind(fd, address, len) < 0)
		return sp_fail_errno(err, errno, "bind to '%s'", name);
	if (listen(fd, BACKLOG) < 0)
		return sp_fail_errno(err, errno, "listen on '%s'", name);
	return 0;
}

/* Only a socket is ever replaced; any other file in its place is somebody's mistake. */
static int remove_old_socket(const char *path, struct sp_err *err)
{
	struct stat st;

	if (lstat(path, &st) < 0)
		return errno == ENOENT ? 0 : sp_fail_errno(err, errno, "'%s'", path);
	if (!S_ISSOCK(st.st_mode))
		return sp_fail(err, SP_E_EXISTS, "'%s' is in the way and is not a socket", path);
	if (unlink(path) < 0 && errno != ENOENT)
		return sp_fail_errno(err, errno, "remove '%s'", path);
	return 0;
}

/* SP_PASSRIGHTS=off in the environment makes the kernel an old one. */
static int refuse_descriptors(int fd, struct sp_err *err)
{
	bool old = sp_str_eq(getenv("SP_PASSRIGHTS"), "off");
	int pass = 0;

	if (old)
		errno = ENOPROTOOPT;
	else if (setsockopt(fd, SOL_SOCKET, SO_PASSRIGHTS, &pass, sizeof(pass)) == 0)
		return 0;
	if (errno == ENOPROTOOPT)
		return sp_fail(err, SP_E_UNSUPPORTED,
			       "this kernel cannot refuse descriptors on a socket (Linux 6.16)");
	return sp_fail_errno(err, errno, "SO_PASSRIGHTS");
}

/* The socket's own mode is what bind(2) gives the file, so it is never open to others. */
static int bind_unix(int fd, const char *path, mode_t mode, struct sp_err *err)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int r;

	if (strlen(path) >= sizeof(address.sun_path))
		return sp_fail(err, SP_E_INVALID, "socket path '%s' is over %zu bytes", path,
			       sizeof(address.sun_path) - 1);
	memcpy(address.sun_path, path, strlen(path) + 1);
	r = remove_old_socket(path, err);
	if (r < 0)
		return r;
	if (fchmod(fd, SOCKET_MODE) < 0)
		return sp_fail_errno(err, errno, "chmod '%s'", path);
	r = listen_on(fd, (struct sockaddr *)&address, sizeof(address), path, err);
	if (r < 0)
		return r;
	return chmod(path, mode) < 0 ? sp_fail_errno(err, errno, "chmod '%s'", path) : 0;
}

int httpd_listen_unix(const struct sp_httpd_conf *conf, struct sp_err *err)
{
	autoclose int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	int r;

	if (fd < 0)
		return sp_fail_errno(err, errno, "socket");
	r = conf->no_descriptors ? refuse_descriptors(fd, err) : 0;
	if (r == 0)
		r = bind_unix(fd, conf->unix_path, conf->unix_mode ? conf->unix_mode : SOCKET_MODE,
			      err);
	return r < 0 ? r : take_fd(fd);
}

/* "a.b.c.d:port" or "[v6]:port"; numbers only. */
static int parse_address(const char *text, struct sockaddr_storage *ret, socklen_t *ret_len,
			 struct sp_err *err)
{
	struct sockaddr_in *v4 = (struct sockaddr_in *)ret;
	struct sockaddr_in6 *v6 = (struct sockaddr_in6 *)ret;
	const char *colon = strrchr(text, ':');
	char host[64];
	uint32_t port;
	size_t n = colon ? (size_t)(colon - text) : sizeof(host);

	*ret = (struct sockaddr_storage){ 0 };
	if (n >= sizeof(host) || sp_parse_u32(colon + 1, &port, NULL) < 0 || port > UINT16_MAX)
		return sp_fail(err, SP_E_INVALID, "'%s' is not ADDRESS:PORT", text);
	memcpy(host, text, n);
	host[n] = '\0';
	if (n > 2 && host[0] == '[' && host[n - 1] == ']') {
		host[n - 1] = '\0';
		*v6 = (struct sockaddr_in6){ .sin6_family = AF_INET6,
					     .sin6_port = htons((uint16_t)port) };
		*ret_len = sizeof(*v6);
		if (inet_pton(AF_INET6, host + 1, &v6->sin6_addr) == 1)
			return 0;
	} else {
		*v4 = (struct sockaddr_in){ .sin_family = AF_INET,
					    .sin_port = htons((uint16_t)port) };
		*ret_len = sizeof(*v4);
		if (inet_pton(AF_INET, host, &v4->sin_addr) == 1)
			return 0;
	}
	return sp_fail(err, SP_E_INVALID, "'%s' is not ADDRESS:PORT", text);
}

int sp_httpd_address_check(const char *address, struct sp_err *err)
{
	struct sockaddr_storage storage;
	socklen_t len;

	return parse_address(address, &storage, &len, err);
}

int httpd_listen_tcp(const char *address, uint16_t *ret_port, struct sp_err *err)
{
	struct sockaddr_storage storage;
	struct sockaddr *sa = (struct sockaddr *)&storage;
	autoclose int fd = -1;
	socklen_t len;
	int one = 1, r = parse_address(address, &storage, &len, err);

	if (r < 0)
		return r;
	fd = socket(sa->sa_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return sp_fail_errno(err, errno, "socket");
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
	r = listen_on(fd, sa, len, address, err);
	if (r < 0)
		return r;
	len = sizeof(storage);
	if (getsockname(fd, sa, &len) < 0)
		return sp_fail_errno(err, errno, "getsockname");
	*ret_port = ntohs(sa->sa_family == AF_INET6 ? ((struct sockaddr_in6 *)&storage)->sin6_port
						    : ((struct sockaddr_in *)&storage)->sin_port);
	return take_fd(fd);
}
