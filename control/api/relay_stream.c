/*
 * A growing reply passed through; see relay.h.
 *
 * The agent's side pushes (a thread in sp_httpc_stream), the client's side pulls; between them is a
 * buffer with a limit: a full one holds the agent's side, an empty one lets the client's sleep.
 */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/time.h"
#include "control/api/relay.h"

#define BUFFER_MAX (256 << 10)
#define SILENCE_NS (24 * 3600 * SP_NS_PER_S) /* a followed log may say nothing for a day */

struct stream {
	struct sp_httpd_req *req;
	struct agent *agent;
	char path[512];
	pthread_t thread;
	pthread_mutex_t lock;
	pthread_cond_t changed;
	struct sp_buf buf;
	int status;
	bool begun, ended, closed;
};

static void stream_free(struct stream *s)
{
	agent_close(s->agent);
	sp_buf_fini(&s->buf);
	pthread_cond_destroy(&s->changed);
	pthread_mutex_destroy(&s->lock);
	free(s);
}

/* From the agent. A non-zero return ends the call. */
static int on_data(void *state, const char *data, size_t len)
{
	struct stream *s = state;
	int closed;

	pthread_mutex_lock(&s->lock);
	while (s->buf.len > BUFFER_MAX && !s->closed)
		pthread_cond_wait(&s->changed, &s->lock);
	if (!s->closed)
		sp_buf_append(&s->buf, data, len);
	s->begun = true;
	closed = s->closed;
	pthread_cond_broadcast(&s->changed);
	pthread_mutex_unlock(&s->lock);
	if (!closed)
		sp_httpd_wake(s->req);
	return closed;
}

static void *pump(void *arg)
{
	struct stream *s = arg;
	int status = 0;
	bool closed;

	sp_httpc_stream(agent_http(s->agent), "GET", s->path, on_data, s, &status, NULL);
	pthread_mutex_lock(&s->lock);
	s->status = status;
	s->ended = true;
	closed = s->closed;
	pthread_cond_broadcast(&s->changed);
	pthread_mutex_unlock(&s->lock);
	if (!closed)
		sp_httpd_wake(s->req);
	return NULL;
}

/* To the client. */
static ssize_t on_read(void *state, char *buf, size_t room)
{
	struct stream *s = state;
	ssize_t n = 0;

	pthread_mutex_lock(&s->lock);
	if (s->buf.len) {
		n = (ssize_t)(s->buf.len < room ? s->buf.len : room);
		memcpy(buf, s->buf.data, (size_t)n);
		sp_buf_consume(&s->buf, (size_t)n);
		pthread_cond_broadcast(&s->changed);
	} else if (s->ended) {
		n = -1;
	}
	pthread_mutex_unlock(&s->lock);
	return n;
}

static void on_close(void *state)
{
	struct stream *s = state;

	pthread_mutex_lock(&s->lock);
	s->closed = true;
	pthread_cond_broadcast(&s->changed);
	pthread_mutex_unlock(&s->lock);
	agent_interrupt(s->agent);
	pthread_join(s->thread, NULL);
	stream_free(s);
}

int relay_stream(struct sp_httpd_req *req, struct agent *agent, const char *path,
		 struct sp_err *err)
{
	struct stream *s = calloc(1, sizeof(*s));
	int rc;

	if (!s) {
		agent_close(agent);
		return sp_fail_nomem(err);
	}
	s->req = req;
	s->agent = agent;
	snprintf(s->path, sizeof(s->path), "%s", path);
	pthread_mutex_init(&s->lock, NULL);
	pthread_cond_init(&s->changed, NULL);
	agent_set_timeout(agent, SILENCE_NS);
	rc = pthread_create(&s->thread, NULL, pump, s);
	if (rc) {
		stream_free(s);
		return sp_fail_errno(err, rc, "thread of a stream");
	}
	sp_httpd_reply_stream(req, 200, "text/plain",
			      (struct sp_httpd_source){ on_read, on_close, s });
	return 0;
}
