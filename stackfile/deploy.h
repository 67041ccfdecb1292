/* `deploy`, `restart` and the limits that stand both there and in the service itself. */
#pragma once

#include "stackfile/reader.h"

void read_deploy(const struct value *v, void *service);
void read_restart(const struct value *v, void *service);
void read_placement(const struct value *v, void *service);

/* The service's own mem_limit, mem_reservation, cpus and pids_limit. */
void read_mem_limit(const struct value *v, void *service);
void read_mem_reservation(const struct value *v, void *service);
void read_cpu_limit(const struct value *v, void *service);
void read_pids_limit(const struct value *v, void *service);
