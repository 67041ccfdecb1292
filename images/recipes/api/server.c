/* Requests to replies; see server.h. One thread a connection: a slow database holds up nobody else.
 */
#include "images/recipes/api/server.h"

#include <errno.h>
#include <jansson.h>
#include <microhttpd.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "images/recipes/api/items.h"

struct server {
	struct MHD_Daemon *daemon;
	struct database *database;
	char host[65];
};

struct request {
	char body[BODY_MAX];
	size_t len; /* more than BODY_MAX: it did not fit */
};

static int health(json_t **ret)
{
	*ret = json_pack("{s:s}", "status", "ok");
	return 200;
}

static int ready(struct database *d, json_t **ret)
{
	char reason[DATABASE_REASON_MAX];

	if (database_ready(d, reason)) {
		*ret = json_pack("{s:s}", "status", "ready");
		return 200;
	}
	*ret = json_pack("{s:s, s:s}", "status", "not ready", "reason", reason);
	return 503;
}

static int not_found(json_t **ret)
{
	*ret = json_pack("{s:s}", "error", "no such path");
	return 404;
}

static int not_allowed(json_t **ret)
{
	*ret = json_pack("{s:s}", "error", "method not allowed");
	return 405;
}

static int answer_post(struct server *s, const char *path, const struct request *q, json_t **ret)
{
	if (strcmp(path, "/items") != 0)
		return not_allowed(ret);
	if (q->len > BODY_MAX) {
		*ret = json_pack("{s:s}", "error", "the body is too large");
		return 413;
	}
	return items_add(s->database, q->body, q->len, ret);
}

static int answer(struct server *s, const char *method, const char *path, const struct request *q,
		  json_t **ret)
{
	if (!strcmp(method, "POST"))
		return answer_post(s, path, q, ret);
	if (strcmp(method, "GET") != 0 && strcmp(method, "HEAD") != 0)
		return not_allowed(ret);
	if (!strcmp(path, "/health"))
		return health(ret);
	if (!strcmp(path, "/ready"))
		return ready(s->database, ret);
	if (!strcmp(path, "/items"))
		return items_list(s->database, ret);
	if (!strncmp(path, "/items/", 7))
		return items_get(s->database, path + 7, ret);
	return not_found(ret);
}

static enum MHD_Result reply(struct server *s, struct MHD_Connection *c, int status, json_t *json)
{
	char *text = json ? json_dumps(json, JSON_COMPACT) : NULL;
	struct MHD_Response *r;
	enum MHD_Result queued;

	json_decref(json);
	if (!text)
		return MHD_NO;
	r = MHD_create_response_from_buffer(strlen(text), text, MHD_RESPMEM_MUST_FREE);
	if (!r) {
		free(text);
		return MHD_NO;
	}
	MHD_add_response_header(r, "Content-Type", "application/json");
	MHD_add_response_header(r, "Served-By", s->host);
	queued = MHD_queue_response(c, (unsigned int)status, r);
	MHD_destroy_response(r);
	return queued;
}

/* MHD calls this first with the headers, then with pieces of the body, at last with none. */
static enum MHD_Result on_request(void *owner, struct MHD_Connection *c, const char *path,
				  const char *method, const char *version, const char *data,
				  size_t *len, void **state)
{
	struct server *s = owner;
	struct request *q = *state;
	json_t *json = NULL;
	int status;

	(void)version;
	if (!q) {
		*state = calloc(1, sizeof(*q));
		return *state ? MHD_YES : MHD_NO;
	}
	if (*len) {
		if (q->len + *len <= BODY_MAX)
			memcpy(q->body + q->len, data, *len);
		q->len = q->len + *len <= BODY_MAX ? q->len + *len : BODY_MAX + 1;
		*len = 0;
		return MHD_YES;
	}
	status = answer(s, method, path, q, &json);
	return reply(s, c, status, json);
}

static void on_done(void *owner, struct MHD_Connection *c, void **state,
		    enum MHD_RequestTerminationCode why)
{
	(void)owner, (void)c, (void)why;
	free(*state);
}

struct server *server_new(const struct sockaddr_in *listen, struct database *d)
{
	struct server *s = calloc(1, sizeof(*s));

	if (!s)
		return NULL;
	s->database = d;
	gethostname(s->host, sizeof(s->host) - 1);
	errno = 0;
	s->daemon = MHD_start_daemon(MHD_USE_ERROR_LOG | MHD_USE_THREAD_PER_CONNECTION |
					     MHD_USE_INTERNAL_POLLING_THREAD | MHD_USE_POLL,
				     0, NULL, NULL, on_request, s, MHD_OPTION_SOCK_ADDR,
				     (const struct sockaddr *)listen, MHD_OPTION_NOTIFY_COMPLETED,
				     on_done, NULL, MHD_OPTION_CONNECTION_LIMIT,
				     (unsigned int)CONNECTIONS_MAX, MHD_OPTION_CONNECTION_TIMEOUT,
				     (unsigned int)IDLE_TIMEOUT_S,
				     MHD_OPTION_LISTENING_ADDRESS_REUSE, 1U, MHD_OPTION_END);
	if (s->daemon)
		return s;
	free(s);
	return NULL;
}

void server_free(struct server *s)
{
	MHD_stop_daemon(s->daemon);
	free(s);
}
