/* Desired state: at every point of a crash there is the old spec, the new one, or a tombstone. */
#include "agentd/desired.h"

#include <criterion/criterion.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/json.h"
#include "base/path.h"
#include "base/str.h"
#include "tests/unit/agentd/dir.h"

#define DIGEST "sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"

static struct wire_workload *spec_of(const char *image)
{
	autojson json_t *json =
		json_pack("{s:s, s:s, s:s, s:i, s:s, s:s, s:s, s:s}", "id", "demo-a-1", "stack",
			  "demo", "service", "a", "replica", 1, "image", image, "image_digest",
			  DIGEST, "address", "10.90.1.2", "restart", "no");
	struct wire_workload *w = NULL;

	cr_assert_eq(wire_workload_decode(json, &w, NULL), 0);
	return w;
}

static void put(const char *image)
{
	struct wire_workload *w = spec_of(image);

	cr_assert_eq(desired_put(dirfd, w, NULL), 0);
	wire_workload_free(w);
}

static void expect(const char *image, bool deleted)
{
	struct desired d = { 0 };

	cr_assert_eq(desired_get(dirfd, "demo-a-1", &d, NULL), 1);
	cr_expect_str_eq(d.spec->image, image);
	cr_expect_eq(d.deleted, deleted);
	wire_workload_free(d.spec);
}

Test(desired, a_spec_is_replaced_whole_and_a_tombstone_stays_until_the_next, .init = make_dir,
     .fini = remove_dir)
{
	put("one:1");
	expect("one:1", false);
	put("two:2");
	expect("two:2", false);
	cr_assert_eq(desired_bury(dirfd, "demo-a-1", NULL), 0);
	expect("two:2", true);
	put("three:3");
	expect("three:3", false);
}

Test(desired, what_a_crash_left_half_written_changes_nothing, .init = make_dir, .fini = remove_dir)
{
	struct desired d = { 0 };
	int fd;

	cr_assert_eq(mkdirat(dirfd, "demo-a-1", 0700), 0);
	cr_expect_eq(desired_get(dirfd, "demo-a-1", &d, NULL), 0, "a directory alone is no spec");
	put("one:1");
	fd = openat(dirfd, "demo-a-1/spec.json.01234567.tmp", O_WRONLY | O_CREAT, 0600);
	cr_assert_eq(write(fd, "{\"id\":", 6), 6);
	close(fd);
	expect("one:1", false);
}

Test(desired, a_spec_that_cannot_be_read_is_an_error_and_is_not_taken_for_absent, .init = make_dir,
     .fini = remove_dir)
{
	static const char *const bad[] = { "", "{", "{}", "[1]" };

	put("one:1");
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct desired d = { 0 };
		struct sp_err err = { 0 };

		cr_assert_eq(sp_file_replace_at(dirfd, "demo-a-1/spec.json", bad[i], strlen(bad[i]),
						0600, NULL),
			     0);
		cr_expect_lt(desired_get(dirfd, "demo-a-1", &d, &err), 0, "'%s'", bad[i]);
		cr_expect_eq(err.code, SP_E_CORRUPT);
		cr_expect_null(d.spec);
	}
}

Test(desired, ids_are_listed_and_nothing_else, .init = make_dir, .fini = remove_dir)
{
	char **ids = NULL;

	put("one:1");
	cr_assert_eq(mkdirat(dirfd, "NOT-AN-ID", 0700), 0);
	cr_assert_eq(desired_ids(dirfd, &ids, NULL), 0);
	cr_expect_eq(sp_strv_count(ids), 1);
	cr_expect_str_eq(ids[0], "demo-a-1");
	sp_strv_free(ids);
}
