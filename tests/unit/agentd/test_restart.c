/* The restart policy and the back-off, as tables. */
#include "agentd/restart.h"

#include <criterion/criterion.h>

#include "base/mem.h"

Test(restart, each_policy_decides_by_status_and_attempts)
{
	static const struct {
		enum wire_restart policy;
		uint32_t attempts;
		int code;
		uint32_t failures;
		enum restart_next next;
	} rows[] = {
		{ WIRE_RESTART_ALWAYS, 0, 0, 1, RESTART_AGAIN },
		{ WIRE_RESTART_ALWAYS, 0, 1, 99, RESTART_AGAIN },
		{ WIRE_RESTART_UNLESS_STOPPED, 0, 137, 1, RESTART_AGAIN },
		{ WIRE_RESTART_ON_FAILURE, 0, 0, 1, RESTART_DONE },
		{ WIRE_RESTART_ON_FAILURE, 0, 1, 1000, RESTART_AGAIN },
		{ WIRE_RESTART_ON_FAILURE, 3, 1, 3, RESTART_AGAIN },
		{ WIRE_RESTART_ON_FAILURE, 3, 1, 4, RESTART_GIVEN_UP },
		{ WIRE_RESTART_NO, 0, 0, 1, RESTART_DONE },
		{ WIRE_RESTART_NO, 0, 143, 1, RESTART_GIVEN_UP },
	};

	for (size_t i = 0; i < SP_COUNT(rows); i++)
		cr_expect_eq(restart_decide(rows[i].policy, rows[i].attempts, rows[i].code,
					    rows[i].failures),
			     rows[i].next, "row %zu", i);
}

Test(restart, the_delay_doubles_from_one_second_to_sixty)
{
	static const int64_t seconds[] = { 1, 2, 4, 8, 16, 32, 60, 60, 60 };
	const uint32_t middle = 1000; /* no jitter */

	for (uint32_t n = 1; n <= SP_COUNT(seconds); n++)
		cr_expect_eq(restart_delay_ns(n, middle), seconds[n - 1] * 1000000000, "%u", n);
	cr_expect_eq(restart_delay_ns(UINT32_MAX, middle), RESTART_DELAY_MAX_NS);
	cr_expect_eq(restart_delay_ns(0, middle), RESTART_DELAY_FIRST_NS);
}

Test(restart, jitter_stays_within_a_tenth)
{
	for (uint32_t random = 0; random < 5000; random += 7) {
		int64_t delay = restart_delay_ns(3, random);

		cr_expect(delay >= 3600000000 && delay <= 4400000000, "%lld", (long long)delay);
	}
}
