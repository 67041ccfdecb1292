/* When to ask, and what the answers mean together; see probe.h. */
#include "agentd/probe.h"

#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "agentd/probe_impl.h"
#include "base/log.h"
#include "base/str.h"
#include "base/time.h"

#define LOOPBACK "127.0.0.1"

const char *probe_role_name(enum probe_role role)
{
	static const char *const names[] = {
#define X(sym, name) [PROBE_##sym] = name,
		PROBE_ROLES(X)
#undef X
	};

	return names[role];
}

void probe_message(char *message, const char *what, const char *text, size_t len)
{
	int n = snprintf(message, PROBE_MESSAGE_MAX, "%s: ", what);
	size_t at = (size_t)n < PROBE_MESSAGE_MAX ? (size_t)n : PROBE_MESSAGE_MAX - 1;

	for (size_t i = 0; i < len && at < PROBE_MESSAGE_MAX - 1; i++)
		message[at++] = (unsigned char)text[i] < ' ' || text[i] == 0x7f ? ' ' : text[i];
	while (at > 0 && message[at - 1] == ' ')
		at--;
	message[at] = '\0';
}

static void name_probe(struct probe *p)
{
	const struct wire_probe *spec = p->conf.spec;

	switch (spec->type) {
	case WIRE_PROBE_HTTP:
		snprintf(p->what, sizeof(p->what), "GET %.50s", spec->path ? spec->path : "/");
		break;
	case WIRE_PROBE_TCP:
		snprintf(p->what, sizeof(p->what), "tcp port %u", spec->port);
		break;
	case WIRE_PROBE_POSTGRES:
		snprintf(p->what, sizeof(p->what), "postgres port %u", spec->port);
		break;
	case WIRE_PROBE_EXEC:
		snprintf(p->what, sizeof(p->what), "exec %.50s",
			 spec->program_hidden                ? "its command"
			 : spec->command && spec->command[0] ? spec->command[0]
							     : "");
		break;
	case WIRE_PROBE_NONE:
		break;
	}
}

/* The interval, more or less by up to jitter_percent of it, so that replicas do not ask in step. */
static int64_t jittered(const struct wire_probe *spec)
{
	int64_t span = spec->interval_ns / 100 * spec->jitter_percent;
	uint64_t random;

	if (span <= 0 || getrandom(&random, sizeof(random), 0) != (ssize_t)sizeof(random))
		return spec->interval_ns;
	return spec->interval_ns - span + (int64_t)(random % (uint64_t)(2 * span + 1));
}

static void arm_next(struct probe *p)
{
	if (p->conf.role == PROBE_STARTUP && p->health == PROBE_GOOD)
		return;
	if (sp_timer_arm(p->loop, &p->next, p->started_ns + jittered(p->conf.spec)) < 0)
		sp_log(SP_LOG_ERROR, "probe.stopped", SP_STR("probe", p->what),
		       SP_STR("error", "out of memory"));
}

/* Count the attempt in; health changes at rise and at fall. */
static void take_in(struct probe *p, bool ok, const char *message)
{
	struct probe_verdict *v = &p->last;
	const struct wire_probe *spec = p->conf.spec;
	enum probe_health before = p->health;

	v->successes = ok ? v->successes + 1 : 0;
	v->failures = ok ? 0 : v->failures + 1;
	if (v->successes && v->successes >= spec->rise)
		p->health = PROBE_GOOD;
	if (v->failures && v->failures >= spec->fall)
		p->health = PROBE_BAD;
	v->role = p->conf.role;
	v->ok = ok;
	v->health = p->health;
	v->changed = p->health != before;
	v->at_ns = sp_time_real_ns();
	v->took_ns = sp_time_mono_ns() - p->started_ns;
	snprintf(v->message, sizeof(v->message), "%s", message);
}

void probe_finish(struct probe *p, bool ok, const char *message)
{
	sp_timer_cancel(&p->limit);
	take_in(p, ok, message);
	arm_next(p);
	p->started_ns = 0;
	if (p->last.changed || !ok)
		p->conf.on_verdict(p, &p->last, p->conf.owner); /* may have freed p */
}

static void fail_with(struct probe *p, const char *text)
{
	char message[PROBE_MESSAGE_MAX];

	probe_message(message, p->what, text, strlen(text));
	probe_finish(p, false, message);
}

static void end_attempt(struct probe *p)
{
	if (p->attempt)
		probe_attempt_abandon(take_ptr(p->attempt));
	if (p->exec_runs)
		p->conf.exec->cancel(p->conf.owner, p);
	p->exec_runs = false;
}

