/*
 * Named volumes: volumes/ID/data is what containers see, volumes/ID/stack says whose it is. Files
 * in it belong to container ids, which every mount of it maps to the range of the workload.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "agentd/agent.h"
#include "base/err.h"

/*
 * The volume's data directory as an absolute path on the heap; a new one is made for stack. Its
 * owner and mode are those of the image's directory at target, where there is one (layers:
 * directories of the image, top first), so that a program that does not run as root can use it.
 */
int volumes_take(struct agent *a, const char *id, const char *stack, const char *target,
		 char *const *layers, char **ret_path, struct sp_err *err);

/* Remove the volumes of stack that no workload uses; the list of those removed, and of those that
 * are still used (both new references). */
int volumes_remove(struct agent *a, const char *stack, json_t **ret_removed, json_t **ret_used,
		   struct sp_err *err);
