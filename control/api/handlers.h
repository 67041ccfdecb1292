/* Every handler of the API; <resource>_<verb> lives in api_<resource>.c, or beside it. */
#pragma once

#include "base/httpd.h"

#define API_HANDLERS(X)         \
	X(system_health)        \
	X(system_ready)         \
	X(system_version)       \
	X(nodes_list)           \
	X(nodes_get)            \
	X(nodes_remove)         \
	X(nodes_token)          \
	X(nodes_join)           \
	X(nodes_agent)          \
	X(stacks_list)          \
	X(stacks_get)           \
	X(stacks_deploy)        \
	X(stacks_destroy)       \
	X(plans_make)           \
	X(snapshots_list)       \
	X(snapshots_get)        \
	X(snapshots_create)     \
	X(snapshots_remove)     \
	X(snapshots_tag)        \
	X(snapshots_compare)    \
	X(snapshots_restore)    \
	X(stacks_diff)          \
	X(validations_make)     \
	X(verifications_report) \
	X(deps_show)            \
	X(deps_check)           \
	X(deps_check_file)      \
	X(deps_order)           \
	X(workloads_list)       \
	X(workloads_restart)    \
	X(workloads_stop)       \
	X(workloads_start)      \
	X(workloads_logs)       \
	X(workloads_exec)       \
	X(drift_look)           \
	X(drift_show)           \
	X(drift_mend)           \
	X(state_list)           \
	X(state_get)            \
	X(state_set)            \
	X(state_remove)         \
	X(outputs_list)         \
	X(operations_list)      \
	X(operations_get)       \
	X(operations_cancel)    \
	X(hooks_list)           \
	X(locks_list)           \
	X(locks_get)            \
	X(locks_acquire)        \
	X(locks_renew)          \
	X(locks_release)        \
	X(locks_force)          \
	X(events_list)          \
	X(store_check_all)      \
	X(store_copy_out)       \
	X(store_move_to)        \
	X(images_list)          \
	X(images_get)           \
	X(images_remove)        \
	X(images_import)        \
	X(images_push)

#define X(name) void name(struct sp_httpd_req *req, void *owner);
API_HANDLERS(X)
#undef X

/* The upload of an image arrives in pieces. */
int images_import_body(struct sp_httpd_req *req, const void *data, size_t len, void *owner);
