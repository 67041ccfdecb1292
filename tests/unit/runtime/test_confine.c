/* What a container must not be able to do, tried from inside. */
#include "box.h"

#include <sys/socket.h>
#include <sys/un.h>

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

TestSuite(confine, .init = open_box, .fini = close_box);

/* Every line of out ends in word. */
static void expect_all(const char *word, size_t at_least)
{
	char *save = NULL;
	size_t n = 0;

	for (char *l = strtok_r(out, "\n", &save); l; l = strtok_r(NULL, "\n", &save), n++)
		cr_expect(sp_str_ends(l, word), "%s, not %s", l, word);
	cr_expect_geq(n, at_least, "only %zu lines", n);
}

Test(confine, dangerous_calls_are_refused_with_eperm)
{
	cr_assert_eq(box_sh(&box, "probe refused", out, sizeof(out)), 0, "%s", out);
	expect_all(" EPERM", 38);
}

Test(confine, unknown_calls_and_other_architectures_are_not_implemented)
{
	cr_assert_eq(box_sh(&box, "probe unknown", out, sizeof(out)), 0, "%s", out);
	expect_all(" ENOSYS", 2);
}

Test(confine, init_cannot_be_read_written_or_traced)
{
	cr_assert_eq(box_sh(&box, "probe init", out, sizeof(out)), 0, "%s", out);
	cr_expect(!strstr(out, " ok"), "%s", out);
	cr_expect(strstr(out, "ptrace EPERM"), "%s", out);
}

Test(confine, no_descriptor_leaks_in)
{
	int host = open("/etc", O_RDONLY | O_DIRECTORY); /* deliberately without O_CLOEXEC */

	cr_assert_eq(box_sh(&box, "exec probe fds", out, sizeof(out)), 0, "%s", out);
	cr_expect_str_empty(out);
	close(host);
}

Test(confine, the_host_abstract_sockets_are_out_of_reach)
{
	struct sockaddr_un a = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	char script[128];

	snprintf(a.sun_path + 1, sizeof(a.sun_path) - 1, "sp-test-%d", getpid());
	cr_assert_eq(bind(fd, (struct sockaddr *)&a,
			  (socklen_t)(sizeof(a.sun_family) + 1 + strlen(a.sun_path + 1))),
		     0);
	cr_assert_eq(listen(fd, 1), 0);
	snprintf(script, sizeof(script), "probe abstract sp-test-%d", getpid());
	cr_assert_eq(box_sh(&box, script, out, sizeof(out)), 0, "%s", out);
	cr_expect_str_eq(out, "connect Connection refused\n");
	close(fd);
}

Test(confine, kernel_paths_are_masked_or_read_only)
{
	const char *script = "test -d /proc/acpi && ls /proc/acpi /sys/firmware;"
			     "cat /proc/keys /proc/timer_list /proc/interrupts;"
			     "head -c 8 /proc/kcore;"
			     "for f in /proc/sys/kernel/core_pattern /proc/sysrq-trigger "
			     "/proc/sys/net/ipv4/ip_forward /proc/irq/default_smp_affinity "
			     "/sys/kernel/uevent_helper /sys/fs/cgroup/cgroup.procs; do "
			     "echo 1 2>/dev/null >$f && echo wrote $f; done;"
			     "mkdir /sys/fs/cgroup/mine 2>/dev/null && echo made a cgroup; true";

	cr_assert_eq(box_sh(&box, script, out, sizeof(out)), 0, "%s", out);
	cr_expect(!strstr(out, "wrote") && !strstr(out, "made"), "%s", out);
}

Test(confine, dev_holds_only_harmless_nodes_and_stays_as_it_is)
{
	const char *script = "for f in /dev/*; do test -c $f -a ! -L $f && echo ${f#/dev/}; done;"
			     "touch /dev/x 2>/dev/null && echo made a file;"
			     "chmod 600 /dev/null 2>/dev/null && echo changed a mode;"
			     "rm /dev/zero 2>/dev/null && echo removed;"
			     "echo data >/dev/null; head -c 2 /dev/zero | wc -c; true";

	cr_assert_eq(box_sh(&box, script, out, sizeof(out)), 0, "%s", out);
	cr_expect_str_eq(out, "full\nnull\nrandom\ntty\nurandom\nzero\n2\n");
}

