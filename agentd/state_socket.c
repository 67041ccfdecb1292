/* See state_socket.h. */
#include "agentd/state_socket.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "agentd/agent.h"
#include "agentd/launch.h"
#include "agentd/state_porter.h"
#include "agentd/wait.h"
#include "base/fd.h"
#include "base/json.h"
#include "base/mem.h"
#include "base/str.h"

#define VALUE_MAX       (64 << 10) /* bytes */
#define IDLE_TIMEOUT_NS (10 * INT64_C(1000000000))
#define VERSION_ANY     (-1)
#define PATH_ROOM       64
#define SOCKET_NAME     (WIRE_STATE_SOCKET + sizeof(WIRE_STATE_DIR))
#define INSIDE_NAME     "../state.sock"
#define NO_BODY         1 /* byte; 0 would be the default */

/* {"do", "key", "sensitive", "version"} of a request, or NULL: it has been refused. */
static json_t *question_of(struct sp_httpd_req *req, const char *verb, const char *key)
{
	const char *version = sp_httpd_query(req, "version");
	const char *sensitive = sp_httpd_query(req, "sensitive");
	int64_t expected = VERSION_ANY;
	struct sp_err err = { 0 };
	json_t *question;
	int r = version ? sp_parse_i64(version, &expected, &err) : 0;

	if (r == 0 && version && expected < 0)
		r = sp_fail(&err, SP_E_INVALID, "version: '%.40s' is below 0", version);
	if (r == 0 && key && !sp_id_valid(key))
		r = sp_fail(&err, SP_E_INVALID,
			    "'%.80s' is no key: lower-case letters, digits, '-', '_' and '.', at "
			    "most %d",
			    key, SP_ID_MAX);
	question = r == 0 ? json_pack("{s:s, s:s?, s:b, s:I}", "do", verb, "key", key, "sensitive",
				      sensitive && !strcmp(sensitive, "1"), "version",
				      (json_int_t)expected)
			  : NULL;
	if (r == 0 && !question)
		sp_fail_nomem(&err);
	if (!question)
		sp_httpd_reply_err(req, &err);
	return question;
}

static void ask(struct sp_httpd_req *req, void *owner, json_t *question)
{
	struct state_socket *s = owner;

	if (!question)
		return;
	state_queue_put(&s->queue, req, question);
	wait_changed(s->workload);
}

static void on_list(struct sp_httpd_req *req, void *owner)
{
	ask(req, owner, question_of(req, "ls", NULL));
}

static void on_get(struct sp_httpd_req *req, void *owner)
{
	ask(req, owner, question_of(req, "get", sp_httpd_param(req, "key")));
}

static void on_head(struct sp_httpd_req *req, void *owner)
{
	ask(req, owner, question_of(req, "has", sp_httpd_param(req, "key")));
}

static void on_delete(struct sp_httpd_req *req, void *owner)
{
	ask(req, owner, question_of(req, "rm", sp_httpd_param(req, "key")));
}

static void on_put(struct sp_httpd_req *req, void *owner)
{
	size_t len = 0;
	const char *body = sp_httpd_body(req, &len);
	autojson json_t *value =
		len && memchr(body, 0, len) ? NULL : json_stringn(len ? body : "", len);
	autojson json_t *question = NULL;
	struct sp_err err;

	if (!value) {
		sp_fail(&err, SP_E_INVALID, "the value is not UTF-8 text");
		sp_httpd_reply_err(req, &err);
		return;
	}
	question = question_of(req, "set", sp_httpd_param(req, "key"));
	if (question && json_object_set(question, "value", value) < 0) {
		sp_fail_nomem(&err);
		sp_httpd_reply_err(req, &err);
		return;
	}
	ask(req, owner, take_ptr(question));
}

static const struct sp_httpd_route routes[] = {
	{ "GET", "/v1/state", on_list, NULL, NO_BODY, 0 },
	{ "GET", "/v1/state/{key}", on_get, NULL, NO_BODY, 0 },
	{ "HEAD", "/v1/state/{key}", on_head, NULL, NO_BODY, 0 },
	{ "PUT", "/v1/state/{key}", on_put, NULL, VALUE_MAX, 0 },
	{ "DELETE", "/v1/state/{key}", on_delete, NULL, NO_BODY, 0 },
	{ NULL, NULL, NULL, NULL, 0, 0 },
};

