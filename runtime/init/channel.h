/* The socket to the agent: orders come in, one report goes out. */
#pragma once

#include <stddef.h>
#include <sys/types.h>

#include "base/err.h"
#include "runtime/init/orders.h"

/* Orders as received. Strings and arrays point into the block, which channel_forget() unmaps. */
struct init_orders {
	const struct rt_orders *head;
	size_t size;
	int fds[RT_FDS_MAX];
	uint32_t n_fds;
};

int channel_receive(struct init_orders *ret, struct sp_err *err);
/* Wait for the agent's word; without it, this process is not wanted any more and ends. */
void channel_await_go(void);
/* fd goes with it; -1 for none. The socket is closed. */
void channel_report(const struct rt_report *report, int fd);
void channel_forget(struct init_orders *in);

/* What a slice points to; a slice that leaves the block ends the program. */
const void *orders_array(const struct init_orders *in, struct rt_slice s, size_t item);
const char *orders_string(const struct init_orders *in, struct rt_slice s);
/* A descriptor by its number in the orders; -1 for RT_NO_FD. */
int orders_fd(const struct init_orders *in, uint32_t number);
