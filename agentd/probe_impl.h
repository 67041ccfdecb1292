/*
 * Inside the probes: what their files share. Nobody else includes this.
 *
 *   probe.c           when to ask, and what the answers mean together
 *   probe_attempt.c   one attempt over a socket: connect, send, receive
 *   probe_socket.c    a socket inside a network namespace
 *   probe_http.c, probe_postgres.c   what to send, and what an answer means
 */
#pragma once

#include <netinet/in.h>

#include "agentd/probe.h"
#include "base/buf.h"

enum probe_judgement { PROBE_MORE, PROBE_PASS, PROBE_FAIL };

struct probe_attempt;

/* A protocol. request NULL: the connection itself is the proof. */
struct probe_protocol {
	void (*request)(const struct probe *p, struct sp_buf *out);
	/* Look at the reply so far; end: no more will come. Not MORE at the end. Writes a message
	 * unless MORE, and may leave one even then, for the case that time runs out. */
	enum probe_judgement (*judge)(const struct probe_attempt *a, bool end, char *message);
	const char *goodbye; /* sent before closing, or NULL */
	size_t goodbye_len;
};

extern const struct probe_protocol probe_http, probe_tcp, probe_postgres;

/* It owns its socket and buffers, and lives on alone until its op has ended when nobody waits any
 * more. */
struct probe_attempt {
	struct sp_op op;
	struct probe *probe; /* NULL: nobody waits */
	const struct probe_protocol *protocol;
	int fd;
	struct sockaddr_in to;
	struct sp_buf request;
	size_t sent;
	char reply[PROBE_REPLY_MAX + 1]; /* NUL-terminated */
	size_t reply_len;
	char message[PROBE_MESSAGE_MAX];
};

struct probe {
	struct sp_loop *loop;
	struct probe_conf conf;
	char *address;
	enum probe_health health;
	struct probe_verdict last;
	struct sp_timer next, limit;
	int64_t started_ns; /* of the running attempt; 0 between attempts */
	struct probe_attempt *attempt;
	bool exec_runs;
	char what[64]; /* "GET /ready", "tcp port 5432": the beginning of messages */
};

int probe_attempt_start(struct probe *p, const struct probe_protocol *protocol, struct sp_err *err);
void probe_attempt_abandon(struct probe_attempt *a);
/* The end of an attempt; it is not the probe's any more. */
void probe_finish(struct probe *p, bool ok, const char *message);

/* A non-blocking TCP socket that belongs to the network namespace netns_fd (-1: our own), or
 * -errno. */
int probe_socket(int netns_fd, struct sp_err *err);

/* "what: text", where text came from a container: one line, no control characters, cut to fit. */
void probe_message(char *message, const char *what, const char *text, size_t len);
