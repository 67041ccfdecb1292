/* Health checks and probes: what becomes a native probe, what is run as it stands. */
#include "reading.h"

#include "base/time.h"

static const struct wire_probe *readiness(const struct reading *r)
{
	return &r->stack->services[0].readiness;
}

/* "http localhost:80/x 200-399", "postgres localhost:5432 user db", "exec a|b" */
static const char *told(const struct wire_probe *p)
{
	static char text[512];
	size_t n = 0;

	switch (p->type) {
	case WIRE_PROBE_NONE:
		return "none";
	case WIRE_PROBE_HTTP:
		snprintf(text, sizeof(text), "http %s:%u%s %u-%u", p->host ? p->host : "", p->port,
			 p->path, p->status_min, p->status_max);
		break;
	case WIRE_PROBE_TCP:
		snprintf(text, sizeof(text), "tcp %u", p->port);
		break;
	case WIRE_PROBE_POSTGRES:
		snprintf(text, sizeof(text), "postgres %s:%u %s %s", p->host ? p->host : "",
			 p->port, p->user ? p->user : "-", p->database ? p->database : "-");
		break;
	case WIRE_PROBE_EXEC:
		n = (size_t)snprintf(text, sizeof(text), "exec");
		for (size_t i = 0; p->command[i]; i++)
			n += (size_t)snprintf(text + n, sizeof(text) - n, "%s%s", i ? "|" : " ",
					      p->command[i]);
		break;
	}
	return text;
}

Test(health, requests_to_the_service_itself_are_made_natively)
{
	static const struct {
		const char *test, *probe;
	} cases[] = {
		{ "[CMD, curl, -f, \"http://localhost:3000/health\"]",
		  "http localhost:3000/health 200-399" },
		{ "[CMD, curl, -f, http://127.0.0.1]", "http 127.0.0.1:80/ 200-399" },
		{ "[CMD, curl, -fsS, -o, /dev/null, \"localhost:8080/a?b=c\"]",
		  "http localhost:8080/a?b=c 200-399" },
		{ "[CMD, curl, --fail, --silent, --output=/dev/null, http://localhost/]",
		  "http localhost:80/ 200-399" },
		{ "[CMD, curl, \"http://localhost:4000\"]", "http localhost:4000/ 100-599" },
		{ "[CMD-SHELL, \"curl -sf http://localhost:80/x || exit 1\"]",
		  "http localhost:80/x 200-399" },
		{ "curl --fail http://0.0.0.0:8080/", "http localhost:8080/ 200-399" },
		{ "[CMD, wget, -q, --spider, \"http://127.0.0.1:8080/\"]",
		  "http 127.0.0.1:8080/ 200-399" },
		{ "[CMD, wget, --no-verbose, --tries=1, --spider, \"http://localhost:1/h\"]",
		  "http localhost:1/h 200-399" },
		{ "[CMD, wget, --tries, \"1\", -qO-, \"http://localhost:1/h\"]",
		  "http localhost:1/h 200-399" },
		{ "wget -q -O /dev/null http://localhost:1/ || exit 1",
		  "http localhost:1/ 200-399" },
	};

	for (size_t i = 0; i < SP_COUNT(cases); i++) {
		autoreading struct reading r = { 0 };
		char body[512];

		snprintf(body, sizeof(body), "    healthcheck:\n      test: %s\n", cases[i].test);
		cr_accepted_service(&r, body);
		cr_expect_str_eq(told(readiness(&r)), cases[i].probe, "%s: %s", cases[i].test,
				 told(readiness(&r)));
	}
}

