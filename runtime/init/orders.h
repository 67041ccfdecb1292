/*
 * What the agent tells spinit, and what spinit answers.
 *
 * Both ends are built from this file and run on one machine, so it is plain structs. Over a
 * SOCK_SEQPACKET pair (RT_INIT_SOCKET in spinit) go: one rt_hello, with the first descriptors; one
 * byte for each further RT_FDS_BATCH descriptors; then hello.size bytes of orders in pieces of at
 * most RT_PIECE_MAX. Back comes one rt_report: the workload runs, or why not.
 *
 * The orders are one block: struct rt_orders, then what its slices point to (offsets from the start
 * of the block). Strings end in NUL. Descriptors are named by their place in the order of sending,
 * RT_NO_FD for none.
 */
#pragma once

#include <stdint.h>

#include "base/err.h"

#define RT_INIT_SOCKET 3
#define RT_MAGIC       0x53504930u /* "SPI0" */
#define RT_FDS_BATCH   64
#define RT_FDS_MAX     384
#define RT_PIECE_MAX   32768
#define RT_ORDERS_MAX  (8 * 1024 * 1024)
#define RT_NO_FD       UINT32_MAX

struct rt_hello {
	uint32_t magic;
	uint32_t n_fds;
	uint32_t size; /* of the orders */
};

struct rt_slice {
	uint32_t offset, count; /* count: elements of an array, bytes of a string without its NUL */
};

enum rt_order_mount_kind { RT_ORDER_FD, RT_ORDER_TMPFS };

struct rt_order_mount {
	struct rt_slice target;
	uint32_t kind; /* enum rt_order_mount_kind */
	uint32_t fd;   /* a detached mount, ready to be attached */
	uint32_t is_dir;
	uint32_t read_only, no_exec; /* of a tmpfs; a descriptor's mount has its flags already */
	uint32_t mode;
	uint64_t size_bytes;
};

struct rt_order_file {
	struct rt_slice target, content;
	uint32_t mode, uid, gid;
};

struct rt_order_sysctl {
	struct rt_slice path, value; /* path below /proc/sys, "net/core/somaxconn" */
};

struct rt_orders {
	struct rt_slice args, environment; /* each `count` strings, one after the other */
	struct rt_slice cwd, user, hostname;
	struct rt_slice mounts, files, sysctls; /* arrays of the structs above */
	struct rt_slice filter;                 /* struct sock_filter; empty is no seccomp */
	uint64_t caps;
	uint64_t shm_bytes;
	uint32_t n_ids; /* size of the uid and gid range */
	uint32_t no_new_privs, read_only, tty, drain;
	uint32_t name_hidden; /* messages do not name args[0] */
	uint32_t rows, columns;
	uint32_t root_fd, dev_fd, empty_fd, exit_fd;
	uint32_t stdio_fd[3];
};

enum rt_report_kind { RT_REPORT_STARTED = 1, RT_REPORT_FAILED };

struct rt_report {
	uint32_t kind;
	int32_t pid; /* of an exec's process, in the agent's pid namespace; 0 where it was not made
		      */
	struct sp_err err;
};
