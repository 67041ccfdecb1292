/* `state` in a container's directory; see state_file.h. */
#include "runtime/state_file.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>

#include "base/buf.h"
#include "base/fd.h"

/* One write of one line: it is there whole, or not at all. */
int rt_state_write(int dirfd, const struct rt_state *state, struct sp_err *err)
{
	autoclose int fd = openat(dirfd, RT_STATE_FILE,
				  O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	char line[128];
	int len = snprintf(line, sizeof(line), "pid=%d start=%" PRIu64 " boot=%s .\n",
			   (int)state->pid, state->start_time, state->boot_id);
	int r;

	if (fd < 0)
		return sp_fail_errno(err, errno, "'%s'", RT_STATE_FILE);
	r = sp_write_all(fd, line, (size_t)len);
	return r < 0 ? sp_fail_errno(err, -r, "'%s'", RT_STATE_FILE) : 0;
}

int rt_state_read(int dirfd, struct rt_state *ret, struct sp_err *err)
{
	autobuf struct sp_buf text = SP_BUF_INIT;
	int pid = 0, end = 0;
	int r = sp_file_read_at(dirfd, RT_STATE_FILE, 256, &text, err);

	if (r < 0)
		return r;
	if (!text.data ||
	    sscanf(text.data, "pid=%d start=%" SCNu64 " boot=%39s .%n", &pid, &ret->start_time,
		   ret->boot_id, &end) != 3 ||
	    end == 0 || pid <= 0)
		return sp_fail(err, SP_E_NOT_FOUND, "no complete '%s'", RT_STATE_FILE);
	ret->pid = pid;
	return 0;
}
