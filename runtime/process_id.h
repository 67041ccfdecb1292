/* What /proc tells about a process, read by pid; hold a pidfd meanwhile, or the pid may be reused.
 */
#pragma once

#include <stdint.h>
#include <sys/types.h>

#include "base/err.h"

/* Field 22 of /proc/PID/stat, clock ticks since boot. */
int rt_process_start_time(pid_t pid, uint64_t *ret, struct sp_err *err);
/* Its path in the cgroup2 hierarchy. */
int rt_process_cgroup(pid_t pid, char *ret, size_t room, struct sp_err *err);
/* /proc/PID/ns/NAME, opened. */
int rt_process_namespace(pid_t pid, const char *name, struct sp_err *err);
/* A whole file of /proc/PID, NUL-terminated; a process that is gone is NOT_FOUND. */
struct sp_buf;
int rt_process_read(pid_t pid, const char *file, struct sp_buf *out, struct sp_err *err);
/* What /proc/PID/exe leads to, as the kernel names it, such as "/memfd:spinit (deleted)". */
int rt_process_executable(pid_t pid, char *ret, size_t room, struct sp_err *err);
/* The first child of a container's spinit, its workload; pid itself where it has none (any more).
 */
pid_t rt_process_workload(pid_t pid);
