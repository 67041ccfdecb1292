/* The files of names that every container gets: /etc/hosts, /etc/hostname, /etc/resolv.conf. They
 * live in workloads/ID/net/ and are mounted read-only, so what is rewritten here is seen inside. */
#pragma once

#include "agentd/agent.h"
#include "agentd/workload.h"
#include "base/buf.h"

#define HOSTS_DIR "net"

/* Write all three; the inodes of files that exist stay, since containers hold them. */
int hosts_write(const struct workload *w, struct sp_err *err);

/* The text of /etc/hosts: itself, its stack, the nodes. */
void hosts_format(const struct wire_workload *spec, const struct peers *peers, struct sp_buf *out);
const char *hosts_name(const struct wire_workload *spec); /* the container's host name */
