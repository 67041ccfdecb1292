/*
 * What a container is to be: plain data, filled in by the caller and only read by the runtime.
 *
 * Everything here is borrowed for the length of the call; zero means the default. Paths of the host
 * come from the agent and are trusted; paths and names of the container (targets, cwd, user) are
 * not, and are resolved inside, once.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "runtime/caps.h"
#include "runtime/cgroup.h"

#define RT_LAYERS_MAX  128
#define RT_MOUNTS_MAX  256
#define RT_FILES_MAX   256
#define RT_FILES_BYTES (1024 * 1024) /* of all files of a spec together */
#define RT_SYSCTLS_MAX 64

enum rt_seccomp {
	RT_SECCOMP_DEFAULT,    /* the allow-list, widened by what the capabilities stand for */
	RT_SECCOMP_UNCONFINED, /* none */
};

/* What a process of the container may do; the same for its first process and for an exec. */
struct rt_security {
	char *const *cap_add, *const *cap_drop; /* "NET_ADMIN" or "CAP_NET_ADMIN"; "ALL"; over
						   rt_caps_default */
	enum rt_seccomp seccomp;
	bool new_privileges; /* leave no_new_privs off */
};

/* What to run. */
struct rt_process {
	char *const *args;        /* at least one; searched in the container's PATH */
	bool name_hidden;         /* what is said of it does not name args[0] */
	char *const *environment; /* "NAME=value"; PATH and HOME are added where they are missing */
	const char *cwd;          /* NULL is "/"; made if it is not there (not by an exec) */
	const char *user;         /* "name", "uid", "name:group", "uid:gid"; NULL is 0:0 */
	int stdin_fd, stdout_fd, stderr_fd; /* borrowed; -1 is /dev/null. A FIFO is given to the
					       user, so that /dev/stdout can be opened */
};

enum rt_mount_type {
	RT_MOUNT_BIND,  /* host directory or file, its ids mapped as the container's */
	RT_MOUNT_OPEN,  /* the same, opened by the caller: nothing is looked up by name again */
	RT_MOUNT_TMPFS, /* empty, nosuid and nodev */
};

struct rt_mount {
	enum rt_mount_type type;
	const char *source; /* bind: absolute path on the host, which must exist; open: its name */
	int source_fd;      /* open: O_PATH will do; borrowed */
	const char *target; /* absolute path inside; made if it is not there */
	bool read_only;
	bool plain_ids;      /* bind: do not map ids (files of the agent such as /etc/hosts) */
	bool no_exec;        /* mounts are nosuid and nodev always */
	uint64_t size_bytes; /* tmpfs; 0 is the kernel's default */
	uint32_t mode;       /* tmpfs; 0 is 01777 */
};

/* A file that exists only inside, on a tmpfs: configs and secrets. */
struct rt_file {
	const char *target;
	const void *content;
	size_t len;
	uint32_t mode, uid, gid; /* of the container; mode 0 is 0444 */
};

struct rt_rlimit {
	const char *name;   /* "nofile" */
	int64_t soft, hard; /* -1 is unlimited; a hard limit that may not be raised degrades with a
			       warning */
};

struct rt_sysctl {
	const char *key, *value; /* "net.core.somaxconn"; only what a namespace owns */
};

struct rt_spec {
	const char *id;            /* an sp_id; names the cgroup */
	const char *dir;           /* of this incarnation, private to root, without upper/, work/,
				      exit and state: the runtime makes those in it */
	const char *const *layers; /* directories, top first, as unpacked on the host */
	size_t n_layers;
	uint32_t first_uid, n_uids; /* host ids [first, first + n) are the container's 0..n-1, uids
				       and gids alike */
	struct rt_process process;
	struct rt_security security;
	const char *hostname; /* NULL: id */
	const struct rt_mount *mounts;
	size_t n_mounts;
	const struct rt_file *files;
	size_t n_files;
	const struct rt_rlimit *rlimits;
	size_t n_rlimits;
	const struct rt_sysctl *sysctls;
	size_t n_sysctls;
	bool drain;     /* stay until the stdout and stderr FIFOs are empty, so that a missing agent
			   loses nothing; not for a caller that reads them only after the end */
	bool read_only; /* the root file system, once everything is in place */
	uint64_t shm_bytes; /* of /dev/shm; 0 is 64 MiB */
	int oom_score_adj;  /* -1000..1000 */
	struct rt_limits limits;
};
