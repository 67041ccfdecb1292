/* Probes of `x-stackpilot`; what Compose's healthcheck has no word for. */
#include "stackfile/probe.h"

#include <string.h>

#include "base/str.h"
#include "base/time.h"
#include "stackfile/command.h"
#include "stackfile/keys.h"
#include "stackfile/requires.h"
#include "stackfile/scalar.h"

#define INTERVAL_NS (10 * SP_NS_PER_S)
#define TIMEOUT_NS  (2 * SP_NS_PER_S)
#define FALL        3
#define JITTER      10

/* A probe while it is read: how many kinds it names, and what is not the wire's. */
struct draft {
	struct wire_probe probe;
	unsigned kinds;
};

static void kind_set(void *field, enum wire_probe_type type)
{
	struct draft *d = field;

	d->probe.type = type;
	d->kinds++;
}

static void needs_port(const struct value *v, const struct draft *d)
{
	if (!d->probe.port && v->node->kind == NODE_MAP && !node_find(v->node, "port"))
		value_refuse(v, STACK_CODE_MISSING, "has no 'port'");
}

static void read_path(const struct value *v, void *field)
{
	const char *path = value_text(v, "a path such as /health");

	if (!path)
		return;
	if (path[0] != '/')
		value_refuse(v, STACK_CODE_VALUE, "'%s' does not start with '/'", path);
	for (const char *c = path; *c; c++)
		if ((unsigned char)*c <= ' ' || *c == 0x7f) {
			value_refuse(v, STACK_CODE_VALUE, "has a space or control character");
			return;
		}
	*(char **)field = v->node->text;
}

/* "200" or "200-299" */
static void read_status(const struct value *v, void *field)
{
	struct draft *d = field;
	const char *text = value_text(v, "a status such as 200, or 200-299");
	unsigned min, max;
	size_t n = text ? strlen(text) : 0;

	if (!text)
		return;
	if ((n != 3 && n != 7) || strspn(text, "0123456789") != 3 ||
	    (n == 7 && (text[3] != '-' || strspn(text + 4, "0123456789") != 3))) {
		value_refuse(v, STACK_CODE_TYPE,
			     "expects a status such as 200 or 200-299, not '%s'", text);
		return;
	}
	min = (unsigned)((text[0] - '0') * 100 + (text[1] - '0') * 10 + (text[2] - '0'));
	text += n - 3;
	max = (unsigned)((text[0] - '0') * 100 + (text[1] - '0') * 10 + (text[2] - '0'));
	if (min < 100 || max > 599 || min > max) {
		value_refuse(v, STACK_CODE_VALUE, "is outside of 100-599");
		return;
	}
	d->probe.status_min = (uint16_t)min;
	d->probe.status_max = (uint16_t)max;
}

static void read_http(const struct value *v, void *field)
{
	struct draft *d = field;

	kind_set(d, WIRE_PROBE_HTTP);
	d->probe.path = stack_arena_dup(v->r->arena, "/");
	d->probe.status_min = 200;
	d->probe.status_max = 399;
	key_table_read(&keys_probe_http, v, d);
	needs_port(v, d);
}

static void read_tcp(const struct value *v, void *field)
{
	struct draft *d = field;

	kind_set(d, WIRE_PROBE_TCP);
	key_table_read(&keys_probe_tcp, v, d);
	needs_port(v, d);
}

static void read_exec(const struct value *v, void *field)
{
	struct draft *d = field;

	kind_set(d, WIRE_PROBE_EXEC);
	key_table_read(&keys_probe_exec, v, d);
	if (v->node->kind == NODE_MAP && (!d->probe.command || !d->probe.command[0]))
		value_refuse(v, STACK_CODE_MISSING, "has no 'command'");
}

static void read_postgres(const struct value *v, void *field)
{
	struct draft *d = field;

	kind_set(d, WIRE_PROBE_POSTGRES);
	d->probe.port = 5432;
	if (!node_is_null(v->node))
		key_table_read(&keys_probe_postgres, v, d);
}

static void read_positive_duration(const struct value *v, void *field)
{
	int64_t ns = -1;

	read_duration(v, &ns);
	if (ns >= 0 && ns < SP_NS_PER_MS)
		value_refuse(v, STACK_CODE_VALUE, "is shorter than 1ms");
	else if (ns > 0)
		*(int64_t *)field = ns;
}

/* "10%" or 10 */
static void read_percent(const struct value *v, void *field)
{
	const char *text = value_text(v, "a percentage such as 10%");
	char *digits = text ? stack_arena_dup(v->r->arena, text) : NULL;
	uint32_t n;

	if (!digits)
		return;
	if (sp_str_ends(digits, "%"))
		digits[strlen(digits) - 1] = '\0';
	if (sp_parse_u32(digits, &n, NULL) < 0 || n > 100)
		value_refuse(v, STACK_CODE_TYPE, "expects a percentage such as 10%%, not '%s'",
			     text);
	else
		*(uint32_t *)field = n;
}

