/* Errors as fixed-size values; see err.h. */
#include "base/err.h"

#include <assert.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static const struct {
	const char *name;
	int num;
	int retryable;
} codes[] = { [SP_E_OK] = { "ok", 0, 0 },
#define X(sym, name, num, again) [SP_E_##sym] = { name, num, again },
	      SP_ERR_CODES(X)
#undef X
};

static const char *const stages[] = {
#define X(sym, name) [SP_STAGE_##sym] = name,
	SP_STAGES(X)
#undef X
};

#define COUNT(a) (int)(sizeof(a) / sizeof((a)[0]))

/* Mark a cut message, so nobody takes half an operand for the whole. */
static void mark_cut(struct sp_err *err)
{
	memcpy(err->message + sizeof(err->message) - 4, "...", 4);
}

static void format_message(struct sp_err *err, const char *fmt, va_list ap)
{
	int n = vsnprintf(err->message, sizeof(err->message), fmt, ap);

	if (n < 0)
		err->message[0] = '\0';
	else if ((size_t)n >= sizeof(err->message))
		mark_cut(err);
}

static void append_errno(struct sp_err *err, int num)
{
	size_t used = strlen(err->message);
	int n = snprintf(err->message + used, sizeof(err->message) - used, ": %s", strerror(num));

	if (n >= 0 && (size_t)n >= sizeof(err->message) - used)
		mark_cut(err);
}

static enum sp_err_code code_of_errno(int num)
{
	switch (num) {
	case ENOENT:
		return SP_E_NOT_FOUND;
	case EEXIST:
		return SP_E_EXISTS;
	case ENOMEM:
		return SP_E_NO_MEMORY;
	case ENOSPC:
	case EDQUOT:
		return SP_E_NO_SPACE;
	case EACCES:
	case EPERM:
		return SP_E_DENIED;
	case E2BIG:
		return SP_E_TOO_LARGE;
	case ENOTDIR:
	case ELOOP:
	case ENAMETOOLONG:
		return SP_E_INVALID;
	case EXDEV:
		return SP_E_ESCAPE;
	case ETIMEDOUT:
		return SP_E_TIMEOUT;
	case ECONNREFUSED:
	case EHOSTUNREACH:
	case ENETUNREACH:
	case ECONNRESET:
		return SP_E_UNREACHABLE;
	case ENOSYS:
	case EOPNOTSUPP:
		return SP_E_UNSUPPORTED;
	default:
		return SP_E_SYSTEM;
	}
}

int sp_fail(struct sp_err *err, enum sp_err_code code, const char *fmt, ...)
{
	va_list ap;

	assert(code > SP_E_OK && (int)code < COUNT(codes));
	if (err) {
		err->code = (int)code;
		err->num = codes[code].num;
		err->stage = SP_STAGE_NONE;
		va_start(ap, fmt);
		format_message(err, fmt, ap);
		va_end(ap);
	}
	return -codes[code].num;
}

int sp_fail_errno(struct sp_err *err, int num, const char *fmt, ...)
{
	va_list ap;

	assert(num > 0);
	if (err) {
		err->code = (int)code_of_errno(num);
		err->num = num;
		err->stage = SP_STAGE_NONE;
		va_start(ap, fmt);
		format_message(err, fmt, ap);
		va_end(ap);
		append_errno(err, num);
	}
	return -num;
}

int sp_fail_nomem(struct sp_err *err)
{
	return sp_fail(err, SP_E_NO_MEMORY, "out of memory");
}

int sp_err_of_sender(struct sp_err *err)
{
	if (!err)
		return -EINVAL;
	if (err->code == SP_E_CORRUPT) {
		err->code = SP_E_INVALID;
		err->num = EINVAL;
	}
	return sp_err_return(err);
}

int sp_err_prefix(struct sp_err *err, const char *fmt, ...)
{
	char old[SP_ERR_MESSAGE_MAX];
	size_t used;
	va_list ap;
	int n;

	if (!err)
		return -EIO;
	memcpy(old, err->message, sizeof(old));
	va_start(ap, fmt);
	format_message(err, fmt, ap);
	va_end(ap);
	used = strlen(err->message);
	n = snprintf(err->message + used, sizeof(err->message) - used, ": %s", old);
	if (n >= 0 && (size_t)n >= sizeof(err->message) - used)
		mark_cut(err);
	return sp_err_return(err);
}

void sp_err_at(struct sp_err *err, enum sp_stage stage)
{
	if (err && err->stage == SP_STAGE_NONE)
		err->stage = (int)stage;
}

int sp_err_return(const struct sp_err *err)
{
	return err->num > 0 ? -err->num : -EIO;
}

int sp_err_retryable(const struct sp_err *err)
{
	return err->code > 0 && err->code < COUNT(codes) && codes[err->code].retryable;
}

const char *sp_err_code_name(int code)
{
	return code >= 0 && code < COUNT(codes) ? codes[code].name : "unknown";
}

int sp_err_code_parse(const char *name)
{
	for (int i = 0; i < COUNT(codes); i++)
		if (!strcmp(codes[i].name, name))
			return i;
	return -1;
}

const char *sp_stage_name(int stage)
{
	return stage >= 0 && stage < COUNT(stages) ? stages[stage] : "unknown";
}

int sp_stage_parse(const char *name)
{
	for (int i = 0; i < COUNT(stages); i++)
		if (!strcmp(stages[i], name))
			return i;
	return -1;
}
