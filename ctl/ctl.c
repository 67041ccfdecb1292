/* One run of ctl; see ctl.h. */
#include "ctl/ctl.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>

#include "base/json.h"
#include "ctl/netns.h"
#include "ctl/whoami.h"

#define WHO_MAX 128

void ctl_fini(struct ctl *ctl)
{
	sp_httpc_free(ctl->http);
	ctl_context_free(ctl->context);
	*ctl = (struct ctl){ 0 };
}

int ctl_fail_next(struct wire_failure *fail, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(fail->next, sizeof(fail->next), fmt, ap);
	va_end(ap);
	return sp_err_return(&fail->err);
}

int ctl_fail(struct wire_failure *fail, enum sp_err_code code, const char *fmt, ...)
{
	struct sp_err err = { 0 };
	char text[SP_ERR_MESSAGE_MAX];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	sp_fail(&err, code, "%s", text);
	sp_err_at(&err, SP_STAGE_CLIENT);
	wire_failure_init(fail, &err, "ctl");
	return sp_err_return(&fail->err);
}

static const char *controld_at(const struct ctl *ctl)
{
	return ctl->context->url ? ctl->context->url : ctl->context->unix_path;
}

int ctl_fail_from(const struct ctl *ctl, struct wire_failure *fail, const struct sp_err *err,
		  const json_t *error)
{
	if (json_is_object(error))
		wire_failure_decode(error, fail);
	else
		wire_failure_init(fail, err, "ctl");
	if (!fail->err.code)
		fail->err = *err;
	/* A refusal at the door does not say whose door it is. */
	if (json_is_object(error) && fail->err.code == SP_E_DENIED &&
	    fail->err.stage == SP_STAGE_NONE)
		sp_err_prefix(&fail->err, "controld at '%s'", controld_at(ctl));
	return sp_err_return(&fail->err);
}

int ctl_enter(struct ctl *ctl, struct wire_failure *fail)
{
	int r = 0;

	if (ctl->inside)
		return 0;
	if (!ctl->context)
		r = ctl_context_load(ctl->context_path, &ctl->context, &fail->err);
	if (r < 0)
		return ctl_fail_next(fail, "make up (a lab here), or write a context: man ctl");
	if (ctl->context->netns)
		r = ctl_netns_enter(ctl->context->netns, ctl->context->netns_inode, &fail->err);
	if (r < 0)
		return ctl_fail_next(fail, "make up");
	ctl->inside = true;
	return 0;
}

int ctl_handle_new(struct ctl *ctl, struct sp_httpc **ret, struct wire_failure *fail)
{
	const struct ctl_context *c;
	struct sp_httpc_conf conf;
	char from[WHO_MAX];
	int r = ctl_enter(ctl, fail);

	if (r < 0)
		return r;
	c = ctl->context;
	conf = (struct sp_httpc_conf){ .base_url = c->url ? c->url : "http://localhost",
				       .unix_path = c->unix_path,
				       .cert_file = c->cert,
				       .key_file = c->key,
				       .ca_file = c->ca,
				       .what = "controld" };
	r = sp_httpc_new(&conf, ret, &fail->err);
	ctl_whoami(from, sizeof(from));
	return r < 0 ? r : sp_httpc_header(*ret, "Stackpilot-From", from, &fail->err);
}

int ctl_open(struct ctl *ctl, struct wire_failure *fail)
{
	return ctl->http ? 0 : ctl_handle_new(ctl, &ctl->http, fail);
}

/* controld that does not answer: say where it was looked for. */
static int unanswered(const struct ctl *ctl, struct wire_failure *fail)
{
	sp_err_at(&fail->err, SP_STAGE_CLIENT);
	if (fail->err.code == SP_E_UNREACHABLE && !fail->next[0])
		return ctl_fail_next(fail, "is controld running at %s? (context: %s)",
				     controld_at(ctl), ctl->context->file);
	return sp_err_return(&fail->err);
}

int ctl_call(struct ctl *ctl, const char *method, const char *path, const json_t *body,
	     json_t **ret, struct wire_failure *fail)
{
	autojson json_t *reply = NULL;
	struct sp_err err = { 0 };
	int r = ctl_open(ctl, fail);

	if (r < 0)
		return r;
	r = sp_httpc_json(ctl->http, method, path, body, &reply, &err);
	if (r < 0) {
		ctl_fail_from(ctl, fail, &err, reply);
		return json_is_object(reply) ? r : unanswered(ctl, fail);
	}
	if (ret)
		*ret = take_ptr(reply);
	return 0;
}

int ctl_get(struct ctl *ctl, const char *path, json_t **ret, struct wire_failure *fail)
{
	return ctl_call(ctl, "GET", path, NULL, ret, fail);
}
