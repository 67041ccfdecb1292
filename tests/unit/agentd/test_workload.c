/* The state machine's table: names, and which way leads where. */
#include "agentd/workload.h"

#include <criterion/criterion.h>

Test(workload_states, every_state_has_a_name_that_reads_back)
{
	for (int s = 0; s < WORKLOAD_STATE_COUNT; s++)
		cr_expect_eq(workload_state_parse(workload_state_name((enum workload_state)s)), s);
	cr_expect_eq(workload_state_parse("sleeping"), -1);
}

Test(workload_states, each_has_a_way_out_and_none_leads_to_itself)
{
	for (int from = 0; from < WORKLOAD_STATE_COUNT; from++) {
		int ways = 0;

		for (int to = 0; to < WORKLOAD_STATE_COUNT; to++)
			ways += workload_may((enum workload_state)from, (enum workload_state)to);
		cr_expect_gt(ways, 0, "%d", from);
		cr_expect(!workload_may((enum workload_state)from, (enum workload_state)from));
	}
}

Test(workload_states, a_process_begins_only_after_its_preparation)
{
	for (int from = 0; from < WORKLOAD_STATE_COUNT; from++) {
		cr_expect_eq(workload_may((enum workload_state)from, WORKLOAD_RUNNING),
			     from == WORKLOAD_STARTING);
		cr_expect_eq(workload_may((enum workload_state)from, WORKLOAD_STARTING),
			     from == WORKLOAD_PREPARING);
		cr_expect_eq(workload_may((enum workload_state)from, WORKLOAD_PREPARING),
			     from == WORKLOAD_PENDING);
		cr_expect_eq(workload_may((enum workload_state)from, WORKLOAD_STOPPING),
			     from == WORKLOAD_RUNNING);
	}
}

Test(workload_states, what_has_ended_begins_anew_only_over_pending)
{
	static const enum workload_state rest[] = { WORKLOAD_EXITED, WORKLOAD_FAILED,
						    WORKLOAD_BACKOFF, WORKLOAD_STOPPED };

	for (size_t i = 0; i < sizeof(rest) / sizeof(rest[0]); i++)
		for (int to = 0; to < WORKLOAD_STATE_COUNT; to++)
			cr_expect(!workload_may(rest[i], (enum workload_state)to) ||
				  to == WORKLOAD_PENDING || to == WORKLOAD_STOPPED);
}
