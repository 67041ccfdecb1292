/*
 * The HTTP/1.1 client: blocking calls over TCP, mutual TLS (GnuTLS) and unix sockets, for ctl,
 * controld and `agentd join`. A handle keeps its connection between calls and belongs to one thread
 * at a time. A kept connection that ends before one byte of a reply leaves open whether the server
 * had acted; the request is sent once more over a fresh one. So whoever makes several calls with
 * one handle asks for what may be done twice: it is idempotent by nature, or carries the name of
 * its operation or an Idempotency-Key. sp_httpc_upgrade() always connects anew. It is what an API
 * of JSON, uploads and streams needs and no more: no redirects, proxies, cookies, compression or
 * user names in URLs.
 */
#pragma once

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/buf.h"
#include "base/err.h"

struct sp_httpc;

struct sp_httpc_conf {
	const char
		*base_url; /* "https://192.168.56.11:7701", or "http://localhost" with unix_path */
	const char *unix_path; /* NULL: TCP */
	/* Mutual TLS; the server's certificate must verify against ca_file, for this host and as a
	 * server's. */
	const char *cert_file, *key_file, *ca_file;
	const char *ca_pin; /* "sha256:..." of the CA's DER that the server's chain must end in,
			       instead of ca_file (join); with neither, the system's
			       authorities are believed */
	int64_t connect_timeout_ns; /* 0: 5 s */
	int64_t timeout_ns;         /* of a whole call, 0: 30 s; streams: silence allowed */
	const char *what;           /* who is called, for messages: "node 'worker1'", "controld" */
};

struct sp_http_reply {
	int status;
	struct sp_buf body;
	char content_type[64];
};

int sp_httpc_new(const struct sp_httpc_conf *conf, struct sp_httpc **ret,
		 struct sp_err *err);   /* strings are copied */
void sp_httpc_free(struct sp_httpc *c); /* takes NULL */
void sp_httpc_set_timeout(struct sp_httpc *c, int64_t timeout_ns);
/* Make a running call of this handle (any thread) end with SP_E_INTERRUPTED; sticky until the next
 * call. Async-signal-safe. */
void sp_httpc_interrupt(struct sp_httpc *c);

/* Would a handle take this base URL and its calls this path? The error shows neither a password nor
 * anything of the path. */
int sp_httpc_url_check(const char *base_url, const char *path, struct sp_err *err);

/* An extra header for all later calls ("Idempotency-Key"); value NULL takes it away. */
int sp_httpc_header(struct sp_httpc *c, const char *name, const char *value, struct sp_err *err);

/* One exchange. body may be NULL. Transport trouble is an error (UNREACHABLE, TIMEOUT, DENIED for a
 * refused certificate); any HTTP status is a success here. */
int sp_httpc_call(struct sp_httpc *c, const char *method, const char *path, const void *body,
		  size_t len, const char *content_type, struct sp_http_reply *ret,
		  struct sp_err *err);
void sp_http_reply_fini(struct sp_http_reply *r);

/*
 * JSON in, JSON out. A status of 400 or more becomes an error: code, stage and message from the
 * body's "error" object, which is also left in *ret (new reference, may be NULL) for its address
 * fields. body is borrowed.
 */
int sp_httpc_json(struct sp_httpc *c, const char *method, const char *path, const json_t *body,
		  json_t **ret, struct sp_err *err);

/* Send len bytes from fd's current offset as the body; for blobs and image archives. */
int sp_httpc_upload(struct sp_httpc *c, const char *method, const char *path, int fd, uint64_t len,
		    json_t **ret, struct sp_err *err);

/* Receive a reply piece by piece (logs -f, events); on_data returning non-zero ends the call early,
 * without error. */
typedef int (*sp_httpc_data_fn)(void *state, const char *data, size_t len);
int sp_httpc_stream(struct sp_httpc *c, const char *method, const char *path,
		    sp_httpc_data_fn on_data, void *state, int *ret_status, struct sp_err *err);

/*
 * A connection switched to `protocol` (exec). Bytes go through send/recv, which are non-blocking:
 * -EAGAIN says poll the fd, and only then (TLS may hold bytes the fd knows nothing of). recv
 * returning 0 is the end.
 */
struct sp_httpc_duplex;
int sp_httpc_upgrade(struct sp_httpc *c, const char *path, const json_t *body, const char *protocol,
		     struct sp_httpc_duplex **ret, struct sp_err *err);
int sp_httpc_duplex_fd(const struct sp_httpc_duplex *x);
ssize_t sp_httpc_duplex_send(struct sp_httpc_duplex *x, const void *data, size_t len);
ssize_t sp_httpc_duplex_recv(struct sp_httpc_duplex *x, void *data, size_t room);
void sp_httpc_duplex_free(struct sp_httpc_duplex *x); /* takes NULL */
