/* Limits of a cgroup; see cgroup.h. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/mem.h"
#include "runtime/cgroup.h"

#define CPU_PERIOD_US 100000
#define VALUE_MAX     4096 /* bytes of a limit's file */

/* One limit as it is asked for: the file, its value, and whether the default should be written (on
 * a change) rather than skipped. */
struct setting {
	enum rt_controller controller;
	const char *file;
	bool wanted;
	char value[48];
	const char *fallback;
};

#define SETTINGS 10

#define ALWAYS RT_CONTROLLER_COUNT /* of the core, which every cgroup has */

static void set_bytes(struct setting *s, uint64_t bytes)
{
	s->wanted = bytes != 0;
	snprintf(s->value, sizeof(s->value), "%" PRIu64, bytes);
}

/* Everything of limits as settings, in the order of writing: high and low before max. What the core
 * has is never asked for, and put back by a change: a container neither sleeps nor is kept from
 * making cgroups unless somebody else wants it to. */
static void settings_of(const struct rt_limits *l, struct setting ret[SETTINGS])
{
	const struct setting table[SETTINGS] = {
		{ RT_CONTROLLER_MEMORY, "memory.high", false, "", "max" },
		{ RT_CONTROLLER_MEMORY, "memory.low", false, "", "0" },
		{ RT_CONTROLLER_MEMORY, "memory.max", false, "", "max" },
		{ RT_CONTROLLER_CPU, "cpu.max", l->cpu_max_milli != 0, "", "max" },
		{ RT_CONTROLLER_CPU, "cpu.weight", l->cpu_weight != 0, "", "100" },
		{ RT_CONTROLLER_PIDS, "pids.max", l->pids_max > 0, "", "max" },
		{ RT_CONTROLLER_IO, "io.weight", l->io_weight != 0, "", "default 100" },
		{ ALWAYS, "cgroup.max.depth", false, "", "max" },
		{ ALWAYS, "cgroup.max.descendants", false, "", "max" },
		{ ALWAYS, "cgroup.freeze", false, "", "0" },
	};

	for (size_t i = 0; i < SETTINGS; i++)
		ret[i] = table[i];
	set_bytes(&ret[0], l->memory_high_bytes);
	set_bytes(&ret[1], l->memory_low_bytes);
	set_bytes(&ret[2], l->memory_max_bytes);
	snprintf(ret[3].value, sizeof(ret[3].value), "%" PRIu64 " %d",
		 (uint64_t)l->cpu_max_milli * CPU_PERIOD_US / 1000, CPU_PERIOD_US);
	snprintf(ret[4].value, sizeof(ret[4].value), "%" PRIu32, l->cpu_weight);
	snprintf(ret[5].value, sizeof(ret[5].value), "%" PRId64, l->pids_max);
	snprintf(ret[6].value, sizeof(ret[6].value), "default %" PRIu32, l->io_weight);
}

static bool has(const struct rt_cgroup_root *root, enum rt_controller c)
{
	return c == ALWAYS || root->controllers >> c & 1;
}

uint32_t rt_limits_unenforceable(const struct rt_cgroup_root *root, const struct rt_limits *limits)
{
	struct setting settings[SETTINGS];
	uint32_t missing = 0;

	settings_of(limits, settings);
	for (size_t i = 0; i < SETTINGS; i++)
		if (settings[i].wanted)
			missing |= 1u << settings[i].controller;
	return missing & ~root->controllers;
}

static int check_enforceable(const struct rt_cgroup_root *root, const struct rt_limits *limits,
			     struct sp_err *err)
{
	uint32_t missing = limits->best_effort ? 0 : rt_limits_unenforceable(root, limits);
	char names[64];

	if (!missing)
		return 0;
	rt_controllers_format(missing, names, sizeof(names));
	return sp_fail(err, SP_E_UNSUPPORTED,
		       "this node cannot enforce the limits: cgroup v2 controller missing: %s",
		       names);
}

/* io.weight is there only with a scheduler that knows weights; then its absence is no failure. */
static int write_setting(int dirfd, const struct setting *s, struct sp_err *err)
{
	struct stat st;

	if (s->controller == RT_CONTROLLER_IO && fstatat(dirfd, s->file, &st, 0) < 0)
		return 0;
	return sp_file_put_at(dirfd, s->file, s->wanted ? s->value : s->fallback, err);
}

static bool is_meant(const char *only, const char *file)
{
	return !only || !strcmp(only, file);
}

static int apply(const struct rt_cgroup_root *root, int dirfd, const struct rt_limits *limits,
		 const char *only, bool fresh, struct sp_err *err)
{
	struct setting settings[SETTINGS];
	int r = check_enforceable(root, limits, err);

	settings_of(limits, settings);
	for (size_t i = 0; r == 0 && i < SETTINGS; i++)
		if ((settings[i].wanted || !fresh) && has(root, settings[i].controller) &&
		    is_meant(only, settings[i].file))
			r = write_setting(dirfd, &settings[i], err);
	/* One process killed for memory leaves half a workload: all or none. */
	if (r == 0 && (root->controllers & (1u << RT_CONTROLLER_MEMORY)) &&
	    is_meant(only, "memory.oom.group"))
		r = sp_file_put_at(dirfd, "memory.oom.group", "1", err);
	return r;
}

int rt_cgroup_limit(const struct rt_cgroup_root *root, int dirfd, const struct rt_limits *limits,
		    const char *only, struct sp_err *err)
{
	return apply(root, dirfd, limits, only, false, err);
}

int rt_cgroup_limit_fresh(const struct rt_cgroup_root *root, int dirfd,
			  const struct rt_limits *limits, struct sp_err *err)
{
	return apply(root, dirfd, limits, NULL, true, err);
}

/* The kernel counts memory in whole pages, and says no more than it was told. */
static void as_kernel_tells(const struct setting *s, char ret[48])
{
	unsigned long long page = (unsigned long long)sysconf(_SC_PAGESIZE);

	if (s->wanted && s->controller == RT_CONTROLLER_MEMORY)
		snprintf(ret, 48, "%llu", strtoull(s->value, NULL, 10) / page * page);
	else
		snprintf(ret, 48, "%s", s->wanted ? s->value : s->fallback);
}

void rt_cgroup_wanted(const struct rt_cgroup_root *root, const struct rt_limits *limits,
		      rt_cgroup_value_fn fn, void *state)
{
	struct setting settings[SETTINGS];
	char value[48];

	settings_of(limits, settings);
	for (size_t i = 0; i < SETTINGS; i++)
		if (has(root, settings[i].controller)) {
			as_kernel_tells(&settings[i], value);
			fn(settings[i].file, value, state);
		}
}

/* "max 100000" is no limit whatever its period; io.weight goes on with lines for single devices. */
static void first_line(char *value)
{
	value[strcspn(value, "\n")] = '\0';
	if (!strncmp(value, "max ", 4))
		value[3] = '\0';
}

void rt_cgroup_held(const struct rt_cgroup_root *root, int dirfd, rt_cgroup_value_fn fn,
		    void *state)
{
	const struct rt_limits none = { 0 };
	struct setting settings[SETTINGS];
	autobuf struct sp_buf text = SP_BUF_INIT;

	settings_of(&none, settings);
	for (size_t i = 0; i < SETTINGS; i++) {
		sp_buf_clear(&text);
		if (!has(root, settings[i].controller) ||
		    sp_file_read_at(dirfd, settings[i].file, VALUE_MAX, &text, NULL) < 0 ||
		    !text.len)
			continue;
		first_line(text.data);
		fn(settings[i].file, text.data, state);
	}
}
