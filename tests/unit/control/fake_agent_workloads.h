/* Workloads of a pretend agent: put, watched, commanded, removed; see fake_agent.h. */
#pragma once

#include "tests/unit/control/fake_agent_state.h"

/* A real agent starts a workload anew when its spec has changed in more than its hosts. */
static bool fake_differs(const json_t *old, const json_t *new)
{
	autojson json_t *a = json_copy((json_t *)old), *b = json_copy((json_t *)new);

	json_object_del(a, "hosts");
	json_object_del(b, "hosts");
	return !json_equal(a, b);
}

static void fake_put(struct sp_httpd_req *req, void *owner)
{
	struct fake_agent *f = owner;
	const char *id = sp_httpd_param(req, "id"), *token = sp_httpd_query(req, "token");
	json_t *spec = NULL;
	size_t at;

	if (f->refusals > 0) {
		f->refusals--;
		sp_httpd_reply_json(req, 503,
				    json_pack("{s:{s:s, s:s}}", "error", "code", "interrupted",
					      "message", "agentd is stopping"));
		return;
	}
	sp_httpd_body_json(req, &spec, NULL);
	pthread_mutex_lock(&f->lock);
	at = fake_find(f, id);
	if (at == f->n_specs || fake_differs(f->specs[at], spec)) {
		sp_buf_printf(&f->starts, "%s,", id);
		fake_flaky_starts += strstr(id, "-flaky-") != NULL;
	}
	if (at == f->n_specs)
		f->n_specs++;
	else
		json_decref(f->specs[at]);
	f->specs[at] = spec;
	f->token = (int64_t)strtoll(token, NULL, 10);
	if (json_is_true(json_object_get(spec, "state_socket")))
		snprintf(f->task_image, sizeof(f->task_image), "%s",
			 json_string_value(json_object_get(spec, "image_digest")));
	fake_note(f, "PUT", id);
	pthread_mutex_unlock(&f->lock);
	sp_httpd_reply_json(req, 200, fake_status(spec));
}

static void fake_get(struct sp_httpd_req *req, void *owner)
{
	struct fake_agent *f = owner;
	json_t *status = NULL;
	size_t at;

	pthread_mutex_lock(&f->lock);
	at = fake_find(f, sp_httpd_param(req, "id"));
	if (at < f->n_specs)
		status = fake_status(f->specs[at]);
	pthread_mutex_unlock(&f->lock);
	sp_httpd_reply_json(req, status ? 200 : 404, status ? status : json_object());
}

/* A task asks f->questions, one after the other, and what is answered is kept. */
static void fake_state(struct sp_httpd_req *req, void *owner)
{
	struct fake_agent *f = owner;
	autojson json_t *body = NULL, *question = NULL;
	json_t *status = NULL;
	size_t at;

	sp_httpd_body_json(req, &body, NULL);
	pthread_mutex_lock(&f->lock);
	if (json_is_object(json_object_get(body, "answer")))
		json_array_append(f->answers, json_object_get(body, "answer"));
	question = json_incref(json_array_get(f->questions, 0));
	json_array_remove(f->questions, 0);
	at = fake_find(f, sp_httpd_param(req, "id"));
	if (at < f->n_specs)
		status = fake_status(f->specs[at]);
	if (question)
		json_object_set_new(status, "state", json_string("running"));
	pthread_mutex_unlock(&f->lock);
	sp_httpd_reply_json(req, status ? 200 : 404,
			    json_pack("{s:O?, s:o?}", "question", question, "status", status));
}

static void fake_list(struct sp_httpd_req *req, void *owner)
{
	struct fake_agent *f = owner;
	json_t *list = json_array();

	pthread_mutex_lock(&f->lock);
	for (size_t i = 0; i < f->n_specs; i++)
		json_array_append_new(list, fake_status(f->specs[i]));
	for (size_t i = 0; f->stopped && i < json_array_size(list); i++)
		json_object_set_new(json_array_get(list, i), "state", json_string("stopped"));
	pthread_mutex_unlock(&f->lock);
	sp_httpd_reply_json(req, 200, json_pack("{s:o}", "workloads", list));
}

static void fake_delete(struct sp_httpd_req *req, void *owner)
{
	struct fake_agent *f = owner;
	const char *id = sp_httpd_param(req, "id");
	size_t at;

	while (atomic_load(&f->slow_deletes))
		nanosleep(&(struct timespec){ .tv_nsec = 1000000 }, NULL);
	pthread_mutex_lock(&f->lock);
	at = fake_find(f, id);
	if (at < f->n_specs) {
		json_decref(f->specs[at]);
		f->specs[at] = f->specs[--f->n_specs];
	}
	fake_note(f, "DELETE", id);
	pthread_mutex_unlock(&f->lock);
	sp_httpd_reply_json(req, 200, json_object());
}

static void fake_restart(struct sp_httpd_req *req, void *owner)
{
	struct fake_agent *f = owner;

	pthread_mutex_lock(&f->lock);
	fake_note(f, "RESTART", sp_httpd_param(req, "id"));
	f->stopped = false;
	pthread_mutex_unlock(&f->lock);
	sp_httpd_reply_json(req, 200, json_object());
}

static void fake_start(struct sp_httpd_req *req, void *owner)
{
	struct fake_agent *f = owner;

	pthread_mutex_lock(&f->lock);
	fake_note(f, "START", sp_httpd_param(req, "id"));
	f->stopped = false;
	pthread_mutex_unlock(&f->lock);
	sp_httpd_reply_json(req, 200, json_object());
}

static void fake_volumes(struct sp_httpd_req *req, void *owner)
{
	struct fake_agent *f = owner;

	pthread_mutex_lock(&f->lock);
	fake_note(f, "VOLUMES", sp_httpd_param(req, "stack"));
	pthread_mutex_unlock(&f->lock);
	sp_httpd_reply_json(req, 200, json_object());
}

static void fake_logs(struct sp_httpd_req *req, void *owner)
{
	(void)owner;
	sp_httpd_reply_text(req, 200, "text/plain", "t stderr F cannot open the database\n");
}
