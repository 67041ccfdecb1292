/* Capability names and sets. */
#include "runtime/caps.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <linux/capability.h>

Test(caps, names_with_and_without_prefix_in_either_case)
{
	static const char *const names[] = { "NET_ADMIN", "CAP_NET_ADMIN", "net_admin",
					     "cap_net_admin", "Cap_Net_Admin" };
	int number;

	for (size_t i = 0; i < 5; i++) {
		number = -1;
		cr_expect_eq(rt_cap_parse(names[i], &number, NULL), 0, "%s", names[i]);
		cr_expect_eq(number, CAP_NET_ADMIN);
	}
}

Test(caps, unknown_names_are_refused)
{
	static const char *const names[] = {
		"", "CAP_", "NET", "NET_ADMIN ", "41", "cap_net_admins"
	};
	int number;

	for (size_t i = 0; i < 6; i++)
		cr_expect_eq(rt_cap_parse(names[i], &number, NULL), -EINVAL, "'%s'", names[i]);
}

Test(caps, drop_comes_before_add)
{
	const char *all[] = { "ALL", NULL }, *chown[] = { "CHOWN", NULL }, *bad[] = { "X", NULL };
	uint64_t set = 0;

	cr_expect_eq(rt_caps_resolve(NULL, NULL, &set, NULL), 0);
	cr_expect_eq(set, rt_caps_default);
	cr_expect_eq(rt_caps_resolve((char *const *)chown, (char *const *)all, &set, NULL), 0);
	cr_expect_eq(set, RT_CAP(CAP_CHOWN));
	cr_expect_eq(rt_caps_resolve(NULL, (char *const *)chown, &set, NULL), 0);
	cr_expect_eq(set, rt_caps_default & ~RT_CAP(CAP_CHOWN));
	cr_expect_eq(rt_caps_resolve((char *const *)all, NULL, &set, NULL), 0);
	cr_expect(set & RT_CAP(CAP_SYS_ADMIN));
	cr_expect_eq(rt_caps_resolve((char *const *)bad, NULL, &set, NULL), -EINVAL);
}

Test(caps, the_default_has_none_that_reaches_beyond_the_container)
{
	const uint64_t never = RT_CAP(CAP_SYS_ADMIN) | RT_CAP(CAP_SYS_PTRACE) |
			       RT_CAP(CAP_SYS_MODULE) | RT_CAP(CAP_NET_ADMIN) |
			       RT_CAP(CAP_SYS_RAWIO) | RT_CAP(CAP_MKNOD) |
			       RT_CAP(CAP_DAC_READ_SEARCH) | RT_CAP(CAP_BPF) | RT_CAP(CAP_NET_RAW);

	cr_expect_eq(rt_caps_default & never, 0);
}
