/* Rows for tests of the store: nodes, workloads, operations; and the events it has. */
#pragma once

#include <string.h>

#include "base/json.h"
#include "control/store/event.h"
#include "control/store/node.h"
#include "control/store/operation.h"
#include "control/store/stack.h"
#include "tests/unit/control/backends.h"

static inline void join(const char *name, const char *key)
{
	struct store_node n = { .port = 7701 };

	snprintf(n.name, sizeof(n.name), "%s", name);
	snprintf(n.address, sizeof(n.address), "192.168.56.11");
	snprintf(n.key_id, sizeof(n.key_id), "%s", key);
	cr_assert_eq(store_node_join(s, &n, &err), 0, "%s", err.message);
}

static inline void put_workload(const char *id, int64_t revision, const char *node)
{
	struct store_workload w = { .revision = revision,
				    .stack = "demo",
				    .service = "api",
				    .replica = 1,
				    .template = "t",
				    .spec = "{\"image\": \"api\"}" };

	snprintf(w.id, sizeof(w.id), "%s", id);
	snprintf(w.node, sizeof(w.node), "%s", node);
	cr_assert_eq(store_workload_put(s, &w, &err), 0, "%s", err.message);
}

static inline void begin(const char *stack, const char *key, char id[STORE_NAME_MAX], int expect)
{
	struct store_operation_request q = { .kind = "deploy",
					     .stack = stack,
					     .requested_by = "ann",
					     .idempotency_key = key,
					     .request = "{}" };

	cr_assert_eq(store_operation_begin(s, &q, id, &err), expect, "%s", err.message);
}

static inline json_t *events_of(struct store_event_filter f, int64_t *next)
{
	json_t *list = NULL;

	if (!f.limit)
		f.limit = 100;
	cr_assert_eq(store_event_list(s, &f, &list, next, &err), 0, "%s", err.message);
	return list;
}
