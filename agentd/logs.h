/*
 * What containers print: taken from named FIFOs, written to CRI log files, read back by people.
 *
 * Each workload has two FIFOs and its staging in a run directory of mode 0700 that no container can
 * reach, and its log files in a directory of the state. Both outlive a container, so one `struct
 * logs` serves all incarnations of a workload; the log files also outlive the workload. An agent
 * may die at any moment (kill -9): the next one's logs_open() goes on with no line lost and none
 * doubled; logs.c tells how.
 *
 * A line is `2026-11-21T00:00:00.000000000Z stdout F message`; one longer than LOGS_LINE_MAX is
 * written in parts, all but the last marked P. Log files are "00000001.log" and so on, the highest
 * number is the current one.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/httpd.h"
#include "base/loop.h"

#define LOGS_LINE_MAX   16384      /* bytes of a container's line in one log line */
#define LOGS_FILE_BYTES (10 << 20) /* size at which a file is followed by the next */
#define LOGS_FILES      5          /* kept for each workload, the current one included */

struct logs; /* the log of one workload */

struct logs_conf {
	const char *run_dir; /* of all workloads; FIFOs and staging live in run_dir/id/ */
	const char *log_dir; /* of all workloads; files live in log_dir/id/ */
	const char *id;      /* an sp_id */
	uint64_t file_bytes; /* 0: LOGS_FILE_BYTES */
	unsigned int files;  /* 0: LOGS_FILES */
};

/* Make or take over a workload's log and read its FIFOs on the loop from now on. */
int logs_open(struct sp_loop *loop, const struct logs_conf *conf, struct logs **ret,
	      struct sp_err *err);
void logs_close(struct logs *l); /* stop reading; everything on disk stays. Takes NULL */
/* The FIFOs and staging of a workload that is gone; its log files stay. Absent is fine. */
int logs_forget(const char *run_dir, const char *id, struct sp_err *err);

/*
 * Descriptors for the standard output and error of a new container: blocking, open for reading too,
 * so that a missing agent is only back-pressure. Owned by the caller, who closes them once the
 * container has them.
 */
int logs_stdio(struct logs *l, int *ret_stdout, int *ret_stderr, struct sp_err *err);

/* A container has ended: take what is still in the FIFOs now, and end an unfinished line. */
void logs_drain(struct logs *l);

/* The last n lines' messages (no stamps), at most WIRE_EVIDENCE_MAX bytes, each ended by '\n'. */
int logs_last(struct logs *l, unsigned int n, struct sp_buf *out, struct sp_err *err);

struct logs_query {
	int64_t since_ns; /* CLOCK_REALTIME; 0: from the first line kept */
	int64_t tail;     /* at most so many last lines; negative: all */
	bool follow;      /* go on with new lines until the reader goes away */
};

/*
 * A chunked reply of log lines for req. l is NULL for a workload that is gone, whose log files stay
 * readable (SP_E_NOT_FOUND when there are none); then follow is ignored. logs_close() ends
 * followers.
 */
int logs_source(struct logs *l, const char *log_dir, const char *id, const struct logs_query *query,
		struct sp_httpd_req *req, struct sp_httpd_source *ret, struct sp_err *err);
