/*
 * The HTTP server of both daemons, over libmicrohttpd: a table of routes on unix sockets and TLS
 * ports.
 *
 * Two ways to run, one set of handlers: on a completion loop (agentd: MHD's epoll fd is polled by
 * the loop, handlers run in dispatch and must not block) or on a thread per connection (controld:
 * handlers may block, and a long poll or a stream holds up nobody but itself).
 *
 * Order of events for a request: headers -> peer is known (SO_PEERCRED on a unix socket, the
 * verified client certificate on TLS) -> route found -> `authorize` decides -> body read under the
 * route's cap -> handler. Nothing of a body is read before the decision. Garbage, oversize and slow
 * clients get 4xx and are closed (without a word where not even a request line came).
 */
#pragma once

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/err.h"

struct sp_loop;
struct sp_httpd;
struct sp_httpd_req;

#define SP_HTTP_BODY_MAX (4 << 20) /* bytes, where a route names no cap of its own */
#define SP_HTTP_NAME_MAX 128

struct sp_http_peer {
	bool local; /* unix socket: uid and pid are set; else TLS: name and role are set */
	uid_t uid;
	pid_t pid;
	char name[SP_HTTP_NAME_MAX]; /* certificate's CN, "" when the client sent none */
	char role[SP_HTTP_NAME_MAX]; /* certificate's O: "control", "node" or "operator"; "" when
					none */
};

typedef void (*sp_httpd_fn)(struct sp_httpd_req *req, void *owner);
/* A piece of the body of a route that takes it as a stream; len 0 is the end. A negative return
 * refuses the request (the handler is not called; reply was given with sp_httpd_reply_*). */
typedef int (*sp_httpd_body_fn)(struct sp_httpd_req *req, const void *data, size_t len,
				void *owner);

struct sp_httpd_route {
	const char *method;
	const char *pattern; /* "/v1/workloads/{id}/logs"; {name} takes one component; {name...} the
				rest of the path */
	sp_httpd_fn fn;
	sp_httpd_body_fn on_body; /* NULL: the whole body is kept for sp_httpd_body*() */
	size_t body_max;          /* 0: SP_HTTP_BODY_MAX */
	unsigned int tag;         /* for authorize: what kind of route this is */
};

struct sp_httpd_conf {
	const char *unix_path;   /* NULL: none. An old socket is replaced */
	mode_t unix_mode;        /* 0: 0660 */
	bool no_descriptors;     /* whoever connects there is not trusted: descriptors sent along
				    are refused, since the last close of one may block.
				    SP_E_UNSUPPORTED before Linux 6.16 (SO_PASSRIGHTS) */
	const char *tls_address; /* "192.168.56.10:7700" or "[::]:7700"; NULL: none. TLS 1.2 or
				    later only */
	const char *cert_file, *key_file, *ca_file; /* PEM; ca verifies client certificates */
	const struct sp_httpd_route *routes;        /* ended by a row with no method */
	bool (*authorize)(const struct sp_http_peer *peer, const struct sp_httpd_route *route,
			  void *owner);
	void *owner;                  /* handed to handlers */
	struct sp_loop *loop;         /* NULL: threads */
	unsigned int connections_max; /* of each listener, 0: 512; on a loop more wait in
					 the backlog, with threads they are cut off */
	int64_t idle_timeout_ns;      /* 0: 30 s; of silence, and for a whole request head */
};

/* Could it be a tls_address? */
int sp_httpd_address_check(const char *address, struct sp_err *err);

int sp_httpd_new(const struct sp_httpd_conf *conf, struct sp_httpd **ret,
		 struct sp_err *err); /* conf's strings are copied, routes borrowed */
/*
 * Closes the listeners at once and ends the connections; takes NULL. Deferred requests may still be
 * replied to afterwards (nobody hears it). On a loop, the rest happens in the loop's next rounds:
 * free the loop after sp_httpd_free() and a round of it.
 */
void sp_httpd_free(struct sp_httpd *d);
uint16_t sp_httpd_port(const struct sp_httpd *d); /* the TLS port really bound; 0 without TLS */

/* The request. Strings live until the reply is complete. */
const struct sp_http_peer *sp_httpd_peer(const struct sp_httpd_req *req);
const char *sp_httpd_pattern(const struct sp_httpd_req *req); /* of the route */
const char *sp_httpd_param(
	const struct sp_httpd_req *req,
	const char *name); /* of the pattern; percent-decoded; never NULL for a name in it */
const char *sp_httpd_query(const struct sp_httpd_req *req, const char *name); /* NULL when absent */
const char *sp_httpd_header(const struct sp_httpd_req *req,
			    const char *name); /* NULL when absent, or not UTF-8 */
/* The client has closed its side: nobody waits for the reply. For handlers that block. */
bool sp_httpd_gone(const struct sp_httpd_req *req);
const char *sp_httpd_body(const struct sp_httpd_req *req, size_t *ret_len);
int sp_httpd_body_json(const struct sp_httpd_req *req, json_t **ret,
		       struct sp_err *err); /* new reference */
void **sp_httpd_slot(struct sp_httpd_req *req,
		     void (*free_fn)(void *)); /* the handler's own state for this request */

/*
 * Exactly one reply per request, from the handler or, after sp_httpd_defer(), later (on a loop:
 * from any callback of the loop; with threads: from any thread). json is stolen. An error maps its
 * code to a status (invalid 400, denied 403, not_found 404, conflict/exists/locked 409, fenced 412,
 * too_large 413, no_space 507, unreachable 502, timeout 504, unhealthy 503, else 500) and the body
 * {"error": {"code", "stage", "message", "retryable"}}.
 */
void sp_httpd_reply_json(struct sp_httpd_req *req, int status, json_t *json);
void sp_httpd_reply_err(struct sp_httpd_req *req, const struct sp_err *err);
void sp_httpd_reply_text(struct sp_httpd_req *req, int status, const char *content_type,
			 const char *text);
void sp_httpd_reply_fd(struct sp_httpd_req *req, int status, const char *content_type, int fd,
		       uint64_t len); /* owns fd */
/* One header of the reply that is given next; name is borrowed. */
void sp_httpd_reply_header(struct sp_httpd_req *req, const char *name, const char *value);
int sp_http_status_of(const struct sp_err *err);

void sp_httpd_defer(struct sp_httpd_req *req);

/*
 * A chunked reply. read() returns bytes, 0 for "nothing now" (the connection sleeps until
 * sp_httpd_wake()), or -1 for the end. close() runs exactly once, also when the client goes away.
 */
struct sp_httpd_source {
	ssize_t (*read)(void *state, char *buf, size_t room);
	void (*close)(void *state);
	void *state;
};

void sp_httpd_reply_stream(struct sp_httpd_req *req, int status, const char *content_type,
			   struct sp_httpd_source source);
void sp_httpd_wake(struct sp_httpd_req *req);

/*
 * 101 Switching Protocols to `protocol`; then fn owns fd, a connected socket of plain bytes (under
 * TLS the far end of a pair that MHD encrypts for). done() must be called once with the handle when
 * fd is finished with; it closes fd. fn runs exactly once and must not block: with fd -1 and no
 * handle when the client did not ask for `protocol` (and got 426) or was gone before.
 */
typedef void (*sp_httpd_upgraded_fn)(void *state, int fd, const char *early, size_t early_len,
				     void *handle);
void sp_httpd_upgrade(struct sp_httpd_req *req, const char *protocol, sp_httpd_upgraded_fn fn,
		      void *state);
void sp_httpd_upgrade_done(void *handle);
