/* The end of a container: how it ended, what it leaves, and what comes next. */
#pragma once

#include "agentd/workload.h"
#include "runtime/exit.h"

void exit_noticed(void *workload); /* its pidfd is readable */
/* As exit_noticed(), when nobody has told yet; false: it lives. */
bool exit_look(struct workload *w);

/* The container is gone (also one that ended while no agent was there): keep how, and go on. */
void exit_settle(struct workload *w, const struct rt_exit *how);

/* All that the incarnation has, whether it lives or not: what watches it, container, directory. */
void exit_let_go(struct workload *w);

/* The incarnation's directory goes to the trash. */
void exit_remove_dir(struct workload *w);
