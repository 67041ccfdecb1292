/* See restart.h. */
#include "agentd/restart.h"

enum restart_next restart_decide(enum wire_restart policy, uint32_t attempts_max, int code,
				 uint32_t failures)
{
	switch (policy) {
	case WIRE_RESTART_ALWAYS:
	case WIRE_RESTART_UNLESS_STOPPED:
		return RESTART_AGAIN;
	case WIRE_RESTART_ON_FAILURE:
		if (code == 0)
			return RESTART_DONE;
		return attempts_max && failures > attempts_max ? RESTART_GIVEN_UP : RESTART_AGAIN;
	case WIRE_RESTART_NO:
		break;
	}
	return code == 0 ? RESTART_DONE : RESTART_GIVEN_UP;
}

int64_t restart_delay_ns(uint32_t n, uint32_t random)
{
	int64_t delay = RESTART_DELAY_FIRST_NS, spread;

	for (uint32_t i = 1; i < n && delay < RESTART_DELAY_MAX_NS; i++)
		delay *= 2;
	if (delay > RESTART_DELAY_MAX_NS)
		delay = RESTART_DELAY_MAX_NS;
	spread = delay / 100 * RESTART_JITTER_PERCENT;
	return delay - spread + (int64_t)(random % 2001) * spread / 1000;
}
