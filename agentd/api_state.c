/* What a task asks of its stack's state, taken and answered by the operation that runs it; see
 * state_socket.h. */
#include "agentd/api.h"
#include "agentd/reply.h"
#include "agentd/state_socket.h"
#include "agentd/status.h"
#include "agentd/wait.h"
#include "agentd/workload.h"
#include "base/json.h"

json_t *api_state_json(const struct workload *w)
{
	json_t *question = w->state_socket ? state_queue_next(&w->state_socket->queue) : NULL;

	return json_pack("{s:o?, s:o}", "question", question, "status", status_json(w));
}

void api_workload_state(struct sp_httpd_req *req, void *owner)
{
	struct agent *a = owner;
	const char *id = sp_httpd_param(req, "id");
	struct workload *w = workload_find(a, id);
	autojson json_t *body = NULL;
	struct sp_err err = { 0 };
	int64_t timeout_ns;

	if (!w) {
		reply_fail(a, req, id, SP_E_NOT_FOUND, "workload '%s' is not on node '%s'", id,
			   a->config.name);
		return;
	}
	if (!api_number(a, req, "timeout_ns", 0, WAIT_MAX_NS, 0, &timeout_ns) ||
	    !api_fenced(a, req, w->spec->stack))
		return;
	if (sp_httpd_body_json(req, &body, &err) < 0) {
		reply_err(a, req, id, &err);
		return;
	}
	if (w->state_socket)
		state_queue_answer(&w->state_socket->queue, json_object_get(body, "answer"));
	wait_begin(w, req, WAIT_ASKED, timeout_ns);
}
