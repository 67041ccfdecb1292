/* The tables that hold the truth, parents before what refers to them. Left out are those that mean
 * something only where they are: schema_version and commits. */
#pragma once

#define STORE_TABLES(X)      \
	X(nodes)             \
	X(tokens)            \
	X(counters)          \
	X(identity)          \
	X(stacks)            \
	X(revisions)         \
	X(resources)         \
	X(dependencies)      \
	X(leases)            \
	X(lease_waiters)     \
	X(snapshot_contents) \
	X(snapshot_versions) \
	X(snapshots)         \
	X(workloads)         \
	X(addresses)         \
	X(operations)        \
	X(steps)             \
	X(drifts)            \
	X(verifications)     \
	X(state_versions)    \
	X(events)            \
	X(hooks)
