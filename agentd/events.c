/*
 * See events.h. Three numbers move forward: `next`, given to the newest event; `written`, the last
 * one in the file; `durable`, the last one that an fsync has covered, which is as far as readers
 * see. One fsync is in flight at most and covers all that was written before it began.
 */
#include "agentd/events.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "agentd/events_file.h"
#include "agentd/text.h"
#include "base/fd.h"
#include "base/json.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/time.h"

#define MESSAGE_MAX 512
#define RETRY_NS    (5 * SP_NS_PER_S)

struct events {
	struct sp_loop *loop;
	int dirfd, fd;
	unsigned int files_kept;
	uint64_t *files; /* first numbers, ascending; the last is the current file's */
	size_t n_files;
	uint64_t next, written, durable, syncing;
	uint64_t size; /* of the current file */
	uint64_t dropped;
	bool failing;
	struct sp_buf waiting; /* lines that are not in the file yet */
	uint64_t n_waiting;
	struct sp_op sync;
	struct sp_timer retry;
	struct sp_list watches;
};

static void start_sync(struct events *e)
{
	if (sp_op_busy(&e->sync) || e->durable == e->written)
		return;
	e->syncing = e->written;
	sp_op_fsync(e->loop, &e->sync, e->fd);
}

static void on_synced(struct sp_op *op, int res, bool more)
{
	struct events *e = op->owner;
	struct events_watch *w;
	struct sp_list ready;

	(void)more;
	if (res < 0)
		sp_log(SP_LOG_ERROR, "events.sync", SP_INT("errno", -res));
	e->durable = e->syncing;
	start_sync(e);
	sp_list_init(&ready);
	SP_LIST_EACH (&e->watches, w, link) {
		sp_list_remove(&w->link);
		sp_list_append(&ready, &w->link);
	}
	while (!sp_list_empty(&ready)) {
		w = sp_container_of(ready.next, struct events_watch, link);
		sp_list_remove(&w->link);
		w->fn(w);
	}
}

