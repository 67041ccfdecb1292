/* One small file for each stack, replaced atomically; read each time, since calls are rare and the
 * page cache is quick. */
#include "agentd/fence.h"

#include <assert.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/fd.h"
#include "base/str.h"

#define TOKEN_TEXT_MAX 32

static int read_token(int dirfd, const char *stack, uint64_t *ret, struct sp_err *err)
{
	autobuf struct sp_buf text = SP_BUF_INIT;
	struct sp_err why = { 0 };
	int r = sp_file_read_at(dirfd, stack, TOKEN_TEXT_MAX, &text, &why);

	*ret = 0;
	if (r == -ENOENT)
		return 0;
	if (r < 0 || sp_parse_u64(text.data ? text.data : "", ret, &why) < 0)
		return sp_fail(err, SP_E_CORRUPT, "fencing token of stack '%s': %s", stack,
			       why.message);
	return 0;
}

int fence_pass(int dirfd, const char *stack, uint64_t token, struct sp_err *err)
{
	char text[TOKEN_TEXT_MAX];
	uint64_t seen;
	int r;

	assert(sp_id_valid(stack));
	r = read_token(dirfd, stack, &seen, err);
	if (r < 0)
		return r;
	if (token < seen)
		return sp_fail(err, SP_E_FENCED,
			       "token %" PRIu64 " of stack '%s' is older than %" PRIu64, token,
			       stack, seen);
	if (token == seen)
		return 0;
	snprintf(text, sizeof(text), "%" PRIu64, token);
	return sp_file_replace_at(dirfd, stack, text, strlen(text), 0600, err);
}
