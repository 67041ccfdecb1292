/* Other runtimes; see peer.h. */
#include "tests/bench/peer.h"

#include <fcntl.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/time.h"

/* Run to the end with its output thrown away, and time it. Returns its exit status. */
static int run(const char *const *argv, const char *preload, int64_t *ret_ns)
{
	char assignment[PLACE_DIR_MAX + 64];
	const char *environment[] = {
		"PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
		*preload ? assignment : NULL, NULL
	};
	posix_spawn_file_actions_t actions;
	int64_t begin;
	int status = -1;
	pid_t pid;

	snprintf(assignment, sizeof(assignment), "LD_PRELOAD=%s", preload);
	posix_spawn_file_actions_init(&actions);
	posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0);
	posix_spawn_file_actions_addopen(&actions, 1, "/dev/null", O_WRONLY, 0);
	posix_spawn_file_actions_addopen(&actions, 2, "/dev/null", O_WRONLY, 0);
	begin = sp_time_mono_ns();
	if (posix_spawnp(&pid, argv[0], &actions, NULL, (char *const *)argv,
			 (char *const *)environment) == 0)
		waitpid(pid, &status, 0);
	*ret_ns = sp_time_mono_ns() - begin;
	posix_spawn_file_actions_destroy(&actions);
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

int peer_prepare(struct peer *p, struct place *place, const char *program, bool seccomp,
		 const char *build)
{
	int64_t ns;

	*p = (struct peer){ .place = place, .program = program, .seccomp = seccomp };
	snprintf(p->bundle, sizeof(p->bundle), "%s/bundle-%s%s", place->dir, program,
		 seccomp ? "-seccomp" : "");
	if (access("/usr/share/containers/seccomp.json", R_OK) < 0 && seccomp)
		return -1;
	/* crun 1.8 insists on raising RLIMIT_MEMLOCK. */
	if (program[0] == 'c')
		snprintf(p->preload, sizeof(p->preload), "%.900s/bench/no_setrlimit.so", build);
	return run((const char *[]){ "tests/bench/make-bundle", p->bundle, place->dir,
				     place->cgroup, seccomp ? "1" : "0", NULL },
		   "", &ns) == 0
		       ? 0
		       : -1;
}

int peer_launch(void *state, int64_t *ret_ns)
{
	struct peer *p = state;
	char id[64];

	snprintf(id, sizeof(id), "%s-%d", p->place->cgroup, ++p->number);
	return run((const char *[]){ p->program, "run", "-b", p->bundle, id, NULL }, p->preload,
		   ret_ns) == 0
		       ? 0
		       : -1;
}

int peer_start_live(struct peer *p)
{
	int64_t ns;
	char bundle[sizeof(p->bundle) + 8];

	snprintf(p->live, sizeof(p->live), "%s-live", p->place->cgroup);
	snprintf(bundle, sizeof(bundle), "%s-live", p->bundle);
	return run((const char *[]){ p->program, "run", "--detach", "-b", bundle, p->live, NULL },
		   p->preload, &ns) == 0
		       ? 0
		       : -1;
}

void peer_stop_live(struct peer *p)
{
	int64_t ns;

	run((const char *[]){ p->program, "delete", "--force", p->live, NULL }, p->preload, &ns);
}

int peer_exec(void *state, int64_t *ret_ns)
{
	struct peer *p = state;

	return run((const char *[]){ p->program, "exec", p->live, "/true", NULL }, p->preload,
		   ret_ns) == 0
		       ? 0
		       : -1;
}

int bwrap_launch(void *state, int64_t *ret_ns)
{
	const struct place *p = state;
	char rootfs[PLACE_DIR_MAX + 32];

	snprintf(rootfs, sizeof(rootfs), "%s/rootfs", p->dir);
	return run((const char *[]){ "bwrap", "--unshare-all", "--ro-bind", rootfs, "/", "--proc",
				     "/proc", "--dev", "/dev", "/true", NULL },
		   "", ret_ns) == 0
		       ? 0
		       : -1;
}
