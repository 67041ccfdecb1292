/* Capability sets; see caps.h. */
#include "runtime/caps.h"

#include <linux/capability.h>
#include <string.h>
#include <strings.h>
#include <sys/capability.h>

const uint64_t rt_caps_default =
	RT_CAP(CAP_CHOWN) | RT_CAP(CAP_DAC_OVERRIDE) | RT_CAP(CAP_FOWNER) | RT_CAP(CAP_FSETID) |
	RT_CAP(CAP_KILL) | RT_CAP(CAP_NET_BIND_SERVICE) | RT_CAP(CAP_SETFCAP) | RT_CAP(CAP_SETGID) |
	RT_CAP(CAP_SETPCAP) | RT_CAP(CAP_SETUID) | RT_CAP(CAP_SYS_CHROOT);

int rt_cap_parse(const char *name, int *ret, struct sp_err *err)
{
	const char *bare = strncasecmp(name, "CAP_", 4) ? name : name + 4;

	for (int i = 0; i < cap_max_bits() && i < 64; i++) {
		char *known = cap_to_name(i);
		int same = known && !strcasecmp(known + strlen("cap_"), bare);

		cap_free(known);
		if (same) {
			*ret = i;
			return 0;
		}
	}
	return sp_fail(err, SP_E_INVALID, "unknown capability '%s'", name);
}

/* The mask of one name; "ALL" is every capability of this kernel. */
static int mask_of(const char *name, uint64_t *ret, struct sp_err *err)
{
	int number = 0, r;

	if (!strcasecmp(name, "ALL") || !strcasecmp(name, "CAP_ALL")) {
		*ret = RT_CAP(cap_max_bits()) - 1;
		return 0;
	}
	r = rt_cap_parse(name, &number, err);
	if (r == 0)
		*ret = RT_CAP(number);
	return r;
}

static int union_of(char *const *names, uint64_t *ret, struct sp_err *err)
{
	*ret = 0;
	for (size_t i = 0; names && names[i]; i++) {
		uint64_t mask = 0;
		int r = mask_of(names[i], &mask, err);

		if (r < 0)
			return r;
		*ret |= mask;
	}
	return 0;
}

int rt_caps_resolve(char *const *add, char *const *drop, uint64_t *ret, struct sp_err *err)
{
	uint64_t plus = 0, minus = 0;
	int r = union_of(add, &plus, err);

	if (r == 0)
		r = union_of(drop, &minus, err);
	if (r < 0)
		return r;
	*ret = (rt_caps_default & ~minus) | plus;
	return 0;
}
