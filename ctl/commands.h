/* The list of commands, in the order of help. */
#pragma once

#include "ctl/command.h"

#define CTL_COMMANDS(X)  \
	X(deploy)        \
	X(plan)          \
	X(diff)          \
	X(destroy)       \
	X(validate)      \
	X(verify)        \
	X(ps)            \
	X(logs)          \
	X(exec)          \
	X(start)         \
	X(stop)          \
	X(restart)       \
	X(lock_acquire)  \
	X(lock_renew)    \
	X(lock_status)   \
	X(lock_release)  \
	X(lock_force)    \
	X(lock_ls)       \
	X(drift_detect)  \
	X(drift_show)    \
	X(drift_fix)     \
	X(events)        \
	X(hook_ls)       \
	X(stack_ls)      \
	X(stack_show)    \
	X(snap_create)   \
	X(snap_ls)       \
	X(snap_show)     \
	X(snap_restore)  \
	X(snap_compare)  \
	X(snap_tag)      \
	X(snap_rm)       \
	X(deps_show)     \
	X(deps_graph)    \
	X(deps_check)    \
	X(deps_order)    \
	X(state_set)     \
	X(state_get)     \
	X(state_rm)      \
	X(state_ls)      \
	X(state_has)     \
	X(output)        \
	X(op_ls)         \
	X(op_show)       \
	X(op_cancel)     \
	X(node_ls)       \
	X(node_show)     \
	X(node_token)    \
	X(node_rm)       \
	X(image_import)  \
	X(image_ls)      \
	X(image_inspect) \
	X(image_push)    \
	X(image_rm)      \
	X(store_check)   \
	X(store_backup)  \
	X(store_migrate) \
	X(version)

#define X(id) extern const struct ctl_command ctl_cmd_##id;
CTL_COMMANDS(X)
#undef X

/* Ended by NULL. */
extern const struct ctl_command *const ctl_commands[];

/* Flags every command takes, ended by a row without a name. */
extern const struct ctl_flag ctl_global_flags[];