static bool authorize(const struct sp_http_peer *peer, const struct sp_httpd_route *route,
		      void *owner)
{
	const struct state_socket *s = owner;
	uint32_t first = s->workload->first_uid;

	(void)route;
	if (s->porter)
		return peer->local && peer->uid == geteuid();
	return peer->local && peer->uid >= first && peer->uid - first < UIDRANGE_SIZE;
}

char *state_socket_directory(const struct workload *w)
{
	return sp_str_format("%s/workloads/%s/" LAUNCH_DIR "/" STATE_SOCKET_DIR,
			     w->agent->dirs.state_path, w->spec->id);
}

static int open_directory(const struct workload *w, struct sp_err *err)
{
	char name[SP_ID_MAX + 32];
	int fd;

	snprintf(name, sizeof(name), "%s/" LAUNCH_DIR "/" STATE_SOCKET_DIR, w->spec->id);
	if (mkdirat(w->agent->dirs.workloads, name, 0755) < 0 && errno != EEXIST)
		return sp_fail_errno(err, errno, "'%s'", name);
	fd = openat(w->agent->dirs.workloads, name,
		    O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	return fd < 0 ? sp_fail_errno(err, errno, "'%s'", name) : fd;
}

/* A path that fits into an address, wherever the agent's directories are. */
static void path_of(const struct state_socket *s, const char *name, char ret[PATH_ROOM])
{
	snprintf(ret, PATH_ROOM, "/proc/self/fd/%d/%s", s->dirfd, name);
}

static int listen_at(struct state_socket *s, const char *name, bool open_to_all, struct sp_err *err)
{
	char path[PATH_ROOM];
	const struct sp_httpd_conf conf = { .unix_path = path,
					    .unix_mode = open_to_all ? 0666 : 0600,
					    .no_descriptors = open_to_all,
					    .routes = routes,
					    .authorize = authorize,
					    .owner = s,
					    .loop = s->workload->agent->loop,
					    .connections_max = STATE_QUEUE_MAX,
					    .idle_timeout_ns = IDLE_TIMEOUT_NS };

	path_of(s, name, path);
	return sp_httpd_new(&conf, &s->httpd, err);
}

/* The agent's own socket is beside the directory that the container sees. */
static int serve_by_porter(struct state_socket *s, struct sp_err *err)
{
	char outside[PATH_ROOM], inside[PATH_ROOM];
	const struct state_porter_conf conf = { .outside = outside,
						.inside = inside,
						.first_uid = s->workload->first_uid,
						.n_uids = UIDRANGE_SIZE };
	int r = listen_at(s, INSIDE_NAME, false, err);

	path_of(s, SOCKET_NAME, outside);
	path_of(s, INSIDE_NAME, inside);
	return r < 0 ? r : state_porter_start(s->workload->agent->loop, &conf, &s->porter, err);
}

static int serve(struct state_socket *s, struct sp_err *err)
{
	struct sp_err why = { 0 };
	int r = listen_at(s, SOCKET_NAME, true, &why);

	if (r < 0 && why.code == SP_E_UNSUPPORTED)
		return serve_by_porter(s, err);
	if (r < 0)
		*err = why;
	return r;
}

int state_socket_open(struct workload *w, struct sp_err *err)
{
	struct state_socket *s;
	int r;

	state_socket_close(w);
	s = calloc(1, sizeof(*s));
	if (!s)
		return sp_fail_nomem(err);
	s->workload = w;
	state_queue_init(&s->queue, w->agent->loop, STATE_ANSWER_NS);
	w->state_socket = s;
	r = s->dirfd = open_directory(w, err);
	if (r >= 0)
		r = serve(s, err);
	if (r < 0)
		state_socket_close(w);
	return r < 0 ? r : 0;
}

void state_socket_close(struct workload *w)
{
	struct state_socket *s = w->state_socket;

	if (!s)
		return;
	w->state_socket = NULL;
	state_queue_end(&s->queue);
	state_porter_end(s->porter);
	sp_httpd_free(s->httpd);
	sp_close(&s->dirfd);
	free(s);
}

bool state_socket_has_question(const struct workload *w)
{
	return w->state_socket && w->state_socket->queue.n > 0;
}