static const struct key http_keys[] = {
	{ "port", read_port, offsetof(struct draft, probe.port),
	  "port in the container; required" },
	{ "path", read_path, offsetof(struct draft, probe.path), "default `/`" },
	{ "host", read_string, offsetof(struct draft, probe.host),
	  "the `Host` header; default: the address" },
	{ "status", read_status, 0, "what counts as good, `200` or `200-299`; default `200-399`" },
};
KEY_TABLE(keys_probe_http, "services.NAME.x-stackpilot.PROBE.http", http_keys, false);

static const struct key tcp_keys[] = {
	{ "port", read_port, offsetof(struct draft, probe.port),
	  "port in the container; required" },
};
KEY_TABLE(keys_probe_tcp, "services.NAME.x-stackpilot.PROBE.tcp", tcp_keys, false);

static const struct key exec_keys[] = {
	{ "command", read_command, offsetof(struct draft, probe.command),
	  "program and arguments, run in the container; exit 0 is good" },
};
KEY_TABLE(keys_probe_exec, "services.NAME.x-stackpilot.PROBE.exec", exec_keys, false);

static const struct key postgres_keys[] = {
	{ "port", read_port, offsetof(struct draft, probe.port), "default 5432" },
	{ "user", read_string, offsetof(struct draft, probe.user), "named in the start-up packet" },
	{ "database", read_string, offsetof(struct draft, probe.database),
	  "named in the start-up packet" },
};
KEY_TABLE(keys_probe_postgres, "services.NAME.x-stackpilot.PROBE.postgres", postgres_keys, false);

static const struct key probe_keys[] = {
	{ "http", read_http, 0, "ask by a GET request" },
	{ "tcp", read_tcp, 0, "a connection is enough" },
	{ "exec", read_exec, 0, "run a program in the container" },
	{ "postgres", read_postgres, 0, "ask a PostgreSQL server by its start-up packet" },
	{ "interval", read_positive_duration, offsetof(struct draft, probe.interval_ns),
	  "from one attempt to the next; default `10s`" },
	{ "timeout", read_positive_duration, offsetof(struct draft, probe.timeout_ns),
	  "of one attempt, at most the interval; default `2s`, or the interval" },
	{ "rise", read_positive, offsetof(struct draft, probe.rise),
	  "successes in a row to become good; default 1" },
	{ "fall", read_positive, offsetof(struct draft, probe.fall),
	  "failures in a row to become bad; default 3" },
	{ "delay", read_duration, offsetof(struct draft, probe.delay_ns),
	  "before the first attempt; default none" },
	{ "jitter", read_percent, offsetof(struct draft, probe.jitter_percent),
	  "how far the interval may vary, in percent; default `10%`" },
};
KEY_TABLE(keys_probe, "services.NAME.x-stackpilot.PROBE", probe_keys, false);

static void timing_check(const struct value *v, struct wire_probe *p)
{
	struct value timeout;

	if (!p->timeout_ns)
		p->timeout_ns = p->interval_ns < TIMEOUT_NS ? p->interval_ns : TIMEOUT_NS;
	if (p->timeout_ns > p->interval_ns && value_find(v, "timeout", &timeout))
		value_refuse(&timeout, STACK_CODE_CONFLICT, "is longer than the interval");
}

static void read_probe(const struct value *v, void *field)
{
	struct draft d = { .probe = { .interval_ns = INTERVAL_NS,
				      .rise = 1,
				      .fall = FALL,
				      .jitter_percent = JITTER } };

	if (!value_is_map(v))
		return;
	key_table_read(&keys_probe, v, &d);
	if (d.kinds != 1)
		value_refuse(v, d.kinds ? STACK_CODE_CONFLICT : STACK_CODE_MISSING,
			     "needs one of 'http', 'tcp', 'exec' and 'postgres'%s",
			     d.kinds ? " only" : "");
	timing_check(v, &d.probe);
	*(struct wire_probe *)field = d.probe;
}

/* The healthcheck of other Compose programs gives way to what is written for StackPilot. */
static void read_readiness(const struct value *v, void *field)
{
	struct wire_probe *readiness = field;

	if (readiness->type != WIRE_PROBE_NONE)
		value_note(v, STACK_NOTE, STACK_CODE_CONFLICT,
			   "takes the place of the healthcheck");
	read_probe(v, field);
}

static const struct key stackpilot_keys[] = {
	{ "startup", read_probe, offsetof(struct stack_service, startup),
	  "the other probes wait until it has succeeded" },
	{ "liveness", read_probe, offsetof(struct stack_service, liveness),
	  "the container is restarted when it becomes bad" },
	{ "readiness", read_readiness, offsetof(struct stack_service, readiness),
	  "whether the service can be used; takes the place of `healthcheck`" },
	{ "from_output", read_from_output, 0,
	  "`VARIABLE: STACK/OUTPUT`: variables from outputs of stacks it requires" },
};
KEY_TABLE(keys_stackpilot, "services.NAME.x-stackpilot", stackpilot_keys, false);

void read_stackpilot(const struct value *v, void *service)
{
	if (value_is_map(v))
		key_table_read(&keys_stackpilot, v, service);
}
