/* The default seccomp profile; see seccomp_profile.h. */
#include "runtime/seccomp_profile.h"

#include <linux/capability.h>
#include <stddef.h>

#include "runtime/caps.h"

/* Names of all architectures; what this one does not have is passed over. */
/* clang-format off */
const char *const rt_seccomp_allowed[] = {
	/* files and directories */
	"access", "cachestat", "chdir", "chmod", "chown", "chown32", "close", "close_range",
	"copy_file_range", "creat", "dup", "dup2", "dup3", "faccessat", "faccessat2",
	"fadvise64", "fadvise64_64", "fallocate", "fchdir", "fchmod", "fchmodat", "fchmodat2",
	"fchown", "fchown32", "fchownat", "fcntl", "fcntl64", "fdatasync", "fgetxattr",
	"flistxattr", "flock", "fremovexattr", "fsetxattr", "fstat", "fstat64", "fstatat64",
	"fstatfs", "fstatfs64", "fsync", "ftruncate", "ftruncate64", "futimesat", "getcwd",
	"getdents", "getdents64", "getxattr", "getxattrat", "inotify_add_watch", "inotify_init",
	"inotify_init1", "inotify_rm_watch", "lchown", "lchown32", "lgetxattr", "link",
	"linkat", "listxattr", "listxattrat", "llistxattr", "_llseek", "lremovexattr", "lseek",
	"lsetxattr", "lstat", "lstat64", "mkdir", "mkdirat", "mknod", "mknodat",
	"name_to_handle_at", "newfstatat", "open", "openat", "openat2", "pread64", "preadv",
	"preadv2", "pwrite64", "pwritev", "pwritev2", "read", "readahead", "readlink",
	"readlinkat", "readv", "removexattr", "removexattrat", "rename", "renameat",
	"renameat2", "rmdir", "sendfile", "sendfile64", "setxattr", "setxattrat", "splice",
	"stat", "stat64", "statfs", "statfs64", "statx", "symlink", "symlinkat", "sync",
	"sync_file_range", "sync_file_range2", "syncfs", "tee", "truncate", "truncate64",
	"umask", "unlink", "unlinkat", "utime", "utimensat", "utimensat_time64", "utimes",
	"vmsplice", "write", "writev",
	/* memory */
	"brk", "futex", "futex_requeue", "futex_time64", "futex_wait", "futex_waitv",
	"futex_wake", "get_mempolicy", "get_robust_list", "madvise", "map_shadow_stack",
	"mbind", "membarrier", "memfd_create", "memfd_secret", "mincore", "mlock", "mlock2",
	"mlockall", "mmap", "mmap2", "mprotect", "mremap", "mseal", "msync", "munlock",
	"munlockall", "munmap", "pkey_alloc", "pkey_free", "pkey_mprotect", "process_madvise",
	"remap_file_pages", "set_mempolicy", "set_mempolicy_home_node", "set_robust_list",
	/* processes and their rights */
	"arch_prctl", "capget", "capset", "clone", "execve", "execveat", "exit", "exit_group",
	"fork", "getcpu", "getegid", "getegid32", "geteuid", "geteuid32", "getgid", "getgid32",
	"getgroups", "getgroups32", "getpgid", "getpgrp", "getpid", "getppid", "getpriority",
	"getresgid", "getresgid32", "getresuid", "getresuid32", "getrlimit", "getrusage",
	"getsid", "gettid", "getuid", "getuid32", "ioprio_get", "ioprio_set", "kill",
	"landlock_add_rule", "landlock_create_ruleset", "landlock_restrict_self", "modify_ldt",
	"pidfd_getfd", "pidfd_open", "pidfd_send_signal", "prctl", "prlimit64",
	"process_mrelease", "process_vm_readv", "process_vm_writev", "ptrace",
	"restart_syscall", "rseq", "sched_getaffinity", "sched_getattr",
	"sched_get_priority_max", "sched_get_priority_min", "sched_getparam",
	"sched_getscheduler", "sched_rr_get_interval", "sched_rr_get_interval_time64",
	"sched_setaffinity", "sched_setattr", "sched_setparam", "sched_setscheduler",
	"sched_yield", "seccomp", "setfsgid", "setfsgid32", "setfsuid", "setfsuid32", "setgid",
	"setgid32", "setgroups", "setgroups32", "setpgid", "setpriority", "setregid",
	"setregid32", "setresgid", "setresgid32", "setresuid", "setresuid32", "setreuid",
	"setreuid32", "setrlimit", "setsid", "set_tid_address", "set_thread_area",
	"get_thread_area", "setuid", "setuid32", "sysinfo", "tgkill", "times", "tkill",
	"ugetrlimit", "uname", "vfork", "wait4", "waitid", "waitpid", "riscv_flush_icache",
	"cacheflush", "set_tls", "breakpoint", "arm_fadvise64_64", "arm_sync_file_range",
	/* signals and time */
	"adjtimex", "alarm", "clock_adjtime", "clock_adjtime64", "clock_getres",
	"clock_getres_time64", "clock_gettime", "clock_gettime64", "clock_nanosleep",
	"clock_nanosleep_time64", "getitimer", "gettimeofday", "nanosleep", "pause",
	"rt_sigaction", "rt_sigpending", "rt_sigprocmask", "rt_sigqueueinfo", "rt_sigreturn",
	"rt_sigsuspend", "rt_sigtimedwait", "rt_sigtimedwait_time64", "rt_tgsigqueueinfo",
	"setitimer", "sigaltstack", "signal", "signalfd", "signalfd4", "sigprocmask",
	"sigreturn", "sigsuspend", "time", "timer_create", "timer_delete", "timer_getoverrun",
	"timer_gettime", "timer_gettime64", "timer_settime", "timer_settime64",
	"timerfd_create", "timerfd_gettime", "timerfd_gettime64", "timerfd_settime",
	"timerfd_settime64",
	/* waiting, pipes, sockets, ioctl */
	"accept", "accept4", "bind", "connect", "epoll_create", "epoll_create1", "epoll_ctl",
	"epoll_ctl_old", "epoll_pwait", "epoll_pwait2", "epoll_wait", "epoll_wait_old",
	"eventfd", "eventfd2", "getpeername", "getsockname", "getsockopt", "io_cancel", "ioctl",
	"io_destroy", "io_getevents", "io_pgetevents", "io_pgetevents_time64", "io_setup",
	"io_submit", "listen", "_newselect", "pipe", "pipe2", "poll", "ppoll", "ppoll_time64",
	"pselect6", "pselect6_time64", "recv", "recvfrom", "recvmmsg", "recvmmsg_time64",
	"recvmsg", "select", "send", "sendmmsg", "sendmsg", "sendto", "setsockopt", "shutdown",
	"socket", "socketcall", "socketpair",
	/* System V and POSIX IPC */
	"ipc", "mq_getsetattr", "mq_notify", "mq_open", "mq_timedreceive",
	"mq_timedreceive_time64", "mq_timedsend", "mq_timedsend_time64", "mq_unlink", "msgctl",
	"msgget", "msgrcv", "msgsnd", "semctl", "semget", "semop", "semtimedop",
	"semtimedop_time64", "shmat", "shmctl", "shmdt", "shmget",
	/* the rest */
	"getrandom", "personality", "lsm_get_self_attr", "lsm_list_modules", "uretprobe", NULL,
};
/* clang-format on */

