/* See join.h. */
#include "agentd/join/join.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "agentd/dirs.h"
#include "agentd/join/key.h"
#include "base/digest.h"
#include "base/fd.h"
#include "base/httpc.h"
#include "base/json.h"
#include "base/mem.h"
#include "base/str.h"

#define TOKEN_PREFIX "SP1."

SP_AUTO(struct sp_httpc *, sp_httpc_free)

int join_pin(const char *token, char ret[SP_DIGEST_MAX], struct sp_err *err)
{
	const char *dot = strrchr(token, '.');

	if (!sp_str_starts(token, TOKEN_PREFIX) || !dot || strlen(dot + 1) != 64)
		return sp_fail(err, SP_E_INVALID, "this is not a join token (" TOKEN_PREFIX "...)");
	snprintf(ret, SP_DIGEST_MAX, SP_DIGEST_PREFIX "%s", dot + 1);
	if (!sp_digest_valid(ret))
		return sp_fail(err, SP_E_INVALID, "the token's fingerprint is malformed");
	return 0;
}

static int ask(const struct join *j, const char *pin, const char *csr, json_t **ret,
	       struct sp_err *err)
{
	struct sp_httpc_conf conf = { .base_url = j->control, .ca_pin = pin, .what = "controld" };
	auto_(sp_httpc_free) struct sp_httpc *c = NULL;
	autojson json_t *body =
		json_pack("{s:s, s:s, s:s, s:I, s:s}", "token", j->token, "name", j->name,
			  "address", j->address, "port", (json_int_t)j->port, "csr", csr);
	int r;

	if (!body)
		return sp_fail_nomem(err);
	r = sp_httpc_new(&conf, &c, err);
	return r < 0 ? r : sp_httpc_json(c, "POST", "/v1/join", body, ret, err);
}

static int put(int dirfd, const char *name, const char *text, struct sp_err *err)
{
	return sp_file_replace_at(dirfd, name, text, strlen(text), 0600, err);
}

/* node.json comes last: with it the node counts as joined. */
static int keep(const struct dirs *d, const struct join *j, const char *key, json_t *reply,
		struct sp_err *err)
{
	struct sp_json_reader r;
	const char *certificate, *ca, *name;
	autojson json_t *node = NULL;
	autofree char *text = NULL;

	sp_json_open(&r, reply, "reply", err);
	name = sp_json_need_str(&r, "name");
	certificate = sp_json_need_str(&r, "certificate");
	ca = sp_json_need_str(&r, "ca");
	if (r.error)
		return r.error;
	node = json_pack("{s:s, s:s, s:I, s:s, s:s}", "name", name, "address", j->address, "port",
			 (json_int_t)j->port, "control", j->control, "subnet",
			 sp_json_str(&r, "subnet", ""));
	text = node ? sp_json_text(node) : NULL;
	if (!text)
		return sp_fail_nomem(err);
	if (put(d->tls, "key.pem", key, err) < 0 || put(d->tls, "cert.pem", certificate, err) < 0 ||
	    put(d->tls, "ca.pem", ca, err) < 0 || put(d->state, "node.json", text, err) < 0)
		return sp_err_return(err);
	return 0;
}

static int join_in(const struct dirs *d, const struct join *j, struct sp_err *err)
{
	char pin[SP_DIGEST_MAX];
	autofree char *key = NULL, *csr = NULL;
	autojson json_t *reply = NULL;
	int r = join_pin(j->token, pin, err);

	if (r == 0)
		r = join_key_make(j->name, &key, &csr, err);
	if (r == 0)
		r = ask(j, pin, csr, &reply, err);
	if (r == 0)
		r = keep(d, j, key, reply, err);
	if (key)
		explicit_bzero(key, strlen(key));
	return r;
}

int join_cluster(const struct config *config, const struct join *j, struct sp_err *err)
{
	struct dirs d;
	int r;

	if (!sp_id_valid(j->name))
		return sp_fail(err, SP_E_INVALID, "'%s' is not a node name", j->name);
	r = dirs_open(config->state_dir, config->run_dir, &d, err);
	if (r < 0)
		return r;
	r = join_in(&d, j, err);
	dirs_close(&d);
	return r;
}
