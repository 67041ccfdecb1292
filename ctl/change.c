/* Calls that change a stack; see change.h. */
#include "ctl/change.h"

#include <stdio.h>
#include <string.h>

#include "base/digest.h"
#include "base/time.h"
#include "ctl/failure.h"
#include "ctl/flag.h"
#include "ctl/interrupt.h"
#include "ctl/table.h"
#include "ctl/url.h"

#define KEY_HEADER    "Idempotency-Key"
#define KEY_BYTES     16 /* of randomness */
#define SEND_ATTEMPTS 3
#define WAIT_MAX_NS   (INT64_C(24) * 3600 * SP_NS_PER_S) /* controld's cap on one call */
#define SLACK_NS      (30 * SP_NS_PER_S)

/* A flag the command may not have. */
static const char *text_of(const struct ctl_args *args, const char *name)
{
	return ctl_flag_by_name(args->command, name, strlen(name)) ? ctl_flag_str(args, name)
								   : NULL;
}

/* A reply that got lost is asked for again: the key makes that safe. */
static int send(struct ctl *ctl, const char *method, const char *path, const json_t *body,
		json_t **ret, struct wire_failure *fail)
{
	for (int attempt = 1;; attempt++) {
		int r = ctl_call(ctl, method, path, body, ret, fail);

		if (r == 0 || attempt == SEND_ATTEMPTS || fail->err.code != SP_E_TIMEOUT)
			return r;
		fprintf(stderr, "controld did not answer in time; asking again\n");
	}
}

/* Who has it is told once: when it does not come free in time, the end only says so. */
static void tell_waiting(const struct wire_failure *fail)
{
	autobuf struct sp_buf text = SP_BUF_INIT, clean = SP_BUF_INIT;

	sp_buf_printf(&text, "waiting for the lock: %s\n", fail->err.message);
	ctl_failure_evidence(fail, &text);
	ctl_clean(&clean, text.data ? text.data : "", true);
	fputs(clean.data ? clean.data : "", stderr);
}

/* The same call again, which this time queues; Ctrl-C gives the place in the queue back. */
static int wait_for_lock(struct ctl *ctl, int64_t wait_ns, const char *method, struct sp_buf *url,
			 const json_t *body, json_t **ret, struct wire_failure *fail)
{
	int r;

	tell_waiting(fail);
	*fail = (struct wire_failure){ 0 };
	ctl_url_query_int(url, "wait_ns", wait_ns);
	sp_httpc_set_timeout(ctl->http, wait_ns + SLACK_NS);
	ctl_interrupt_watch(ctl->http);
	r = send(ctl, method, url->data, body, ret, fail);
	ctl_interrupt_unwatch(ctl->http);
	sp_httpc_set_timeout(ctl->http, 0);
	if (r < 0 && fail->err.code == SP_E_LOCKED)
		fail->evidence[0] = '\0';
	return r;
}

static int send_under_lock(struct ctl *ctl, const struct ctl_args *args, const char *method,
			   struct sp_buf *url, const json_t *body, json_t **ret,
			   struct wire_failure *fail)
{
	int64_t wait_ns = ctl_flag_int(args, "wait", WAIT_MAX_NS);
	int r;

	ctl_url_query(url, "lock", text_of(args, "lock"));
	ctl_url_query(url, "reason", text_of(args, "reason"));
	if (sp_buf_check(url, &fail->err) < 0)
		return sp_err_return(&fail->err);
	r = send(ctl, method, url->data, body, ret, fail);
	if (r == 0 || fail->err.code != SP_E_LOCKED || !ctl_flag_on(args, "wait"))
		return r;
	return wait_for_lock(ctl, wait_ns < WAIT_MAX_NS ? wait_ns : WAIT_MAX_NS, method, url, body,
			     ret, fail);
}

int ctl_change(struct ctl *ctl, const struct ctl_args *args, const char *method, struct sp_buf *url,
	       const json_t *body, const char *key, json_t **ret, struct wire_failure *fail)
{
	char made[2 * KEY_BYTES + 1];
	struct sp_err err = { 0 };
	int r = ctl_open(ctl, fail);

	if (r == 0 && !key)
		r = sp_random_hex(made, KEY_BYTES, &fail->err);
	if (r == 0)
		r = sp_httpc_header(ctl->http, KEY_HEADER, key ? key : made, &fail->err);
	if (r < 0)
		return r;
	r = send_under_lock(ctl, args, method, url, body, ret, fail);
	sp_httpc_header(ctl->http, KEY_HEADER, NULL, &err);
	return r;
}
