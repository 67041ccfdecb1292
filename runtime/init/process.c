/* The workload's process, up to the point where it is made; see process.h. */
#include "runtime/init/process.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/capability.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "runtime/init/target.h"

#define DEFAULT_PATH "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

/* `count` strings, one after the other, as a list with room for `more` and the end. */
static char **make_list(const struct init_orders *in, struct rt_slice s, size_t more)
{
	char *p = (char *)orders_array(in, s, 1);
	char **list = calloc(s.count + more + 1, sizeof(*list));

	for (uint32_t i = 0; list && i < s.count; i++) {
		list[i] = p;
		p += strlen(p) + 1;
	}
	return list;
}

static int has(char *const *environment, const char *assignment)
{
	size_t len = (size_t)(strchr(assignment, '=') - assignment) + 1;

	for (; *environment; environment++)
		if (!strncmp(*environment, assignment, len))
			return 1;
	return 0;
}

static void add_missing(char **environment, char *assignment)
{
	size_t n = 0;

	if (has(environment, assignment))
		return;
	while (environment[n])
		n++;
	environment[n] = assignment;
}

static int prepare_words(const struct init_orders *in, struct process *p, struct sp_err *err)
{
	static char path[] = DEFAULT_PATH, home[sizeof("HOME=") + sizeof(p->user.home)];

	p->args = make_list(in, in->head->args, 0);
	p->name_hidden = in->head->name_hidden != 0;
	p->environment = make_list(in, in->head->environment, 2);
	if (!p->args || !p->environment)
		return sp_fail_nomem(err);
	snprintf(home, sizeof(home), "HOME=%s", p->user.home);
	add_missing(p->environment, path);
	add_missing(p->environment, home);
	return 0;
}

int process_prepare(const struct init_orders *in, int root, int make_cwd, struct process *ret,
		    struct sp_err *err)
{
	const char *cwd = orders_string(in, in->head->cwd);
	int r = user_find(root, orders_string(in, in->head->user), in->head->n_ids, &ret->user,
			  err);

	if (r < 0)
		return r;
	ret->cwd = make_cwd ? target_make(root, cwd, true, err)
			    : target_open(root, cwd, O_PATH | O_DIRECTORY, err);
	if (ret->cwd < 0)
		return sp_err_prefix(err, "working directory");
	for (int i = 0; i < 3; i++)
		ret->stdio[i] = orders_fd(in, in->head->stdio_fd[i]);
	ret->caps = in->head->caps;
	return prepare_words(in, ret, err);
}

int process_set_caps(uint64_t caps, struct sp_err *err)
{
	struct __user_cap_header_struct head = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct data[2] = {
		{ .effective = (uint32_t)caps, .permitted = (uint32_t)caps },
		{ .effective = (uint32_t)(caps >> 32), .permitted = (uint32_t)(caps >> 32) },
	};

	if (syscall(SYS_capset, &head, data) < 0)
		return sp_fail_errno(err, errno, "set capabilities");
	return 0;
}

/* Also those newer than our headers: the kernel says where they end. */
static int drop_bounding(uint64_t keep, struct sp_err *err)
{
	for (int cap = 0; cap < 64; cap++) {
		if (keep & (UINT64_C(1) << cap))
			continue;
		if (prctl(PR_CAPBSET_DROP, cap, 0, 0, 0) < 0) {
			if (errno == EINVAL)
				return 0;
			return sp_fail_errno(err, errno, "drop capability %d", cap);
		}
	}
	return 0;
}

int process_confine(const struct init_orders *in, struct sp_err *err)
{
	struct sock_fprog program = {
		.len = (unsigned short)in->head->filter.count,
		.filter = (struct sock_filter *)orders_array(in, in->head->filter,
							     sizeof(struct sock_filter)),
	};
	int r = drop_bounding(in->head->caps, err);

	if (r < 0)
		return r;
	if (in->head->no_new_privs && prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
		return sp_fail_errno(err, errno, "set no_new_privs");
	if (program.len && syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &program) < 0)
		return sp_fail_errno(err, errno, "load the seccomp filter");
	return 0;
}
