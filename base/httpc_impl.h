/*
 * Inside the HTTP client: what its files share. Nobody else includes this.
 *
 *   httpc.c           the handle, and what the errors of its connection are called
 *   httpc_url.c       a base URL taken apart
 *   httpc_resolve.c   a host's addresses, in bounded time
 *   httpc_connect.c   from a base URL to a connection
 *   httpc_conn.c      bytes over a connection, plain or TLS, and waiting for them
 *   httpc_tls.c       the TLS session: who we are, and whom we believe
 *   httpc_head.c      the head of a reply taken apart
 *   httpc_body.c      the body of a reply out of its framing
 *   httpc_request.c   a request, sent
 *   httpc_exchange.c  a request and its reply
 *   httpc_call.c      calls, uploads and streams
 *   httpc_duplex.c    a connection that has switched protocols
 */
#pragma once

#include <gnutls/gnutls.h>
#include <netdb.h>
#include <stdatomic.h>

#include "base/httpc.h"

#define HTTPC_CONNECT_TIMEOUT (INT64_C(5) * 1000000000)
#define HTTPC_TIMEOUT         (INT64_C(30) * 1000000000)
#define HTTPC_CONTINUE_WAIT   (INT64_C(1) * 1000000000) /* for leave to send a large body */
#define HTTPC_CONTINUE_MIN    (1 << 20)                 /* bytes of a large body */
#define HTTPC_BODY_MAX        (64 << 20)                /* bytes of a reply that is kept whole */
#define HTTPC_ERROR_BODY_MAX  (64 << 10) /* bytes of a refusal to a stream or an upgrade */
#define HTTPC_HEAD_MAX        (32 << 10) /* bytes of a reply's head, or of what follows its chunks */
#define HTTPC_INTERIM_MAX     16         /* replies before the final one */
#define HTTPC_PIECE           (32 << 10) /* bytes sent or received at once */
#define HTTPC_HOST_MAX        254

struct httpc_url {
	bool tls;
	char host[HTTPC_HOST_MAX]; /* an IPv6 address without its brackets */
	char port[6];
	char authority[HTTPC_HOST_MAX + 8]; /* host and port as written */
	const char *prefix;                 /* within the text: what comes before every path */
};

/* Refused: other schemes, user names, queries. */
int httpc_url_parse(const char *text, struct httpc_url *ret, struct sp_err *err);

struct httpc_conn {
	int fd;
	gnutls_session_t session; /* NULL: plain */
	gnutls_certificate_credentials_t credentials;
	int tls_error;        /* of the last call that failed with -EPROTO */
	unsigned int refused; /* why the server's certificate is, GNUTLS_CERT_* */
	bool pin_missed;      /* it is not under the pinned authority */
	bool heard;           /* something of the reply to the last request came */
	int interim;          /* replies of 1xx to it */
	int warnings;         /* of TLS, since bytes moved last */
	struct sp_buf in;     /* received and not taken yet */
};

struct sp_httpc {
	struct httpc_url url;
	char *base_url, *unix_path, *cert_file, *key_file, *ca_file, *ca_pin, *what;
	int64_t connect_timeout_ns, timeout_ns;
	char **headers; /* "Name: value" */
	struct httpc_conn *conn;
	int64_t until_ns;   /* monotonic: when the running call is over */
	int64_t silence_ns; /* of a stream or an upload: how long nothing may move; else 0 */
	int wake_fd;        /* readable once interrupted */
	atomic_bool interrupted;
};

/* The clock of a call starts. silence: it runs anew whenever something moves: bytes of a request,
 * a final head, bytes of a body. Framing and interim replies are nothing: a server could send them
 * for ever. */
void httpc_begin(struct sp_httpc *c, bool silence);
void httpc_moved(struct sp_httpc *c);
const char *httpc_address(const struct sp_httpc *c);
int httpc_fail_interrupted(const struct sp_httpc *c, struct sp_err *err);
/* The error of a lost connection; r: as httpc_conn_send() and _recv() return it, 0 for the end. */
int httpc_fail_lost(const struct sp_httpc *c, ssize_t r, struct sp_err *err);
/* What a server sent is no HTTP; r: -EBADMSG, or -E2BIG for too much of it. */
int httpc_fail_garbage(const struct sp_httpc *c, int r, const char *reason, struct sp_err *err);

/* The addresses of url.host, within until_ns; the caller frees the list. */
int httpc_resolve(struct sp_httpc *c, int64_t until_ns, struct addrinfo **ret, struct sp_err *err);
/* Make c->conn, ready for a request; it takes connect_timeout_ns at most. */
int httpc_connect(struct sp_httpc *c, struct sp_err *err);
int httpc_tls_open(struct sp_httpc *c, int64_t until_ns, struct sp_err *err);
void httpc_tls_close(struct httpc_conn *conn);