/* clang-format off */
const char *const rt_seccomp_refused[] = {
	"acct", "add_key", "bpf", "chroot", "clock_settime", "clock_settime64", "delete_module",
	"fanotify_init", "fanotify_mark", "finit_module", "fsconfig", "fsmount", "fsopen",
	"fspick", "init_module", "io_uring_enter", "io_uring_register", "io_uring_setup",
	"ioperm", "iopl", "kcmp", "kexec_file_load", "kexec_load", "keyctl", "listmount",
	"lookup_dcookie", "lsm_set_self_attr", "migrate_pages", "mount", "mount_setattr",
	"move_mount", "move_pages", "nfsservctl", "open_by_handle_at", "open_tree",
	"open_tree_attr", "perf_event_open", "pivot_root", "quotactl", "quotactl_fd", "reboot",
	"request_key", "setdomainname", "sethostname", "setns", "settimeofday", "statmount",
	"stime", "swapoff", "swapon", "syslog", "umount", "umount2", "unshare", "uselib",
	"userfaultfd", "vhangup", "vm86", "vm86old", NULL,
};
/* clang-format on */

/* clang-format off */
static const char *const with_sys_admin[] = {
	"bpf", "fanotify_init", "fanotify_mark", "fsconfig", "fsmount", "fsopen", "fspick",
	"listmount", "lookup_dcookie", "lsm_set_self_attr", "mount", "mount_setattr",
	"move_mount", "open_tree", "open_tree_attr", "perf_event_open", "pivot_root",
	"quotactl", "quotactl_fd", "setdomainname", "sethostname", "setns", "statmount",
	"syslog", "umount", "umount2", "unshare", NULL,
};
/* clang-format on */
static const char *const with_sys_chroot[] = { "chroot", NULL };
static const char *const with_sys_nice[] = { "migrate_pages", "move_pages", NULL };
static const char *const with_sys_ptrace[] = { "kcmp", NULL };
static const char *const with_syslog[] = { "syslog", NULL };
static const char *const with_perfmon[] = { "perf_event_open", NULL };
static const char *const with_tty_config[] = { "vhangup", NULL };

/* Calls whose capability counts only in the host's user namespace (modules, kexec, clocks, raw
 * I/O, keyrings, handles, io_uring) are granted by none. */
const struct rt_seccomp_grant rt_seccomp_grants[] = {
	{ RT_CAP(CAP_SYS_ADMIN), with_sys_admin },
	{ RT_CAP(CAP_SYS_CHROOT), with_sys_chroot },
	{ RT_CAP(CAP_SYS_NICE), with_sys_nice },
	{ RT_CAP(CAP_SYS_PTRACE), with_sys_ptrace },
	{ RT_CAP(CAP_SYSLOG), with_syslog },
	{ RT_CAP(CAP_PERFMON), with_perfmon },
	{ RT_CAP(CAP_SYS_TTY_CONFIG), with_tty_config },
	{ 0, NULL },
};