/* What came before time ran out (a status, but no end of its body) is the better message. */
static void on_limit(struct sp_timer *t)
{
	struct probe *p = t->owner;
	char seen[PROBE_MESSAGE_MAX] = "", text[64], limit[SP_DURATION_MAX];

	if (p->attempt)
		memcpy(seen, p->attempt->message, sizeof(seen));
	end_attempt(p);
	if (seen[0]) {
		probe_finish(p, false, seen);
		return;
	}
	sp_duration_format(p->conf.spec->timeout_ns, limit);
	snprintf(text, sizeof(text), "no answer within %s", limit);
	fail_with(p, text);
}

static int start_exec(struct probe *p, struct sp_err *err)
{
	int r = p->conf.exec->start(p->conf.owner, p, p->conf.spec->command, err);

	p->exec_runs = r == 0;
	return r;
}

static int start_attempt(struct probe *p, struct sp_err *err)
{
	switch (p->conf.spec->type) {
	case WIRE_PROBE_HTTP:
		return probe_attempt_start(p, &probe_http, err);
	case WIRE_PROBE_TCP:
		return probe_attempt_start(p, &probe_tcp, err);
	case WIRE_PROBE_POSTGRES:
		return probe_attempt_start(p, &probe_postgres, err);
	case WIRE_PROBE_EXEC:
		return start_exec(p, err);
	case WIRE_PROBE_NONE:
		break;
	}
	return sp_fail(err, SP_E_INTERNAL, "a probe without a type");
}

static void on_next(struct sp_timer *t)
{
	struct probe *p = t->owner;
	struct sp_err err = { 0 };
	int r;

	p->started_ns = sp_time_mono_ns();
	r = sp_timer_arm(p->loop, &p->limit, p->started_ns + p->conf.spec->timeout_ns);
	r = r < 0 ? sp_fail_nomem(&err) : start_attempt(p, &err);
	if (r < 0)
		fail_with(p, err.message);
}

bool probe_program_hidden(const struct probe *p)
{
	return p->conf.spec->program_hidden;
}

void probe_exec_done(struct probe *p, int status, const char *output, size_t len)
{
	char text[PROBE_MESSAGE_MAX], message[PROBE_MESSAGE_MAX];
	size_t kept = len < PROBE_MESSAGE_MAX / 2 ? len : PROBE_MESSAGE_MAX / 2;
	int n;

	assert(p->exec_runs);
	p->exec_runs = false;
	n = snprintf(text, sizeof(text), "exit status %d%s%.*s", status, kept ? ": " : "",
		     (int)kept, kept ? output : "");
	probe_message(message, p->what, text, (size_t)n);
	probe_finish(p, status == 0, message);
}

static int check_conf(const struct probe_conf *conf, struct sp_err *err)
{
	const struct wire_probe *spec = conf->spec;

	if (spec->type == WIRE_PROBE_EXEC && (!conf->exec || !spec->command || !spec->command[0]))
		return sp_fail(err, SP_E_INVALID, "an exec probe without a command");
	if (spec->interval_ns <= 0 || spec->timeout_ns <= 0)
		return sp_fail(err, SP_E_INVALID, "a probe's timeout and interval must be above 0");
	return 0;
}

/* The workload's address, as everybody else reaches it, unless the spec says localhost. */
static const char *choose_address(const struct probe_conf *conf)
{
	const char *host = conf->spec->host;

	if (!conf->address || sp_str_eq(host, "localhost") || sp_str_eq(host, LOOPBACK))
		return LOOPBACK;
	return conf->address;
}

int probe_new(struct sp_loop *loop, const struct probe_conf *conf, struct probe **ret,
	      struct sp_err *err)
{
	struct probe *p;
	int r = check_conf(conf, err);

	if (r < 0)
		return r;
	p = calloc(1, sizeof(*p));
	if (!p)
		return sp_fail_nomem(err);
	p->loop = loop;
	p->conf = *conf;
	p->last.role = conf->role;
	p->next = (struct sp_timer){ .fn = on_next, .owner = p };
	p->limit = (struct sp_timer){ .fn = on_limit, .owner = p };
	p->address = strdup(choose_address(conf));
	name_probe(p);
	if (!p->address || sp_timer_arm_in(loop, &p->next, conf->spec->delay_ns) < 0) {
		probe_free(p);
		return sp_fail_nomem(err);
	}
	*ret = p;
	return 0;
}

void probe_free(struct probe *p)
{
	if (!p)
		return;
	sp_timer_cancel(&p->next);
	sp_timer_cancel(&p->limit);
	end_attempt(p);
	free(p->address);
	free(p);
}

enum probe_health probe_health(const struct probe *p)
{
	return p->health;
}

const struct probe_verdict *probe_last(const struct probe *p)
{
	return &p->last;
}