Test(health, anything_that_is_not_wholly_understood_is_run_as_it_stands)
{
	static const struct {
		const char *test, *probe;
	} cases[] = {
		{ "[CMD, redis-cli, ping]", "exec redis-cli|ping" },
		{ "[CMD-SHELL, redis-cli ping]", "exec /bin/sh|-c|redis-cli ping" },
		{ "[CMD-SHELL, a, b]", "exec /bin/sh|-c|a|b" },
		{ "exit 0", "exec /bin/sh|-c|exit 0" },
		{ "[CMD, curl, -f, \"http://other:80/\"]", "exec curl|-f|http://other:80/" },
		{ "[CMD, curl, -f, \"https://localhost/\"]", "exec curl|-f|https://localhost/" },
		{ "[CMD, curl, -fL, \"http://localhost/\"]", "exec curl|-fL|http://localhost/" },
		{ "[CMD, curl, -f, \"http://localhost:99999/\"]",
		  "exec curl|-f|http://localhost:99999/" },
		{ "[CMD, curl, -f, http://localhost, http://localhost]",
		  "exec curl|-f|http://localhost|http://localhost" },
		{ "[CMD, curl, -f, -o, /tmp/x, http://localhost]",
		  "exec curl|-f|-o|/tmp/x|http://localhost" },
		{ "curl -f http://localhost | grep up",
		  "exec /bin/sh|-c|curl -f http://localhost | grep up" },
		{ "curl -f http://localhost || exit 0",
		  "exec /bin/sh|-c|curl -f http://localhost || exit 0" },
		{ "curl -f http://localhost:$$PORT/",
		  "exec /bin/sh|-c|curl -f http://localhost:$PORT/" },
		{ "[CMD, wget, \"http://localhost:1/\", -T, \"3\"]",
		  "exec wget|http://localhost:1/|-T|3" },
		{ "[CMD, curl, -f]", "exec curl|-f" },
		{ "[CMD, curl, -f, \"http://localhost.evil/\"]",
		  "exec curl|-f|http://localhost.evil/" },
	};

	for (size_t i = 0; i < SP_COUNT(cases); i++) {
		autoreading struct reading r = { 0 };
		char body[512];

		snprintf(body, sizeof(body), "    healthcheck:\n      test: %s\n", cases[i].test);
		cr_accepted_service(&r, body);
		cr_expect_str_eq(told(readiness(&r)), cases[i].probe, "%s: %s", cases[i].test,
				 told(readiness(&r)));
	}
}

Test(health, pg_isready_becomes_a_postgres_probe)
{
	static const struct {
		const char *test, *probe;
	} cases[] = {
		{ "[CMD, pg_isready]", "postgres localhost:5432 - -" },
		{ "[CMD, pg_isready, -U, ann, -d, shop, -p, \"5433\", -q]",
		  "postgres localhost:5433 ann shop" },
		{ "[CMD, pg_isready, --username=ann, --host=127.0.0.1]",
		  "postgres localhost:5432 ann -" },
		{ "pg_isready -U $${POSTGRES_USER} -d $${POSTGRES_DB}",
		  "postgres localhost:5432 admin items" },
		{ "pg_isready -U $$POSTGRES_USER -h localhost || exit 1",
		  "postgres localhost:5432 admin -" },
		{ "pg_isready -Uann -d $${NONE:-items}",
		  "exec /bin/sh|-c|pg_isready -Uann -d ${NONE:-items}" },
		{ "pg_isready -U $${POSTGRES_DB:-x}", "postgres localhost:5432 items -" },
		{ "[CMD, pg_isready, -h, other]", "exec pg_isready|-h|other" },
		{ "[CMD, pg_isready, -d, \"host=other\"]", "exec pg_isready|-d|host=other" },
		{ "pg_isready -U '$$POSTGRES_USER'",
		  "exec /bin/sh|-c|pg_isready -U '$POSTGRES_USER'" },
		{ "[CMD, pg_isready, -U]", "exec pg_isready|-U" },
		{ "pg_isready -U $$HIDDEN", "exec /bin/sh|-c|pg_isready -U $HIDDEN" },
	};

	for (size_t i = 0; i < SP_COUNT(cases); i++) {
		autoreading struct reading r = { 0 };
		char body[512];

		snprintf(body, sizeof(body),
			 "    environment: {POSTGRES_USER: admin, POSTGRES_DB: items, "
			 "HIDDEN: '${X:-ann}'}\n"
			 "    healthcheck:\n      test: %s\n",
			 cases[i].test);
		cr_accepted_service(&r, body);
		cr_expect_str_eq(told(readiness(&r)), cases[i].probe, "%s: %s", cases[i].test,
				 told(readiness(&r)));
	}
}

Test(health, timing_is_dockers)
{
	autoreading struct reading r = { 0 }, bare = { 0 };

	cr_accepted_service(&r, "    healthcheck:\n"
				"      test: [CMD, ok]\n"
				"      interval: 10s\n"
				"      timeout: 5s\n"
				"      retries: 7\n"
				"      start_period: 1m\n"
				"      start_interval: 1s\n");
	cr_expect_eq(readiness(&r)->interval_ns, 10 * SP_NS_PER_S);
	cr_expect_eq(readiness(&r)->timeout_ns, 5 * SP_NS_PER_S);
	cr_expect_eq(readiness(&r)->rise, 1);
	cr_expect_eq(readiness(&r)->fall, 7);
	cr_expect_eq(r.stack->services[0].start_period_ns, 60 * SP_NS_PER_S);
	cr_accepted_service(&bare, "    healthcheck: {test: [CMD, ok]}\n");
	cr_expect_eq(readiness(&bare)->interval_ns, 30 * SP_NS_PER_S);
	cr_expect_eq(readiness(&bare)->timeout_ns, 30 * SP_NS_PER_S);
	cr_expect_eq(readiness(&bare)->fall, 3);
}

