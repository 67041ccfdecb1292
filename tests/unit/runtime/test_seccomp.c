/* Filters: one for each set of capabilities that differs, cached, and never trusted blindly. */
#include "runtime/seccomp.h"

#include <criterion/criterion.h>
#include <dirent.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/path.h"
#include "runtime/caps.h"
#include "runtime/seccomp_compile.h"
#include "runtime/seccomp_profile.h"

static char dir[64];

static void make_dir(void)
{
	snprintf(dir, sizeof(dir), "/tmp/sp-seccomp-XXXXXX");
	cr_assert(mkdtemp(dir));
}

static void remove_dir(void)
{
	cr_expect_eq(sp_remove_tree_at(AT_FDCWD, dir, NULL), 0);
}

TestSuite(seccomp, .init = make_dir, .fini = remove_dir);

/* The path of the only file in dir. */
static void only_file(char ret[512])
{
	DIR *d = opendir(dir);
	struct dirent *e;
	int n = 0;

	while ((e = readdir(d)))
		if (e->d_name[0] != '.') {
			snprintf(ret, 512, "%s/%s", dir, e->d_name);
			n++;
		}
	closedir(d);
	cr_assert_eq(n, 1, "%d files in the cache", n);
}

static struct sp_buf get(uint64_t caps)
{
	struct rt_seccomp_cache *c = NULL;
	const struct rt_filter *f = NULL;
	struct sp_buf copy = SP_BUF_INIT;
	struct sp_err err = { 0 };

	cr_assert_eq(rt_seccomp_cache_new(dir, &c, NULL), 0);
	cr_assert_eq(rt_seccomp_get(c, caps, &f, &err), 0, "%s", err.message);
	sp_buf_append(&copy, f->code, f->len * sizeof(*f->code));
	rt_seccomp_cache_free(c);
	return copy;
}

Test(seccomp, a_cached_filter_is_the_compiled_one)
{
	struct sp_buf first = get(rt_caps_default), second;
	char path[512];

	only_file(path);
	second = get(rt_caps_default);
	only_file(path);
	cr_expect_eq(first.len, second.len);
	cr_expect_eq(memcmp(first.data, second.data, first.len), 0);
	sp_buf_fini(&first);
	sp_buf_fini(&second);
}

Test(seccomp, a_damaged_cache_is_only_a_miss)
{
	static const char *const damages[] = { "", "SPBPF1\n",
					       "garbage that is long enough to be "
					       "taken for something of ours" };
	struct sp_buf good = get(rt_caps_default);
	char path[512];

	only_file(path);
	for (size_t i = 0; i < 4; i++) {
		struct sp_buf again;

		if (i < 3) {
			cr_assert_eq(sp_file_replace_at(AT_FDCWD, path, damages[i],
							strlen(damages[i]), 0600, NULL),
				     0);
		} else { /* one instruction changed */
			int fd = open(path, O_WRONLY | O_CLOEXEC);

			cr_assert_eq(pwrite(fd, "\xff\xff", 2, 200), 2);
			close(fd);
		}
		again = get(rt_caps_default);
		cr_expect(again.len == good.len && !memcmp(again.data, good.data, good.len),
			  "damage %zu", i);
		sp_buf_fini(&again);
	}
	sp_buf_fini(&good);
}

Test(seccomp, only_capabilities_that_matter_make_another_filter)
{
	cr_expect_eq(rt_seccomp_caps(RT_CAP(CAP_CHOWN) | RT_CAP(CAP_SYS_ADMIN)),
		     RT_CAP(CAP_SYS_ADMIN));
	cr_expect_eq(rt_seccomp_caps(RT_CAP(CAP_NET_ADMIN)), 0);
}

Test(seccomp, it_fits_the_kernel_and_no_call_is_in_two_lists)
{
	struct sp_buf b = SP_BUF_INIT;

	cr_assert_eq(rt_seccomp_compile(0, &b, NULL), 0);
	cr_expect_lt(b.len / sizeof(struct sock_filter), BPF_MAXINSNS);
	for (const char *const *a = rt_seccomp_allowed; *a; a++)
		for (const char *const *r = rt_seccomp_refused; *r; r++)
			cr_expect_str_neq(*a, *r);
	sp_buf_fini(&b);
}

Test(seccomp, what_a_capability_grants_is_refused_without_it)
{
	for (size_t i = 0; rt_seccomp_grants[i].calls; i++)
		for (const char *const *c = rt_seccomp_grants[i].calls; *c; c++) {
			int found = 0;

			for (const char *const *r = rt_seccomp_refused; *r; r++)
				found |= !strcmp(*r, *c);
			cr_expect(found, "%s", *c);
		}
}
