/* Building the orders for spinit from a spec; see runtime/init/orders.h for the format. */
#pragma once

#include "base/buf.h"
#include "base/err.h"
#include "runtime/init/orders.h"
#include "runtime/spec.h"

/* Orders under construction: the block, and the descriptors that go with it. */
struct rt_orders_draft {
	struct sp_buf blob; /* begins with struct rt_orders */
	int fds[RT_FDS_MAX];
	unsigned char owned[RT_FDS_MAX]; /* closed by rt_orders_fini() */
	uint32_t n_fds;
	int error; /* -E2BIG: more than RT_FDS_MAX descriptors */
};

void rt_orders_init(struct rt_orders_draft *d);
void rt_orders_fini(struct rt_orders_draft *d);

/* The fixed part, for setting scalars. Invalid after the next append. */
struct rt_orders *rt_orders_head(struct rt_orders_draft *d);

struct rt_slice rt_orders_string(struct rt_orders_draft *d, const char *s); /* NULL is "" */
struct rt_slice rt_orders_strings(struct rt_orders_draft *d, char *const *v);
struct rt_slice rt_orders_bytes(struct rt_orders_draft *d, const void *data, size_t len);
/* An array of `count` structs of `size` bytes each, aligned. */
struct rt_slice rt_orders_array(struct rt_orders_draft *d, const void *items, size_t count,
				size_t size);

/* The number that spinit knows fd by; RT_NO_FD for a negative fd. */
uint32_t rt_orders_fd(struct rt_orders_draft *d, int fd);      /* borrowed */
uint32_t rt_orders_fd_take(struct rt_orders_draft *d, int fd); /* closed with the draft */

/* What is common to a start and an exec. n_ids: size of the id range. */
int rt_orders_process(struct rt_orders_draft *d, const struct rt_process *p, uint64_t caps,
		      bool no_new_privs, uint32_t n_ids, struct sp_err *err);

/* Send all; then wait for the report. A refusal by spinit becomes *err as it was there. */
int rt_orders_send(struct rt_orders_draft *d, int socket, struct sp_err *err);
/* ret_fd: what came with it, -1 for nothing; the caller's. */
int rt_report_receive(int socket, struct rt_report *ret, int *ret_fd, struct sp_err *err);
