/* What follows the end of a container: the restart policy and the back-off, as plain arithmetic. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "wire/workload.h"

#define RESTART_DELAY_FIRST_NS INT64_C(1000000000)
#define RESTART_DELAY_MAX_NS   INT64_C(60000000000)
#define RESTART_HEALTHY_NS     INT64_C(600000000000) /* a run this long forgets what was before */
#define RESTART_JITTER_PERCENT 10

enum restart_next {
	RESTART_AGAIN, /* start anew after the delay */
	RESTART_DONE,  /* it finished well and stays so */
	RESTART_GIVEN_UP,
};

/* code: how it ended, 0 is well. failures: in a row, this one (if it is one) included. */
enum restart_next restart_decide(enum wire_restart policy, uint32_t attempts_max, int code,
				 uint32_t failures);

/* Before the n-th start in a row that did not last: 1 s, 2 s, 4 s ... 60 s, less or more a tenth.
 * random is any number. */
int64_t restart_delay_ns(uint32_t n, uint32_t random);