/* Begin the file of event `first`. The one before is synced first: its events count as durable. */
static int next_file(struct events *e, uint64_t first, struct sp_err *err)
{
	uint64_t *grown = realloc(e->files, (e->n_files + 1) * sizeof(*e->files));
	char name[EVENTS_NAME_MAX];
	int fd;

	if (!grown)
		return sp_fail_nomem(err);
	e->files = grown;
	events_file_name(first, name);
	fd = openat(e->dirfd, name, O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
	if (fd < 0)
		return sp_fail_errno(err, errno, "event file '%s'", name);
	if (e->fd >= 0 && fdatasync(e->fd) < 0)
		sp_log(SP_LOG_ERROR, "events.sync", SP_INT("errno", errno));
	sp_close(&e->fd);
	e->fd = fd;
	e->size = 0;
	e->files[e->n_files++] = first;
	return 0;
}

static void drop_old_files(struct events *e)
{
	char name[EVENTS_NAME_MAX];

	while (e->n_files > e->files_kept) {
		events_file_name(e->files[0], name);
		unlinkat(e->dirfd, name, 0);
		memmove(e->files, e->files + 1, --e->n_files * sizeof(*e->files));
	}
}

/* All that waits goes into the file, or nothing of it. */
static int write_waiting(struct events *e)
{
	struct sp_err err = { 0 };
	int r = 0;

	if (sp_op_busy(&e->sync) && e->size >= EVENTS_FILE_BYTES)
		return 0; /* the file may not be closed under the fsync; on_synced comes back */
	if (e->size >= EVENTS_FILE_BYTES || e->fd < 0)
		r = next_file(e, e->written + 1, &err);
	if (r == 0) {
		r = sp_write_all(e->fd, e->waiting.data, e->waiting.len);
		if (r < 0 && ftruncate(e->fd, (off_t)e->size) < 0)
			sp_log(SP_LOG_ERROR, "events.truncate", SP_INT("errno", errno));
	}
	if (r < 0)
		return r;
	e->size += e->waiting.len;
	e->written += e->n_waiting;
	e->n_waiting = 0;
	sp_buf_clear(&e->waiting);
	drop_old_files(e);
	return 0;
}

static void flush(struct events *e)
{
	int r = e->n_waiting ? write_waiting(e) : 0;

	if (r < 0 && !e->failing)
		sp_log(SP_LOG_ERROR, "events.write", SP_INT("errno", -r));
	e->failing = r < 0;
	if (e->n_waiting)
		sp_timer_arm_in(e->loop, &e->retry, r < 0 ? RETRY_NS : SP_NS_PER_MS);
	start_sync(e);
}

static void on_retry(struct sp_timer *t)
{
	flush(t->owner);
}

static char *event_text(uint64_t number, const char *type, const char *stack, const char *workload,
			json_t *fields, const char *message)
{
	char at[SP_TIME_STAMP_MAX];
	autojson json_t *event = NULL;

	sp_time_format(sp_time_real_ns(), at);
	event = json_pack("{s:I, s:s, s:s, s:s*, s:s*, s:s, s:o*}", "seq", (json_int_t)number, "at",
			  at, "type", type, "stack", stack, "workload", workload, "message",
			  message, "fields", fields);
	return event ? sp_json_text(event) : NULL;
}

void events_emit(struct events *e, const char *type, const char *stack, const char *workload,
		 json_t *fields, const char *fmt, ...)
{
	char message[MESSAGE_MAX];
	autofree char *text = NULL;
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(message, sizeof(message), fmt, ap);
	va_end(ap);
	text_clean(message);
	text = event_text(e->next, type, stack, workload, fields, message);
	if (!text || e->waiting.len > EVENTS_WAITING_BYTES ||
	    !sp_buf_reserve(&e->waiting, strlen(text) + 1)) {
		e->dropped++;
		sp_log(SP_LOG_ERROR, "events.dropped", SP_INT("count", e->dropped));
		return;
	}
	sp_buf_puts(&e->waiting, text);
	sp_buf_putc(&e->waiting, '\n');
	e->n_waiting++;
	e->next++;
	flush(e);
}

uint64_t events_last(const struct events *e)
{
	return e->durable;
}

int events_read(struct events *e, uint64_t after, size_t limit, json_t **ret, uint64_t *ret_next,
		struct sp_err *err)
{
	autojson json_t *list = json_array();
	size_t i = e->n_files;

	if (!list)
		return sp_fail_nomem(err);
	while (i > 1 && e->files[i - 1] > after + 1)
		i--;
	for (i = i ? i - 1 : 0; i < e->n_files && json_array_size(list) < limit; i++) {
		autobuf struct sp_buf text = SP_BUF_INIT;
		int r = events_file_read(e->dirfd, e->files[i], &text, err);

		if (r == 0)
			r = events_collect(&text, e->files[i], after, e->durable, limit, list, err);
		if (r < 0)
			return r;
	}
	*ret_next = after < e->durable ? after : e->durable;
	if (json_array_size(list))
		*ret_next = (uint64_t)json_integer_value(
			json_object_get(json_array_get(list, json_array_size(list) - 1), "seq"));
	*ret = take_ptr(list);
	return 0;
}

void events_watch(struct events *e, struct events_watch *w)
{
	sp_list_init(&w->link);
	sp_list_append(&e->watches, &w->link);
}

void events_unwatch(struct events_watch *w)
{
	sp_list_remove(&w->link);
}

/* Count the events of the newest file and cut what a crash left half written. */
static int take_up_last_file(struct events *e, struct sp_err *err)
{
	autobuf struct sp_buf text = SP_BUF_INIT;
	uint64_t first = e->files[e->n_files - 1];
	char name[EVENTS_NAME_MAX];
	size_t whole = 0, lines;
	int r = events_file_read(e->dirfd, first, &text, err);

	if (r < 0)
		return r;
	events_file_name(first, name);
	e->fd = openat(e->dirfd, name, O_RDWR | O_APPEND | O_CLOEXEC);
	if (e->fd < 0)
		return sp_fail_errno(err, errno, "event file '%s'", name);
	lines = events_lines(text.data, text.len, &whole);
	if (whole < text.len && ftruncate(e->fd, (off_t)whole) < 0)
		return sp_fail_errno(err, errno, "cut event file '%s'", name);
	if (fsync(e->fd) < 0)
		return sp_fail_errno(err, errno, "sync event file '%s'", name);
	e->size = whole;
	e->next = first + lines;
	return 0;
}

int events_open(struct sp_loop *loop, int dirfd, unsigned int files_kept, struct events **ret,
		struct sp_err *err)
{
	struct events *e = calloc(1, sizeof(*e));
	int r;

	if (!e)
		return sp_fail_nomem(err);
	*e = (struct events){
		.loop = loop, .dirfd = dirfd, .fd = -1, .next = 1, .files_kept = files_kept
	};
	sp_list_init(&e->watches);
	e->sync.fn = on_synced;
	e->sync.owner = e;
	e->retry = (struct sp_timer){ .fn = on_retry, .owner = e };
	r = events_files(dirfd, &e->files, &e->n_files, err);
	if (r == 0 && e->n_files)
		r = take_up_last_file(e, err);
	if (r < 0) {
		events_close(e);
		return r;
	}
	e->written = e->durable = e->next - 1;
	*ret = e;
	return 0;
}

void events_close(struct events *e)
{
	if (!e)
		return;
	sp_timer_cancel(&e->retry);
	while (sp_op_busy(&e->sync) && sp_loop_run_once(e->loop, -1, NULL) >= 0)
		;
	if (e->n_waiting && write_waiting(e) < 0)
		sp_log(SP_LOG_ERROR, "events.lost", SP_INT("count", e->n_waiting));
	sp_timer_cancel(&e->retry);
	sp_close(&e->fd);
	sp_buf_fini(&e->waiting);
	free(e->files);
	free(e);
}
