/* See child.h. */
#include "base/child.h"

#include <signal.h>
#include <sys/prctl.h>
#include <unistd.h>

void sp_child_die_with(pid_t parent)
{
	prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
	if (getppid() != parent) /* it died before it could be followed */
		_exit(1);
}
