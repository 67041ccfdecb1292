/* POST to a hook; see hook_send.h. */
#include <string.h>

#include "base/httpc.h"
#include "base/json.h"
#include "control/hooks/hook_send.h"

#define SAID_MAX 120 /* of a refusal's body, in the message */

static int judge(const struct hook *h, const struct sp_http_reply *reply, struct sp_err *err)
{
	if (reply->status >= 200 && reply->status < 300)
		return 0;
	return sp_fail(err, SP_E_UNHEALTHY, "%s answers %d: %.*s", h->origin, reply->status,
		       SAID_MAX, reply->body.data ? reply->body.data : "");
}

/* It ends by itself: the time limit is short, and d->stop is looked at before. */
int hook_post(const struct hook_delivery *d, struct sp_err *err)
{
	const struct hook *h = d->hook;
	struct sp_httpc_conf conf = { .base_url = h->origin,
				      .ca_file = h->ca,
				      .connect_timeout_ns = d->timeout_ns,
				      .timeout_ns = d->timeout_ns,
				      .what = h->origin };
	autojson json_t *body = json_pack("{s:s, s:O}", "hook", h->name, "events", d->events);
	autofree char *text = body ? sp_json_text(body) : NULL;
	struct sp_http_reply reply = { .body = SP_BUF_INIT };
	struct sp_httpc *c = NULL;
	int r;

	if (!text)
		return sp_fail_nomem(err);
	r = sp_httpc_new(&conf, &c, err);
	if (r == 0)
		r = sp_httpc_call(c, "POST", h->path, text, strlen(text), "application/json",
				  &reply, err);
	if (r == 0)
		r = judge(h, &reply, err);
	sp_http_reply_fini(&reply);
	sp_httpc_free(c);
	return r;
}