Test(confine, capabilities_are_the_default_set_and_none_for_a_user)
{
	const char *args[] = { "sh", "-c", "grep -E '^(Cap|NoNew|Seccomp:)' /proc/self/status",
			       NULL };
	struct box_spec s;

	box_spec(&box, args, &s);
	cr_assert_eq(box_run_spec(&box, &s, out, sizeof(out)), 0, "%s", out);
	cr_expect_str_eq(out, "CapInh:\t0000000000000000\nCapPrm:\t00000000800405fb\n"
			      "CapEff:\t00000000800405fb\nCapBnd:\t00000000800405fb\n"
			      "CapAmb:\t0000000000000000\nNoNewPrivs:\t1\nSeccomp:\t2\n");
	box_spec(&box, args, &s);
	s.spec.process.user = "app";
	cr_assert_eq(box_run_spec(&box, &s, out, sizeof(out)), 0, "%s", out);
	cr_expect(strstr(out, "CapPrm:\t0000000000000000\nCapEff:\t0000000000000000\n"), "%s", out);
}

Test(confine, capabilities_can_be_dropped_and_added)
{
	const char *args[] = { "sh", "-c", "grep CapEff /proc/self/status", NULL };
	const char *drop[] = { "ALL", NULL }, *add[] = { "NET_ADMIN", "cap_sys_time", NULL };
	struct box_spec s;

	box_spec(&box, args, &s);
	s.spec.security.cap_drop = (char *const *)drop;
	cr_assert_eq(box_run_spec(&box, &s, out, sizeof(out)), 0, "%s", out);
	cr_expect_str_eq(out, "CapEff:\t0000000000000000\n");
	box_spec(&box, args, &s);
	s.spec.security.cap_drop = (char *const *)drop;
	s.spec.security.cap_add = (char *const *)add;
	cr_assert_eq(box_run_spec(&box, &s, out, sizeof(out)), 0, "%s", out);
	cr_expect_str_eq(out, "CapEff:\t0000000002001000\n");
}

Test(confine, even_sys_admin_cannot_change_the_shared_dev)
{
	const char *add[] = { "ALL", NULL };
	const char *args[] = {
		"busybox", "sh", "-c",
		"busybox mount -o remount,rw /dev; touch /dev/x; chmod 600 /dev/null;"
		"busybox mount -t tmpfs none /tmp && echo mounts",
		NULL
	};
	struct box_spec s;

	box_spec(&box, args, &s);
	s.spec.security.cap_add = (char *const *)add;
	cr_expect_eq(box_run_spec(&box, &s, out, sizeof(out)), 0, "%s", out);
	cr_expect(strstr(out, "mounts"), "%s", out);
	cr_expect_eq(box_sh(&box, "test -e /dev/x || stat -c %a /dev/null", out, sizeof(out)), 0);
	cr_expect_str_eq(out, "666\n");
}

Test(confine, a_device_node_in_a_layer_is_dead)
{
	char path[PATH_MAX + 16];

	snprintf(path, sizeof(path), "%s/mem", box.layer);
	cr_assert_eq(mknod(path, S_IFCHR | 0666, 0x0101), 0);
	chmod(path, 0666);
	cr_expect_neq(box_sh(&box, "head -c 1 /mem", out, sizeof(out)), 0);
	cr_expect(strstr(out, "Permission denied"), "%s", out);
}

Test(confine, host_processes_mounts_and_ids_are_not_seen)
{
	char self[32];

	snprintf(self, sizeof(self), "test -d /proc/%d", getpid());
	cr_expect_neq(box_sh(&box, self, out, sizeof(out)), 0);
	cr_assert_eq(box_sh(&box, "cat /proc/self/mountinfo", out, sizeof(out)), 0);
	cr_expect(!strstr(out, "/dev/vda") && !strstr(out, "/sp-box-"), "%s", out);
	cr_assert_eq(box_sh(&box, "cat /proc/self/uid_map; cat /proc/1/cgroup", out, sizeof(out)),
		     0);
	cr_expect(strstr(out, "1000000") && strstr(out, "0::/\n"), "%s", out);
}
