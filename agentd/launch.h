/* What the runtime is asked for: the spec of a workload, joined with its image's config and with
 * what this node adds. It owns all that struct rt_spec borrows. */
#pragma once

#include "agentd/workload.h"
#include "images/image.h"
#include "runtime/spec.h"

#define LAUNCH_DIR "run" /* of the incarnation, in the workload's directory */

struct launch {
	struct rt_spec spec;
	struct img_image *image;
	char **args, **environment;
	char *dir;
	struct rt_mount *mounts;
	char **sources; /* paths of the node that mounts point to */
	int *opened;    /* and places of it that they are of */
	size_t n_opened;
	struct rt_file *files;
	struct rt_rlimit *rlimits;
	struct rt_sysctl *sysctls;
	int stdout_fd, stderr_fd;
};

/* Image, directories, volumes, files of names. An image that is not here, or not unpacked, is
 * NOT_FOUND. On failure *ret is finished already. */
int launch_prepare(struct workload *w, struct launch *ret, struct sp_err *err);
void launch_fini(struct launch *l);

int launch_stop_signal(const struct launch *l, const struct wire_workload *spec);
/* What `exec` into a container shares with its first process. */
struct rt_security launch_security(const struct wire_workload *spec);
struct rt_limits launch_limits(const struct agent *a, const struct wire_workload *spec);
/* What to run, of image and spec; a list on the heap. Nothing at all is INVALID. */
int launch_args(const struct img_config *image, const struct wire_workload *spec, char ***ret,
		struct sp_err *err);
/* The image's environment under the spec's; a list on the heap. */
int launch_environment(char *const *image, char *const *spec, char ***ret, struct sp_err *err);
