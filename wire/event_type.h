/*
 * The types of events: all that controld and the agents write, and so all that a reader can ask
 * for. mk/check-events proves that the list is whole.
 */
#pragma once

#include "base/err.h"

#define WIRE_EVENT_TYPES(X)            \
	X("agent.adopted")             \
	X("agent.removed_orphan")      \
	X("agent.started")             \
	X("agent.unnamed")             \
	X("drift.detected")            \
	X("drift.fixed")               \
	X("image.imported")            \
	X("image.removed")             \
	X("image.unpacked")            \
	X("lock.acquired")             \
	X("lock.expired")              \
	X("lock.forced")               \
	X("lock.joined")               \
	X("lock.released")             \
	X("lock.renewed")              \
	X("network.restored")          \
	X("node.joined")               \
	X("node.ready")                \
	X("node.removed")              \
	X("node.unreachable")          \
	X("operation.cancelled")       \
	X("operation.finished")        \
	X("operation.resumed")         \
	X("operation.reverting")       \
	X("operation.started")         \
	X("operation.step")            \
	X("probe.failed")              \
	X("snapshot.created")          \
	X("snapshot.deleted")          \
	X("snapshot.restored")         \
	X("stack.created")             \
	X("stack.destroyed")           \
	X("stack.execution.completed") \
	X("stack.execution.failed")    \
	X("stack.execution.started")   \
	X("stack.expires")             \
	X("stack.overdue")             \
	X("stack.updated")             \
	X("stack.verified")            \
	X("state.removed")             \
	X("state.set")                 \
	X("workload.exit")             \
	X("workload.oom")              \
	X("workload.ready")            \
	X("workload.state")            \
	X("workload.unready")

/* What a reader asks for: one of them, or "lock." for all that begin so. Else SP_E_INVALID, with
 * the nearest. */
int wire_event_type_check(const char *asked, struct sp_err *err);
