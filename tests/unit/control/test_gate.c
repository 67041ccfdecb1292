/* Gates: what a workload's status means for the operation that waits for it. */
#include "control/operation/gate.h"

#include <criterion/criterion.h>

#include "base/json.h"

static const struct {
	const char *status;
	enum gate_condition condition;
	enum gate_verdict verdict;
	const char *reason;
} table[] = {
	{ "{'state': 'pending'}", GATE_STARTED, GATE_WAIT, "it is pending" },
	{ "{'state': 'running', 'ready': false}", GATE_STARTED, GATE_PASS, "" },
	{ "{'state': 'running', 'ready': false}", GATE_READY, GATE_WAIT, "it is running" },
	{ "{'state': 'running', 'ready': true}", GATE_READY, GATE_PASS, "" },
	{ "{'state': 'stopping', 'ready': true}", GATE_READY, GATE_WAIT, "it is stopping" },
	{ "{'state': 'running', 'ready': true}", GATE_COMPLETED, GATE_WAIT, "it is running" },
	{ "{'state': 'exited', 'last_exit': {'code': 0}}", GATE_COMPLETED, GATE_PASS, "" },
	{ "{'state': 'exited', 'last_exit': {'code': 0}}", GATE_READY, GATE_PASS, "" },
	{ "{'state': 'exited', 'last_exit': {'code': 3}}", GATE_STARTED, GATE_PASS, "" },
	{ "{'state': 'exited', 'last_exit': {'code': 3}}", GATE_COMPLETED, GATE_FAIL,
	  "exited with status 3" },
	{ "{'state': 'exited', 'last_exit': {'code': 137, 'signal': 9}}", GATE_READY, GATE_FAIL,
	  "was killed by signal 9" },
	{ "{'state': 'exited', 'last_exit': {'code': 137, 'signal': 9, 'oom': true}}", GATE_READY,
	  GATE_FAIL, "was killed for want of memory" },
	{ "{'state': 'failed', 'reason': 'image is gone'}", GATE_READY, GATE_FAIL,
	  "failed: image is gone" },
	{ "{'state': 'stopped'}", GATE_READY, GATE_FAIL, "was stopped" },
	{ "{'state': 'backoff', 'restarts': 2, 'last_exit': {'code': 1}}", GATE_READY, GATE_WAIT,
	  "it is backoff" },
	{ "{'state': 'backoff', 'restarts': 3, 'last_exit': {'code': 1}}", GATE_READY, GATE_FAIL,
	  "was started 4 times and each time exited with status 1" },
	{ "{'state': 'running', 'probe': {'kind': 'readiness', 'ok': false, 'message': '503'}}",
	  GATE_READY, GATE_WAIT, "its readiness probe says: 503" },
	{ "{}", GATE_READY, GATE_WAIT, "it is " },
};

Test(gate, judges_a_status_for_each_condition)
{
	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		char text[256], reason[GATE_REASON_MAX] = "";
		autojson json_t *status = NULL;

		snprintf(text, sizeof(text), "%s", table[i].status);
		for (char *p = text; *p; p++)
			*p = *p == '\'' ? '"' : *p;
		status = json_loads(text, 0, NULL);
		cr_assert_not_null(status, "%s", text);
		cr_expect_eq(gate_judge(status, table[i].condition, 0, reason), table[i].verdict,
			     "%s", text);
		cr_expect_str_eq(reason, table[i].reason, "%s: %s", text, reason);
	}
}

Test(gate, counts_only_the_crashes_since_it_waits)
{
	autojson json_t *status = json_pack("{s:s, s:i, s:{s:i}}", "state", "backoff", "restarts",
					    12, "last_exit", "code", 1);
	char reason[GATE_REASON_MAX];

	cr_expect_eq(gate_judge(status, GATE_READY, 11, reason), GATE_WAIT);
	cr_expect_eq(gate_judge(status, GATE_READY, 9, reason), GATE_FAIL);
}
