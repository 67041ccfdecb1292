/* Lines of a mount table, as kernels write them. */
#include <criterion/criterion.h>
#include <string.h>

#include "runtime/mountinfo.h"

static bool parse(const char *line, char *copy, struct rt_mounted *ret)
{
	strcpy(copy, line);
	return rt_mountinfo_parse(copy, ret);
}

Test(mountinfo, a_line_is_taken_apart)
{
	struct rt_mounted m;
	char copy[256];

	cr_assert(parse("210 197 254:0 /volumes/a.data/data /data ro,nosuid shared:3 master:1 - "
			"ext4 /dev/vda rw,discard",
			copy, &m));
	cr_expect_str_eq(m.root, "/volumes/a.data/data");
	cr_expect_str_eq(m.target, "/data");
	cr_expect_str_eq(m.type, "ext4");
	cr_expect_str_eq(m.super, "rw,discard");
	cr_expect(m.read_only);
}

Test(mountinfo, blanks_in_paths_are_unescaped)
{
	struct rt_mounted m;
	char copy[256];

	cr_assert(parse("1 2 0:1 / /my\\040data\\134x rw,relatime - tmpfs none rw,ro=1", copy, &m));
	cr_expect_str_eq(m.target, "/my data\\x");
	cr_expect_not(m.read_only);
}

Test(mountinfo, what_is_no_line_is_refused)
{
	static const char *const lines[] = { "", "1 2 0:1 / /x rw", "1 2 - tmpfs none rw",
					     "1 2 0:1 / /x rw - tmpfs" };
	struct rt_mounted m;
	char copy[256];

	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++)
		cr_expect_not(parse(lines[i], copy, &m), "%s", lines[i]);
}

Test(mountinfo, layers_are_counted_however_they_were_named)
{
	cr_expect_eq(rt_mountinfo_layers("rw,lowerdir+=/proc/self/fd/5,lowerdir+=/b,upperdir=/u"),
		     2);
	cr_expect_eq(rt_mountinfo_layers("rw,lowerdir=/a:/b:/c,upperdir=/u"), 3);
	cr_expect_eq(rt_mountinfo_layers("rw,size=64k"), 0);
}
