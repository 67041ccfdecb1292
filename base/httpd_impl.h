/*
 * Inside the HTTP server: what its files share. Nobody else includes this.
 *
 *   httpd.c          the server: construction, the way out
 *   httpd_listen.c   listening sockets
 *   httpd_drive.c    MHD's epoll fd and timeout on a completion loop
 *   httpd_conn.c     connections: who is there, and who is too slow
 *   httpd_peer.c     credentials of the other side
 *   httpd_route.c    the table of routes, percent-decoding
 *   httpd_decide.c   what is settled before a body is read
 *   httpd_request.c  a request from its head to its end
 *   httpd_query.c    what handlers ask about it
 *   httpd_sleep.c    a request that waits: suspended on a loop, blocked in its thread otherwise
 *   httpd_reply.c, httpd_stream.c, httpd_upgrade.c   the three kinds of reply
 *
 * A request has two owners: its connection, and from sp_httpd_defer() to the reply also whoever
 * deferred it. mhd is NULL once the connection has let go.
 */
#pragma once

#include <microhttpd.h>
#include <pthread.h>
#include <stdatomic.h>

#include "base/buf.h"
#include "base/httpd.h"
#include "base/list.h"
#include "base/loop.h"

#define HTTPD_CONNECTIONS_MAX 512
#define HTTPD_IDLE_TIMEOUT    (INT64_C(30) * 1000000000)
#define HTTPD_SWEEP_PERIOD    (INT64_C(500) * 1000000) /* how often slow clients are looked for */
#define HTTPD_MEMORY          (64 << 10)  /* per connection: head of a request, I/O buffers */
#define HTTPD_STACK           (512 << 10) /* of a connection's thread */
#define HTTPD_BLOCK           (32 << 10)  /* bytes a stream is asked for at once */
#define HTTPD_DISCARD_MAX     (1 << 20)   /* body bytes of a refused request that are read away */
#define HTTPD_PARAMS_MAX      8
#define HTTPD_QUERY_MAX       32
#define HTTPD_PEM_MAX         (256 << 10)
#define HTTPD_UPGRADE_GRACE \
	(INT64_C(5) * 1000000000) /* for owners of upgraded connections at the end */

struct httpd_listener {
	struct sp_httpd *d;
	struct MHD_Daemon *mhd; /* NULL: not there */
	bool tls;
	int epoll_fd;
	struct sp_op poll;
	struct sp_timer timer;
	bool soon; /* MHD wants another run at once */
};

struct httpd_conn {
	struct sp_list link; /* of the server's connections */
	struct httpd_listener *listener;
	int fd;
	bool tls, in_request;
	bool peer_known, peer_refused; /* refused: a certificate that does not verify */
	int64_t since_ns;              /* start of waiting for a request */
	struct sp_http_peer peer;
};

struct sp_httpd {
	const struct sp_httpd_route *routes;
	bool (*authorize)(const struct sp_http_peer *peer, const struct sp_httpd_route *route,
			  void *owner);
	void *owner;
	struct sp_loop *loop; /* NULL: threads */
	unsigned int connections_max;
	int64_t idle_timeout_ns;
	char *unix_path;
	char *cert, *key, *ca; /* PEM text */
	uint16_t port;
	struct httpd_listener listeners[2];

	pthread_mutex_t lock; /* of the lists below */
	pthread_cond_t changed;
	struct sp_list conns;
	struct sp_list sleepers; /* requests that wait */
	struct sp_list upgrades;
	atomic_bool stopping;

	struct sp_timer sweep; /* on a loop */
	pthread_t sweeper;     /* with threads */
	bool has_sweeper;
};

struct httpd_pair {
	char *name, *value;
};