void httpc_conn_free(struct httpc_conn *conn); /* takes NULL */
void httpc_drop(struct sp_httpc *c);           /* of c->conn */
/* Nothing came and nobody closed it: fit for another request. */
bool httpc_conn_is_idle(struct httpc_conn *conn);
/* At once: bytes moved; 0 at the end (receiving); -EAGAIN; -EPROTO with conn->tls_error; -errno. */
ssize_t httpc_conn_send(struct httpc_conn *conn, const void *data, size_t len);
ssize_t httpc_conn_recv(struct httpc_conn *conn, void *data, size_t room);
/* 1 before until_ns, 0 from then on, or the error of an interrupt: asked before each piece, for a
 * fast server never lets anybody wait. */
int httpc_in_time(struct sp_httpc *c, int64_t until_ns, struct sp_err *err);
/* 1 when fd is ready, 0 when it is until_ns, or the error of an interrupt. */
int httpc_wait(struct sp_httpc *c, int fd, short events, int64_t until_ns, struct sp_err *err);
/* More into conn->in, waiting for it; the count, 0 at the end. */
ssize_t httpc_receive(struct sp_httpc *c, struct sp_err *err);
/* The same at once, -EAGAIN when there is nothing. */
ssize_t httpc_receive_now(struct httpc_conn *conn);

struct httpc_head {
	int status;
	bool chunked, has_length, close;
	uint64_t length;
	char content_type[64];
};

/* The length of the whole head at data, 0 while there is more to come, -EBADMSG or -E2BIG with a
 * reason. */
ssize_t httpc_head_parse(const char *data, size_t len, struct httpc_head *ret,
			 const char **ret_reason);

enum httpc_body_part {
	HTTPC_BODY_END,
	HTTPC_BODY_LENGTH,
	HTTPC_BODY_TO_END, /* of the connection */
	HTTPC_BODY_SIZE,   /* of a chunk, in hexadecimal; it has a digit */
	HTTPC_BODY_FIRST,  /* the same, without a digit yet */
	HTTPC_BODY_EXTENSION,
	HTTPC_BODY_CHUNK,
	HTTPC_BODY_CHUNK_CR,
	HTTPC_BODY_CHUNK_LF,
	HTTPC_BODY_TRAILER, /* at the start of a line */
	HTTPC_BODY_TRAILER_REST,
};

struct httpc_body {
	enum httpc_body_part part;
	uint64_t left;   /* bytes of the body or the chunk */
	size_t overhead; /* bytes of a chunk's extensions and of the trailers */
};

void httpc_body_init(struct httpc_body *b, const struct httpc_head *head);
/* Take from the front of data: the number of bytes used up, of which the last *ret_len are the
 * body's. -EBADMSG for what is no chunk. */
ssize_t httpc_body_take(struct httpc_body *b, const char *data, size_t len, size_t *ret_len);

struct httpc_request {
	const char *method, *path;
	const char *content_type, *upgrade; /* or NULL */
	const void *body;                   /* len bytes in memory */
	int fd;                             /* or from start in this file; -1 */
	uint64_t len;
	off_t start;
};

/* Send it over c->conn. 0; 1: a reply is there already and the rest of the body was not sent. */
int httpc_request_send(struct sp_httpc *c, const struct httpc_request *q, struct sp_err *err);
/* The length of the final reply's head, or of 101's, which is then at the front of conn->in; 0
 * while there is more to come. Interim ones are taken out and counted. */
ssize_t httpc_head_find(struct sp_httpc *c, struct httpc_head *ret, struct sp_err *err);
/* The same, waited for and taken out. */
int httpc_head_receive(struct sp_httpc *c, struct httpc_head *ret, struct sp_err *err);

/* Where the body of a reply goes. */
struct httpc_sink {
	struct sp_buf *body;      /* of a refusal, or of any reply without on_data */
	sp_httpc_data_fn on_data; /* or NULL */
	void *state;
	bool stopped; /* on_data has had enough */
};

/* A request and its reply, over a kept connection if there is one. With q->upgrade, and after 101,
 * what follows stays in conn->in. */
int httpc_exchange(struct sp_httpc *c, const struct httpc_request *q, struct httpc_sink *sink,
		   struct httpc_head *ret, struct sp_err *err);

/* The error that a reply of status 400 or more stands for. *ret_error is its "error" object or
 * NULL. */
int httpc_refusal(struct sp_httpc *c, int status, const struct sp_buf *body, json_t **ret_error,
		  struct sp_err *err);
