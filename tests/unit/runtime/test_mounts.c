/* The root of a container: layers, volumes, binds, files of its spec. */
#include "box.h"

#include <sys/stat.h>

static struct box box;
static char out[65536];

static void open_box(void)
{
	box_open(&box);
}

static void close_box(void)
{
	box_close(&box);
}

TestSuite(mounts, .init = open_box, .fini = close_box);

Test(mounts, layers_lie_over_one_another_and_stay_unchanged)
{
	const char *args[] = { "sh", "-c", "cat /over /only; echo changed >/over; rm /only", NULL };
	char top[PATH_MAX + 8];
	const char *layers[2] = { top, box.layer };
	struct sp_buf text = SP_BUF_INIT;
	struct box_spec s;

	snprintf(top, sizeof(top), "%s/top", box.dir);
	cr_assert_eq(mkdir(top, 0755), 0);
	box_write(box.layer, "over", "below\n");
	box_write(box.layer, "only", "only\n");
	box_write(top, "over", "above\n");
	box_spec(&box, args, &s);
	s.spec.layers = layers;
	s.spec.n_layers = 2;
	cr_expect_eq(box_run_spec(&box, &s, out, sizeof(out)), 0, "%s", out);
	cr_expect_str_eq(out, "above\nonly\n");
	strcat(top, "/over");
	cr_expect_eq(sp_file_read_at(AT_FDCWD, top, 64, &text, NULL), 0);
	cr_expect_str_eq(text.data, "above\n");
	sp_buf_fini(&text);
}

Test(mounts, a_read_only_root_is)
{
	const char *args[] = { "sh", "-c",
			       "touch /x 2>/dev/null || echo no; touch /tmp/y && echo yes", NULL };
	const struct rt_mount m = { .type = RT_MOUNT_TMPFS, .target = "/tmp" };
	struct box_spec s;

	box_spec(&box, args, &s);
	s.spec.read_only = true;
	s.spec.mounts = &m;
	s.spec.n_mounts = 1;
	cr_expect_eq(box_run_spec(&box, &s, out, sizeof(out)), 0, "%s", out);
	cr_expect_str_eq(out, "no\nyes\n");
}

Test(mounts, a_volume_keeps_the_ids_of_the_inside)
{
	const char *args[] = { "sh", "-c",
			       "busybox chown 999:998 /data/mine; busybox stat -c %u:%g /data/mine "
			       "/data/theirs; echo more >>/data/mine",
			       NULL };
	char volume[PATH_MAX + 8], path[PATH_MAX + 32];
	struct rt_mount m = { .type = RT_MOUNT_BIND, .source = volume, .target = "/data" };
	struct box_spec s;
	struct stat st;

	snprintf(volume, sizeof(volume), "%s/volume", box.dir);
	cr_assert_eq(mkdir(volume, 0755), 0);
	box_write(volume, "mine", "");
	box_write(volume, "theirs", "");
	snprintf(path, sizeof(path), "%s/theirs", volume);
	cr_assert_eq(chown(path, 33, 33), 0);
	box_spec(&box, args, &s);
	s.spec.mounts = &m;
	s.spec.n_mounts = 1;
	cr_expect_eq(box_run_spec(&box, &s, out, sizeof(out)), 0, "%s", out);
	cr_expect_str_eq(out, "999:998\n33:33\n");
	snprintf(path, sizeof(path), "%s/mine", volume);
	cr_assert_eq(stat(path, &st), 0);
	cr_expect(st.st_uid == 999 && st.st_gid == 998 && st.st_size == 5);
}

Test(mounts, a_read_only_bind_and_a_file_bind_are_what_they_say)
{
	const char *args[] = { "sh", "-c",
			       "cat /etc/hosts; echo x 2>/dev/null >/etc/hosts || echo read-only",
			       NULL };
	char hosts[PATH_MAX + 8];
	struct rt_mount m = { .type = RT_MOUNT_BIND,
			      .source = hosts,
			      .target = "/etc/hosts",
			      .read_only = true,
			      .plain_ids = true };
	struct box_spec s;

	box_write(box.dir, "hosts", "10.0.0.1 db\n");
	snprintf(hosts, sizeof(hosts), "%s/hosts", box.dir);
	box_spec(&box, args, &s);
	s.spec.mounts = &m;
	s.spec.n_mounts = 1;
	cr_expect_eq(box_run_spec(&box, &s, out, sizeof(out)), 0, "%s", out);
	cr_expect_str_eq(out, "10.0.0.1 db\nread-only\n");
}

Test(mounts, a_source_that_is_not_there_is_named)
{
	const struct rt_mount m = { .type = RT_MOUNT_BIND,
				    .source = "/no/such/place",
				    .target = "/x" };
	const char *args[] = { "true", NULL };
	struct box_spec s;

	box_spec(&box, args, &s);
	s.spec.mounts = &m;
	s.spec.n_mounts = 1;
	cr_expect_eq(box_run_spec(&box, &s, out, sizeof(out)), -ENOENT);
	cr_expect(strstr(out, "/no/such/place"), "%s", out);
}

/* Trying again would not help: the launch must say so. */
Test(mounts, a_source_whose_ids_cannot_be_mapped_is_unsupported)
{
	const char *args[] = { "/bin/true", NULL };
	const struct rt_mount mount = { .type = RT_MOUNT_BIND,
					.source = "/proc",
					.target = "/host" };
	struct rt_container *c = NULL;
	struct sp_err err = { 0 };
	struct box_spec s;

	box_spec(&box, args, &s);
	s.spec.mounts = &mount;
	s.spec.n_mounts = 1;
	cr_expect_lt(rt_create(box.engine, &s.spec, &c, &err), 0);
	cr_expect_eq(err.code, SP_E_UNSUPPORTED, "%s", err.message);
	cr_expect(strstr(err.message, "'/proc'"), "%s", err.message);
}

Test(mounts, files_have_their_owner_mode_and_content)
{
	const char *args[] = { "sh", "-c",
			       "busybox stat -c '%u:%g %a' /run/secrets/key; cat /run/secrets/key;"
			       "grep -c /run/secrets/key.*tmpfs /proc/self/mountinfo",
			       NULL };
	const struct rt_file f = { .target = "/run/secrets/key",
				   .content = "s3cret\n",
				   .len = 7,
				   .mode = 0400,
				   .uid = 999,
				   .gid = 998 };
	struct box_spec s;

	box_spec(&box, args, &s);
	s.spec.files = &f;
	s.spec.n_files = 1;
	s.spec.process.user = "app";
	cr_expect_eq(box_run_spec(&box, &s, out, sizeof(out)), 0, "%s", out);
	cr_expect_str_eq(out, "999:998 400\ns3cret\n1\n");
}
