/*
 * Inside the logs: what their files share. Nobody else includes this.
 *
 *   logs.c        a workload's log on the loop, and the essay on why no line is lost or doubled
 *   logs_stage.c  FIFO -> staging
 *   logs_files.c  the numbered log files and the ledger
 *   logs_cri.c    bytes -> log lines
 *   logs_find.c   places in the files: by number, by time, counted from the end
 *   logs_read.c   reading back
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "agentd/logs.h"
#include "base/list.h"
#include "base/time.h"

#define LOGS_STREAMS   2
#define LOGS_CHUNK     65536       /* bytes taken from a FIFO and formatted at once */
#define LOGS_OUT       131072      /* bytes appended to a log file at once */
#define LOGS_STAGE_MAX (1 << 20)   /* bytes a stream may have staged; beyond it is back-pressure */
#define LOGS_PIPE      (256 << 10) /* wished capacity of a FIFO */
#define LOGS_ROUND_MAX (1 << 20)   /* bytes of one workload in one round of the loop */
#define LOGS_REST_NS   (2 * SP_NS_PER_MS) /* pause after a round that found little */
#define LOGS_LITTLE    (16 << 10)
#define LOGS_RETRY_NS  SP_NS_PER_S /* after a full disk */
#define LOGS_NAME_MAX  16          /* "00000001.log" */

extern const char *const logs_stream_names[LOGS_STREAMS]; /* both LOGS_STREAM_LEN long */
#define LOGS_STREAM_LEN 6
#define LOGS_TAG_AT \
	(SP_TIME_STAMP_MAX - 1 + 1 + LOGS_STREAM_LEN + 1) /* place of F or P in a line */
#define LOGS_HEAD_LEN (LOGS_TAG_AT + 2)                   /* all before the message */

/* Where a test may kill the process: after each step of the protocol. NULL in the agent. */
enum logs_step {
	LOGS_TAKEN,
	LOGS_APPENDED,
	LOGS_COMMITTED,
	LOGS_CREATED,
	LOGS_ROTATED,
	LOGS_FREED
};
extern void (*logs_step_hook)(enum logs_step step);
void logs_step(enum logs_step step);

/* One stream's FIFO and staging file. */
struct logs_stage {
	int fifo, file;
	uint64_t end;   /* bytes ever taken from the FIFO: the size of the file */
	uint64_t freed; /* bytes at its front given back to the file system */
};

int logs_stage_open(struct logs_stage *s, int dirfd, const char *name, struct sp_err *err);
void logs_stage_close(struct logs_stage *s);
/* Take up to LOGS_CHUNK bytes: their count, 0 when the FIFO is empty, -errno. */
ssize_t logs_stage_take(struct logs_stage *s);
ssize_t logs_stage_read(const struct logs_stage *s, uint64_t from, char *buf, size_t room);
void logs_stage_free(struct logs_stage *s, uint64_t upto); /* bytes before upto are in the log */

/* What counts, committed as one: the log file's size and what of each stream it holds. */
struct logs_ledger {
	uint64_t magic;
	uint64_t number, size;
	uint64_t taken[LOGS_STREAMS];
	uint64_t check;
};

struct logs_files {
	int dirfd, ledger_fd, fd; /* of the current file */
	uint64_t file_bytes;
	unsigned int keep;
	struct logs_ledger now; /* as committed */
};

int logs_files_open(struct logs_files *f, int run_dirfd, const struct logs_conf *conf,
		    struct sp_err *err);
void logs_files_close(struct logs_files *f);
/* Append len bytes of whole lines that take stream's bytes up to `taken`; 0 or -errno, all or
 * nothing. */
int logs_files_append(struct logs_files *f, const char *data, size_t len, int stream,
		      uint64_t taken);
bool logs_files_drop_oldest(struct logs_files *f);

/* Format what is complete of in; with `end` also an unfinished last line. Returns the bytes put to
 * out; *ret_used is how much of in they stand for. */
size_t logs_cri_format(int stream, int64_t stamp_ns, const char *in, size_t len, bool end,
		       char *out, size_t room, size_t *ret_used);

/* A place in the files of a directory. */
struct logs_place {
	uint64_t number;
	off_t off;
};

void logs_name(uint64_t number, char ret[LOGS_NAME_MAX]);
int logs_open_number(int dirfd, uint64_t number, int flags);
/* The lowest and highest number in dirfd; false when there is none. */
bool logs_numbers(int dirfd, uint64_t *ret_low, uint64_t *ret_high);
/* Bytes of a file that count: what is committed for the current one of l, else its size. */
off_t logs_size(const struct logs *l, uint64_t number, int fd);
int logs_find_since(const struct logs *l, int dirfd, int64_t since_ns, struct logs_place *ret);
int logs_find_tail(const struct logs *l, int dirfd, int64_t lines, struct logs_place *ret);

/* A reader of a live log is in its list, so that it is woken, and let go when the log closes. */
struct logs_reader {
	struct sp_list link;
	const struct logs *l; /* NULL: the workload is gone */
	struct sp_httpd_req *req;
	struct logs_place at;
	int dirfd, fd;
	bool follow;
};

/* A workload's log. */
struct logs {
	struct sp_loop *loop;
	int run_dirfd;
	struct logs_stage stages[LOGS_STREAMS];
	struct logs_files files;
	struct sp_op watches[LOGS_STREAMS];
	struct sp_timer again;
	struct sp_list readers;
	int64_t stamp_ns; /* of the last line; stamps never go back */
	int64_t round_ns; /* when the last round was */
	bool little;      /* and it found little */
	bool stalled;     /* a full disk has been told about */
	bool closing;
	char id[64];
};

void logs_wake_readers(struct logs *l);
