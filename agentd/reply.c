/* See reply.h. */
#include "agentd/reply.h"

#include <stdarg.h>
#include <stdio.h>

#include "agentd/agent.h"
#include "wire/failure.h"

void reply_json(struct sp_httpd_req *req, int status, json_t *json)
{
	struct sp_err err = { 0 };

	if (json) {
		sp_httpd_reply_json(req, status, json);
		return;
	}
	sp_fail_nomem(&err);
	sp_httpd_reply_err(req, &err);
}

void reply_err(struct agent *a, struct sp_httpd_req *req, const char *resource,
	       const struct sp_err *err)
{
	int status = err->code == SP_E_UNPLACEABLE ? 400 : sp_http_status_of(err);
	struct wire_failure f;

	wire_failure_init(&f, err, "agentd");
	snprintf(f.node, sizeof(f.node), "%s", a->config.name);
	snprintf(f.resource, sizeof(f.resource), "%s", resource ? resource : "");
	reply_json(req, status, json_pack("{s:o}", "error", wire_failure_encode(&f)));
}

void reply_fail(struct agent *a, struct sp_httpd_req *req, const char *resource,
		enum sp_err_code code, const char *fmt, ...)
{
	char text[SP_ERR_MESSAGE_MAX];
	struct sp_err err = { 0 };
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	sp_fail(&err, code, "%s", text);
	reply_err(a, req, resource, &err);
}