Test(health, a_timeout_longer_than_the_interval_fits_the_kind_of_probe)
{
	autoreading struct reading program = { 0 }, request = { 0 };

	cr_accepted_service(&program,
			    "    healthcheck: {test: [CMD, ok], interval: 5s, timeout: 20s}\n");
	cr_expect_eq(readiness(&program)->interval_ns, 5 * SP_NS_PER_S);
	cr_expect_eq(readiness(&program)->timeout_ns, 20 * SP_NS_PER_S);
	cr_accepted_service(&request, "    healthcheck: {test: [CMD, curl, -f, http://localhost], "
				      "interval: 5s, timeout: 20s}\n");
	cr_expect_eq(readiness(&request)->interval_ns, 5 * SP_NS_PER_S);
	cr_expect_eq(readiness(&request)->timeout_ns, 5 * SP_NS_PER_S);
}

Test(health, the_default_timeout_does_not_make_checks_rarer)
{
	autoreading struct reading r = { 0 };

	cr_accepted_service(&r, "    healthcheck: {test: [CMD, ok], interval: 1s}\n");
	cr_expect_eq(readiness(&r)->interval_ns, SP_NS_PER_S);
	cr_expect_eq(readiness(&r)->timeout_ns, 30 * SP_NS_PER_S);
}

Test(health, can_be_turned_off)
{
	static const char *const bodies[] = { "    healthcheck: {disable: true}\n",
					      "    healthcheck: {test: [CMD, x], disable: true}\n",
					      "    healthcheck: {test: [NONE]}\n",
					      "    healthcheck:\n" };

	for (size_t i = 0; i < SP_COUNT(bodies); i++) {
		autoreading struct reading r = { 0 };

		cr_accepted_service(&r, bodies[i]);
		cr_expect_eq(readiness(&r)->type, WIRE_PROBE_NONE, "%s", bodies[i]);
	}
}

Test(probe, of_every_kind_with_its_timing)
{
	autoreading struct reading r = { 0 };
	const struct stack_service *s;

	cr_accepted_service(&r,
			    "    healthcheck: {test: [CMD, old]}\n"
			    "    x-stackpilot:\n"
			    "      startup: {exec: {command: test -f /ok}, fall: 30, delay: 2s}\n"
			    "      liveness:\n"
			    "        http: {port: 80, path: /health, status: 200-299, host: h}\n"
			    "        interval: 1s\n"
			    "        rise: 2\n"
			    "        jitter: 25%\n"
			    "      readiness: {postgres: {user: ann, database: shop}}\n");
	s = &r.stack->services[0];
	cr_expect_str_eq(told(&s->startup), "exec test|-f|/ok");
	cr_expect_eq(s->startup.fall, 30);
	cr_expect_eq(s->startup.delay_ns, 2 * SP_NS_PER_S);
	cr_expect_eq(s->startup.interval_ns, 10 * SP_NS_PER_S);
	cr_expect_eq(s->startup.timeout_ns, 2 * SP_NS_PER_S);
	cr_expect_eq(s->startup.jitter_percent, 10);
	cr_expect_str_eq(told(&s->liveness), "http h:80/health 200-299");
	cr_expect_eq(s->liveness.interval_ns, SP_NS_PER_S);
	cr_expect_eq(s->liveness.timeout_ns, SP_NS_PER_S);
	cr_expect_eq(s->liveness.rise, 2);
	cr_expect_eq(s->liveness.jitter_percent, 25);
	cr_expect_str_eq(told(&s->readiness), "postgres :5432 ann shop");
	cr_said(&r.report,
		"s.yaml:12:18: note: services.web.x-stackpilot.readiness takes the place of the "
		"healthcheck",
		"");
}

Test(probe, of_tcp_needs_only_a_port)
{
	autoreading struct reading r = { 0 };

	cr_accepted_service(&r, "    x-stackpilot: {readiness: {tcp: {port: 6379}}}\n");
	cr_expect_str_eq(told(readiness(&r)), "tcp 6379");
}
