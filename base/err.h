/*
 * Errors: a fixed-size value that says what went wrong, and crosses a pipe in one write.
 *
 * Every fallible function takes `struct sp_err *err` last, leaves it untouched on success, and on
 * failure fills it and returns -errno. err may be NULL where the caller only needs the return
 * value. A message is lower case, quotes its operands and has no full stop. Expected outcomes are
 * not errors: they are positive results.
 */
#pragma once

#include <stddef.h>

/* code, name on the wire, the errno returned for it, whether trying again may help */
#define SP_ERR_CODES(X)                                \
	X(INTERNAL, "internal", EIO, 0)                \
	X(SYSTEM, "system", EIO, 0)                    \
	X(NO_MEMORY, "no_memory", ENOMEM, 1)           \
	X(INVALID, "invalid", EINVAL, 0)               \
	X(UNSUPPORTED, "unsupported", EOPNOTSUPP, 0)   \
	X(NOT_FOUND, "not_found", ENOENT, 0)           \
	X(EXISTS, "exists", EEXIST, 0)                 \
	X(CONFLICT, "conflict", EBUSY, 0)              \
	X(FENCED, "fenced", ESTALE, 0)                 \
	X(LOCKED, "locked", EBUSY, 1)                  \
	X(DENIED, "denied", EACCES, 0)                 \
	X(TOO_LARGE, "too_large", E2BIG, 0)            \
	X(NO_SPACE, "no_space", ENOSPC, 0)             \
	X(CORRUPT, "corrupt", EBADMSG, 0)              \
	X(ESCAPE, "escape", EXDEV, 0)                  \
	X(TIMEOUT, "timeout", ETIMEDOUT, 1)            \
	X(UNREACHABLE, "unreachable", EHOSTUNREACH, 1) \
	X(UNHEALTHY, "unhealthy", EAGAIN, 1)           \
	X(INTERRUPTED, "interrupted", EINTR, 1)        \
	X(UNPLACEABLE, "unplaceable", ENOSPC, 0)

enum sp_err_code {
	SP_E_OK = 0,
#define X(sym, name, num, again) SP_E_##sym,
	SP_ERR_CODES(X)
#undef X
};

/* Where in a deploy something failed (DESIGN.md, "a failure has an address"). */
#define SP_STAGES(X)            \
	X(NONE, "none")         \
	X(CLIENT, "client")     \
	X(VALIDATE, "validate") \
	X(LOCK, "lock")         \
	X(PLAN, "plan")         \
	X(PLACE, "place")       \
	X(BUILD, "build")       \
	X(PULL, "pull")         \
	X(PREPARE, "prepare")   \
	X(START, "start")       \
	X(PROBE, "probe")       \
	X(INGRESS, "ingress")   \
	X(VERIFY, "verify")     \
	X(STORE, "store")

enum sp_stage {
#define X(sym, name) SP_STAGE_##sym,
	SP_STAGES(X)
#undef X
};

#define SP_ERR_MESSAGE_MAX 480

struct sp_err {
	int code;  /* enum sp_err_code */
	int num;   /* positive errno, 0 if there is none */
	int stage; /* enum sp_stage; set by whoever knows it, NONE below that */
	char message[SP_ERR_MESSAGE_MAX];
};

/* Fill err and return -errno for code. A message that does not fit is cut and ends in "...". */
int sp_fail(struct sp_err *err, enum sp_err_code code, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

/*
 * The same for a system call that set errno: num is that errno (positive); its text is appended as
 * ": text". The code is chosen from num (ENOENT gives NOT_FOUND, ENOSPC and EDQUOT give NO_SPACE,
 * ...); returns -num.
 */
int sp_fail_errno(struct sp_err *err, int num, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

/* Running out of memory, an error like any other. */
int sp_fail_nomem(struct sp_err *err);

/* Damage found in what a client sent is that client's mistake: CORRUPT becomes INVALID. Returns as
 * sp_err_prefix(). */
int sp_err_of_sender(struct sp_err *err);

/* Put "text: " before the message of an err that is already set; returns -errno of it (for
 * `return`). */
int sp_err_prefix(struct sp_err *err, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* Set the stage unless a deeper caller already did. err may be NULL. */
void sp_err_at(struct sp_err *err, enum sp_stage stage);

int sp_err_return(const struct sp_err *err); /* -errno of a filled err */
int sp_err_retryable(const struct sp_err *err);

const char *sp_err_code_name(int code);  /* "not_found"; "ok" for 0; "unknown" outside the list */
int sp_err_code_parse(const char *name); /* the code, or -1 */
const char *sp_stage_name(int stage);
int sp_stage_parse(const char *name); /* the stage, or -1 */