struct sp_httpd_req {
	struct sp_httpd *d;
	struct httpd_conn *conn;
	struct MHD_Connection *mhd; /* NULL: the connection has let go */
	atomic_int refs;
	const struct sp_httpd_route *route;
	struct sp_http_peer peer; /* a copy: it outlives the connection */
	char *path;               /* raw */
	struct httpd_pair params[HTTPD_PARAMS_MAX];
	size_t n_params;
	struct httpd_pair query[HTTPD_QUERY_MAX];
	size_t n_query;
	struct sp_buf body;
	uint64_t received;
	size_t body_max;
	bool refused; /* the reply is known, the body is only read away */
	bool called;  /* the handler has run */
	bool deferred;
	bool queued;
	void *slot;
	void (*slot_free)(void *);

	pthread_mutex_t lock; /* of replied, response, status: a reply may come from any thread */
	bool replied;
	int status;
	const char *header; /* one of the reply's own; NULL: none */
	char *header_value;
	struct MHD_Response *response;

	struct sp_httpd_source source;
	bool has_source;
	sp_httpd_upgraded_fn upgraded; /* NULL again once called */
	void *upgraded_state;

	struct sp_list link; /* of the server's sleepers, while asleep */
	struct sp_op watch;  /* on a loop: sees the client go while the connection is suspended */
	bool asleep, woken;  /* on a loop */
	int wake_fd;         /* with threads: an eventfd; -1 until it is needed */
	atomic_bool gone;
};

/* listen, drive */
int httpd_listen_unix(const struct sp_httpd_conf *conf, struct sp_err *err);
int httpd_listen_tcp(const char *address, uint16_t *ret_port, struct sp_err *err);
void httpd_drive_start(struct httpd_listener *l);
void httpd_drive_soon(
	struct httpd_listener *l); /* after a resume, and after the end of a connection */
void httpd_drive_stop(struct httpd_listener *l);
bool httpd_drive_idle(const struct httpd_listener *l);

/* The end of a server on a loop: finish_later() has finish() tried in the next round. */
void httpd_finish_later(struct sp_httpd *d);
void httpd_finish(struct sp_httpd *d);

/* conn, peer */
void httpd_conn_notify(void *cls, struct MHD_Connection *c, void **context,
		       enum MHD_ConnectionNotificationCode code);
struct httpd_conn *httpd_conn_of(struct MHD_Connection *c);
int httpd_sweeper_start(struct sp_httpd *d, struct sp_err *err);
void httpd_sweeper_stop(struct sp_httpd *d);
void httpd_peer_learn(struct httpd_conn *conn, struct MHD_Connection *c);

/* route */
enum httpd_match { HTTPD_MATCH, HTTPD_NO_PATH, HTTPD_NO_METHOD, HTTPD_BAD_PATH }; /* err is set */
enum httpd_match httpd_route_find(struct sp_httpd_req *req, const char *method, struct sp_err *err);
char *httpd_decode(const char *s, size_t len, struct sp_err *err); /* %xx; to UTF-8 without NUL */

/* decide */
void httpd_decide(struct sp_httpd_req *req, const char *url, const char *method,
		  const char *version);
/* Reply with err; the rest of the body is only read away. */
void httpd_refuse(struct sp_httpd_req *req, const struct sp_err *err);
uint64_t httpd_content_length(struct sp_httpd_req *req); /* as announced; 0 when it is not */

/* request */
enum MHD_Result httpd_request_run(void *cls, struct MHD_Connection *c, const char *url,
				  const char *method, const char *version, const char *data,
				  size_t *len, void **context);
void httpd_request_completed(void *cls, struct MHD_Connection *c, void **context,
			     enum MHD_RequestTerminationCode code);
void httpd_request_unref(struct sp_httpd_req *req);

/* sleep */
int httpd_sleep_open(struct sp_httpd_req *req); /* what sleeping needs; 0 or -errno */
void httpd_sleep(struct sp_httpd_req *req);     /* until woken, the client gone, or the end */
void httpd_wake(struct sp_httpd_req *req);
void httpd_wake_all(struct sp_httpd *d); /* because the server is going */

/* reply, upgrade */
void httpd_reply_with(struct sp_httpd_req *req, int status, const char *content_type,
		      struct MHD_Response *response);
void httpd_reply_error(struct sp_httpd_req *req, int status, const struct sp_err *err);
void httpd_upgrades_end(struct sp_httpd *d);
