/*
 * `healthcheck` -> readiness probe. Docker's counting is kept: one success is healthy, `retries`
 * failures in a row are not.
 */
#include "stackfile/health.h"

#include "base/str.h"
#include "base/time.h"
#include "stackfile/keys.h"
#include "stackfile/openly.h"
#include "stackfile/scalar.h"

/* The values Docker has for what a file leaves out. */
#define INTERVAL_NS (30 * SP_NS_PER_S)
#define TIMEOUT_NS  (30 * SP_NS_PER_S)
#define RETRIES     3

struct health {
	struct health_test test;
	bool none, disable;
	int64_t interval_ns;
	int64_t timeout_ns; /* 0: not said */
	int64_t start_period_ns, start_interval_ns;
	uint32_t retries;
};

/* Words after the line are the shell's own arguments: $0, $1, ... */
static void test_shell(struct reader *r, char **words, struct health *h)
{
	if (!words[1]) {
		h->test.shell = words[0];
		return;
	}
	h->test.argv = stack_arena_strv_empty(r->arena);
	stack_arena_strv_push(r->arena, &h->test.argv, stack_arena_dup(r->arena, "/bin/sh"));
	stack_arena_strv_push(r->arena, &h->test.argv, stack_arena_dup(r->arena, "-c"));
	for (; *words; words++)
		stack_arena_strv_push(r->arena, &h->test.argv, *words);
}

static void test_list(const struct value *v, struct health *h)
{
	char **words = NULL;

	read_strings(v, &words);
	if (!words)
		return;
	if (sp_str_eq(words[0], "NONE") && !words[1])
		h->none = true;
	else if (sp_str_eq(words[0], "CMD") && words[1])
		h->test.argv = words + 1;
	else if (sp_str_eq(words[0], "CMD-SHELL") && words[1])
		test_shell(v->r, words + 1, h);
	else
		value_refuse(v, STACK_CODE_VALUE,
			     "expects [NONE], [CMD, program, arguments...] or [CMD-SHELL, line]");
}

static void read_test(const struct value *v, void *field)
{
	struct health *h = field;

	if (v->node->kind == NODE_LIST)
		test_list(v, h);
	else
		read_string(v, &h->test.shell);
}

static void read_period(const struct value *v, void *field)
{
	int64_t ns = -1;

	read_duration(v, &ns);
	if (ns == 0)
		value_refuse(v, STACK_CODE_VALUE, "is 0");
	else if (ns > 0)
		*(int64_t *)field = ns;
}

static void read_start_interval(const struct value *v, void *field)
{
	read_period(v, field);
	value_note(v, STACK_NOTE, STACK_CODE_IGNORED,
		   "has no effect: the check runs every 'interval' from the start");
}

static const struct key health_keys[] = {
	{ "test", read_test, 0,
	  "`[CMD, ...]`, `[CMD-SHELL, line]`, `[NONE]` or a line for the shell" },
	{ "interval", read_period, offsetof(struct health, interval_ns),
	  "from one check to the next; default `30s`" },
	{ "timeout", read_period, offsetof(struct health, timeout_ns),
	  "a check that takes longer has failed; default `30s`" },
	{ "retries", read_positive, offsetof(struct health, retries),
	  "failures in a row until the service is unhealthy; default 3" },
	{ "start_period", read_duration, offsetof(struct health, start_period_ns),
	  "for so long failures are expected" },
	{ "start_interval", read_start_interval, offsetof(struct health, start_interval_ns),
	  "accepted; checks run every `interval` from the start" },
	{ "disable", read_bool, offsetof(struct health, disable), "`true`: no health check" },
};
KEY_TABLE(keys_healthcheck, "services.NAME.healthcheck", health_keys, true);

static void probe_exec(struct reader *r, const struct health_test *test, struct wire_probe *p)
{
	p->type = WIRE_PROBE_EXEC;
	p->command = test->argv;
	if (!test->shell)
		return;
	p->command = stack_arena_strv_empty(r->arena);
	stack_arena_strv_push(r->arena, &p->command, stack_arena_dup(r->arena, "/bin/sh"));
	stack_arena_strv_push(r->arena, &p->command, stack_arena_dup(r->arena, "-c"));
	stack_arena_strv_push(r->arena, &p->command, test->shell);
}

/*
 * A program may take longer than the interval, as with Docker: the next attempt then follows it. A
 * request that StackPilot makes itself is answered at once or not at all.
 */
static void fit_timeout(const struct value *v, const struct health *h, struct wire_probe *p)
{
	p->interval_ns = h->interval_ns;
	p->timeout_ns = h->timeout_ns ? h->timeout_ns : TIMEOUT_NS;
	if (p->timeout_ns <= p->interval_ns || p->type == WIRE_PROBE_EXEC)
		return;
	p->timeout_ns = p->interval_ns;
	if (h->timeout_ns)
		value_note(
			v, STACK_NOTE, STACK_CODE_VALUE,
			"has a timeout longer than the interval: the check is given the interval");
}

/*
 * What a probe asks is told to everybody, and what a server answers too. So a line that names what
 * does not stand openly is left to the container, which keeps its environment to itself.
 */
static bool may_be_native(const struct health_test *t, const struct stack_service *s)
{
	return !t->shell || openly_names(s, t->shell);
}

static void apply(const struct value *v, const struct health *h, struct stack_service *s)
{
	struct wire_probe *p = &s->readiness;

	if (!may_be_native(&h->test, s) || !health_native(v->r, &h->test, s->environment, p))
		probe_exec(v->r, &h->test, p);
	fit_timeout(v, h, p);
	p->rise = 1;
	p->fall = h->retries;
	s->start_period_ns = h->start_period_ns;
}

void read_healthcheck(const struct value *v, void *service)
{
	struct health h = { .interval_ns = INTERVAL_NS, .retries = RETRIES };

	if (node_is_null(v->node))
		return;
	key_table_read(&keys_healthcheck, v, &h);
	if (h.disable || h.none)
		return;
	if (h.test.argv || h.test.shell)
		apply(v, &h, service);
	else if (v->node->kind == NODE_MAP && !node_find(v->node, "test"))
		value_refuse(v, STACK_CODE_MISSING,
			     "has no 'test', and the image's own is not known here");
}
