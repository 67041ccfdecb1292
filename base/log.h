/*
 * Structured log: named events with typed fields.
 *
 *   sp_log(SP_LOG_INFO, "container.exit", SP_STR("id", id), SP_INT("status", status));
 *
 * Written to standard error: logfmt on a terminal, JSON lines otherwise. One line is one write(2);
 * when it cannot be written at once it is dropped and counted, and the next line that gets through
 * says how many were lost. Thread-safe. A secret is passed with SP_SECRET and prints as
 * "[redacted]".
 */
#pragma once

#include <stdint.h>

enum sp_log_level { SP_LOG_DEBUG, SP_LOG_INFO, SP_LOG_WARN, SP_LOG_ERROR };
enum sp_log_type { SP_LOG_END, SP_LOG_STR, SP_LOG_INT, SP_LOG_BOOL, SP_LOG_NS, SP_LOG_SECRET };

struct sp_log_field {
	enum sp_log_type type;
	const char *key;
	const char *s;
	int64_t i;
};

#define SP_STR(k, v)       ((struct sp_log_field){ .type = SP_LOG_STR, .key = (k), .s = (v) })
#define SP_INT(k, v)       ((struct sp_log_field){ .type = SP_LOG_INT, .key = (k), .i = (int64_t)(v) })
#define SP_BOOL(k, v)      ((struct sp_log_field){ .type = SP_LOG_BOOL, .key = (k), .i = (v) ? 1 : 0 })
#define SP_DURATION(k, ns) ((struct sp_log_field){ .type = SP_LOG_NS, .key = (k), .i = (ns) })
#define SP_SECRET(k)       ((struct sp_log_field){ .type = SP_LOG_SECRET, .key = (k) })
#define SP_ERR(e)          SP_STR("error", (e)->message)

#ifdef SP_CPPCHECK /* which does not know __VA_OPT__ */
void sp_log(enum sp_log_level level, const char *event, ...);
#else
#define sp_log(level, event, ...) \
	sp_log_write(             \
		(level), (event), \
		(const struct sp_log_field[]){ __VA_ARGS__ __VA_OPT__(, ){ .type = SP_LOG_END } })
#endif

void sp_log_write(enum sp_log_level level, const char *event, const struct sp_log_field *fields);

void sp_log_open(const char *program,
		 enum sp_log_level least); /* once at start; program must outlive the log */
int sp_log_level_parse(const char *name);  /* debug, info, warn, error; -1 for anything else */
