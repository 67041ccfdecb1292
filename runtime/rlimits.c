/* Resource limits of another process; see rlimits.h. */
#include "runtime/rlimits.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/capability.h>
#include <sys/resource.h>

#include "base/mem.h"

static const struct {
	const char *name;
	enum __rlimit_resource resource;
} names[] = {
	{ "as", RLIMIT_AS },
	{ "core", RLIMIT_CORE },
	{ "cpu", RLIMIT_CPU },
	{ "data", RLIMIT_DATA },
	{ "fsize", RLIMIT_FSIZE },
	{ "locks", RLIMIT_LOCKS },
	{ "memlock", RLIMIT_MEMLOCK },
	{ "msgqueue", RLIMIT_MSGQUEUE },
	{ "nice", RLIMIT_NICE },
	{ "nofile", RLIMIT_NOFILE },
	{ "nproc", RLIMIT_NPROC },
	{ "rss", RLIMIT_RSS },
	{ "rtprio", RLIMIT_RTPRIO },
	{ "rttime", RLIMIT_RTTIME },
	{ "sigpending", RLIMIT_SIGPENDING },
	{ "stack", RLIMIT_STACK },
};

static rlim_t value_of(int64_t v)
{
	return v < 0 ? RLIM_INFINITY : (rlim_t)v;
}

static int resource_of(const char *name, enum __rlimit_resource *ret, struct sp_err *err)
{
	for (size_t i = 0; i < SP_COUNT(names); i++)
		if (!strcmp(names[i].name, name)) {
			*ret = names[i].resource;
			return 0;
		}
	return sp_fail(err, SP_E_INVALID, "unknown resource limit '%s'", name);
}

static void warn(char *warning, size_t room, const char *name)
{
	size_t used = strlen(warning);

	if (used == 0)
		snprintf(warning, room,
			 "without CAP_SYS_RESOURCE these limits stay as they are: %s", name);
	else
		snprintf(warning + used, room - used, ", %s", name);
}

/* 1 when only a part of it could be had: the hard limit stays, the soft one goes up to it. */
static int set_limit(pid_t pid, enum __rlimit_resource resource, struct rlimit want)
{
	struct rlimit now;

	if (prlimit(pid, resource, &want, NULL) == 0)
		return 0;
	if (errno != EPERM || prlimit(pid, resource, NULL, &now) < 0)
		return -errno;
	now.rlim_cur = want.rlim_cur < now.rlim_max ? want.rlim_cur : now.rlim_max;
	return prlimit(pid, resource, &now, NULL) < 0 ? -errno : 1;
}

static int apply_one(pid_t pid, const struct rt_rlimit *l, char *warning, size_t room,
		     struct sp_err *err)
{
	struct rlimit want = { .rlim_cur = value_of(l->soft), .rlim_max = value_of(l->hard) };
	enum __rlimit_resource resource = RLIMIT_AS;
	int r = resource_of(l->name, &resource, err);

	if (r < 0)
		return r;
	if (want.rlim_cur > want.rlim_max)
		return sp_fail(err, SP_E_INVALID, "limit '%s': soft is above hard", l->name);
	r = set_limit(pid, resource, want);
	if (r < 0)
		return sp_fail_errno(err, -r, "limit '%s'", l->name);
	if (r > 0)
		warn(warning, room, l->name);
	return 0;
}

int rt_rlimits_apply(pid_t pid, const struct rt_rlimit *limits, size_t n, char *warning,
		     size_t room, struct sp_err *err)
{
	for (size_t i = 0; i < n; i++) {
		int r = apply_one(pid, &limits[i], warning, room, err);

		if (r < 0)
			return r;
	}
	return 0;
}

static int64_t number_of(rlim_t v)
{
	return v > INT64_MAX ? -1 : (int64_t)v;
}

int rt_rlimits_read(pid_t pid, const char *name, int64_t *ret_soft, int64_t *ret_hard,
		    struct sp_err *err)
{
	enum __rlimit_resource resource = RLIMIT_AS;
	struct rlimit is;
	int r = resource_of(name, &resource, err);

	if (r < 0)
		return r;
	if (prlimit(pid, resource, NULL, &is) < 0)
		return sp_fail_errno(err, errno, "limit '%s' of process %d", name, (int)pid);
	*ret_soft = number_of(is.rlim_cur);
	*ret_hard = number_of(is.rlim_max);
	return 0;
}

static bool may_raise(void)
{
	cap_t caps = cap_get_proc();
	cap_flag_value_t is = CAP_CLEAR;

	if (caps)
		cap_get_flag(caps, CAP_SYS_RESOURCE, CAP_EFFECTIVE, &is);
	cap_free(caps);
	return is == CAP_SET;
}

int rt_rlimits_granted(const struct rt_rlimit *l, int64_t *ret_soft, int64_t *ret_hard,
		       struct sp_err *err)
{
	rlim_t soft = value_of(l->soft), hard = value_of(l->hard);
	enum __rlimit_resource resource = RLIMIT_AS;
	struct rlimit ours;
	int r = resource_of(l->name, &resource, err);

	if (r < 0)
		return r;
	if (getrlimit(resource, &ours) < 0)
		return sp_fail_errno(err, errno, "limit '%s'", l->name);
	if (hard > ours.rlim_max && !may_raise())
		hard = ours.rlim_max;
	*ret_soft = number_of(soft < hard ? soft : hard);
	*ret_hard = number_of(hard);
	return 0;
}

int rt_rlimits_copy(pid_t from, pid_t to, struct sp_err *err)
{
	for (size_t i = 0; i < SP_COUNT(names); i++) {
		struct rlimit want, now;
		int r;

		if (prlimit(from, names[i].resource, NULL, &want) < 0 ||
		    prlimit(to, names[i].resource, NULL, &now) < 0)
			return sp_fail_errno(err, errno, "limit '%s'", names[i].name);
		if (want.rlim_cur == now.rlim_cur && want.rlim_max == now.rlim_max)
			continue;
		r = set_limit(to, names[i].resource, want);
		if (r < 0)
			return sp_fail_errno(err, -r, "limit '%s'", names[i].name);
	}
	return 0;
}
