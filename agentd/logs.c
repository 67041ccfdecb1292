/*
 * A workload's log: no line lost, none doubled, whenever this process is killed.
 *
 * A byte's way is FIFO -> staging file -> log file, and each step is one system call that has
 * either happened or not:
 *
 *   take    splice(2) moves bytes from the FIFO to the end of the staging file. The kernel does
 * both halves in one call, and looks for a fatal signal only between whole pages it has accounted
 * for on both sides. So the staging file's size *is* the record of what was taken. (A read(2) into
 * memory, mapped or not, cannot say after a kill how much it read.) append  lines are formatted
 * from the staged bytes and pwritten at the end of what counts of the log file. Until the next step
 * they do not count. commit  one pwrite of the ledger says: so much of log file N counts, and it
 * holds the first so many bytes of stdout and of stderr.
 *
 * After a kill the next agent reads the ledger, truncates log file N to what counts, and formats
 * again whatever the staging files hold beyond what the ledger says was taken. Killed after take:
 * the bytes are staged, and get formatted. After append: cut off, and appended again. After commit:
 * nothing to do. A new log file is created before a commit names it; one that no commit named is
 * truncated when its number's turn comes. Staged bytes are freed (punched out, the size stays) only
 * after the commit that covers them.
 *
 * An unfinished line stays in the staging file, at most LOGS_LINE_MAX bytes, until its end arrives
 * or its container has ended; there is no line state outside it that could be lost.
 *
 * Files rather than mappings: a mapped file on a full tmpfs is a SIGBUS, a system call is an error;
 * and what is not mapped is not resident, which matters at some hundred workloads. Against a kill
 * the page cache is as good as a disk, so nothing here calls fsync.
 *
 * A full disk is back-pressure: nothing is dropped but older files of the same log; the container
 * blocks once its FIFO is full, and goes on when there is room again.
 */
#include "agentd/logs.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "agentd/logs_impl.h"
#include "base/fd.h"
#include "base/log.h"
#include "base/path.h"
#include "base/str.h"

void (*logs_step_hook)(enum logs_step step);

void logs_step(enum logs_step step)
{
	if (logs_step_hook)
		logs_step_hook(step);
}

/* One stamp for what is formatted together; the clock may be set back, the log's stamps not. */
static int64_t next_stamp(struct logs *l)
{
	int64_t now = sp_time_real_ns();

	if (now > l->stamp_ns)
		l->stamp_ns = now;
	return l->stamp_ns;
}

static size_t out_room(const struct logs *l)
{
	size_t least = LOGS_HEAD_LEN + LOGS_LINE_MAX + 1;

	if (l->files.file_bytes >= LOGS_OUT)
		return LOGS_OUT;
	return l->files.file_bytes > least ? (size_t)l->files.file_bytes : least;
}

/* A disk without room: give up this log's oldest file for it, as often as there is one. */
static int append(struct logs *l, const char *out, size_t len, int stream, uint64_t taken)
{
	int r;

	do
		r = logs_files_append(&l->files, out, len, stream, taken);
	while (r == -ENOSPC && logs_files_drop_oldest(&l->files));
	return r;
}

/* Format one chunk of staged bytes and append it; returns the bytes of it that are in the log now.
 */
static ssize_t write_chunk(struct logs *l, int stream, bool end)
{
	struct logs_stage *s = &l->stages[stream];
	char in[LOGS_CHUNK], out[LOGS_OUT];
	uint64_t from = l->files.now.taken[stream];
	ssize_t n = logs_stage_read(s, from, in, sizeof(in));
	size_t used, len;
	int r;

	if (n <= 0)
		return n;
	end = end && from + (uint64_t)n == s->end;
	len = logs_cri_format(stream, next_stamp(l), in, (size_t)n, end, out, out_room(l), &used);
	if (!len)
		return 0;
	r = append(l, out, len, stream, from + used);
	if (r < 0)
		return r;
	logs_stage_free(s, from + used);
	return (ssize_t)used;
}

static int write_staged(struct logs *l, int stream, bool end)
{
	ssize_t n;
	bool news = false;

	while ((n = write_chunk(l, stream, end)) > 0)
		news = true;
	if (news)
		logs_wake_readers(l);
	return (int)n;
}

/* Room on the disk came to an end, or came back: said once each. */
static void tell_stall(struct logs *l, int error)
{
	if (error < 0 && !l->stalled)
		sp_log(SP_LOG_WARN, "logs.stalled", SP_STR("workload", l->id),
		       SP_STR("error", strerror(-error)));
	if (error >= 0 && l->stalled)
		sp_log(SP_LOG_INFO, "logs.resumed", SP_STR("workload", l->id));
	l->stalled = error < 0;
}

/* Move a stream until its FIFO is empty or max bytes are through; returns bytes moved or -errno. */
static ssize_t pump(struct logs *l, int stream, size_t max)
{
	struct logs_stage *s = &l->stages[stream];
	size_t moved = 0;
	int r = write_staged(l, stream, false);

	while (r >= 0 && moved < max) {
		ssize_t n = 0;

		if (s->end - l->files.now.taken[stream] <= LOGS_STAGE_MAX)
			n = logs_stage_take(s);
		if (n <= 0)
			return n < 0 ? n : (ssize_t)moved;
		moved += (size_t)n;
		r = write_staged(l, stream, false);
	}
	return r < 0 ? r : (ssize_t)moved;
}

static void round_of(struct logs *l)
{
	size_t total = 0;
	bool more = false;
	int error = 0;

	for (int i = 0; i < LOGS_STREAMS; i++) {
		ssize_t n = pump(l, i, LOGS_ROUND_MAX);

		if (n < 0)
			error = (int)n;
		total += n > 0 ? (size_t)n : 0;
		more |= n >= LOGS_ROUND_MAX;
	}
	tell_stall(l, error);
	l->round_ns = sp_loop_now_ns(l->loop);
	l->little = total < LOGS_LITTLE;
	if (error < 0)
		(void)sp_timer_arm_in(l->loop, &l->again, LOGS_RETRY_NS);
	else if (more)
		(void)sp_timer_arm_in(l->loop, &l->again, 0);
}

static void on_again(struct sp_timer *t)
{
	round_of(t->owner);
}

static void free_when_idle(struct logs *l)
{
	for (int i = 0; i < LOGS_STREAMS; i++)
		if (sp_op_busy(&l->watches[i]))
			return;
	for (int i = 0; i < LOGS_STREAMS; i++)
		logs_stage_close(&l->stages[i]);
	logs_files_close(&l->files);
	sp_close(&l->files.dirfd);
	sp_close(&l->run_dirfd);
	free(l);
}

/* Many small writes are taken together: a round that found little is followed by a short rest. */
static void on_readable(struct sp_op *op, int res, bool more)
{
	struct logs *l = op->owner;
	int64_t rested = sp_loop_now_ns(l->loop) - l->round_ns;

	if (l->closing) {
		if (!more)
			free_when_idle(l);
		return;
	}
	if (!more) { /* the watch itself broke; the timer is what remains */
		sp_log(SP_LOG_ERROR, "logs.watch", SP_STR("workload", l->id),
		       SP_STR("error", strerror(-res)));
		(void)sp_timer_arm_in(l->loop, &l->again, LOGS_RETRY_NS);
		return;
	}
	if (l->again.due_ns)
		return;
	if (l->little && rested < LOGS_REST_NS)
		(void)sp_timer_arm_in(l->loop, &l->again, LOGS_REST_NS - rested);
	else
		round_of(l);
}

/* run_dir/id and log_dir/id; both are closed to everybody but us. */
static int open_dirs(struct logs *l, const struct logs_conf *conf, struct sp_err *err)
{
	const char *const parents[] = { conf->run_dir, conf->log_dir };
	int *const fds[] = { &l->run_dirfd, &l->files.dirfd };

	for (int i = 0; i < 2; i++) {
		autofree char *path = sp_str_format("%s/%s", parents[i], conf->id);
		int r = path ? sp_mkdirs(path, 0700, err) : sp_fail_nomem(err);

		if (r < 0)
			return r;
		*fds[i] = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		if (*fds[i] < 0)
			return sp_fail_errno(err, errno, "'%s'", path);
	}
	return 0;
}

static int open_all(struct logs *l, const struct logs_conf *conf, struct sp_err *err)
{
	int r = open_dirs(l, conf, err);

	for (int i = 0; r == 0 && i < LOGS_STREAMS; i++)
		r = logs_stage_open(&l->stages[i], l->run_dirfd, logs_stream_names[i], err);
	if (r == 0)
		r = logs_files_open(&l->files, l->run_dirfd, conf, err);
	if (r < 0)
		sp_err_prefix(err, "log of '%s'", conf->id);
	return r;
}

/* A staging file that came back shorter than the ledger knew it is a new one. */
static void check_stages(struct logs *l)
{
	for (int i = 0; i < LOGS_STREAMS; i++) {
		if (l->files.now.taken[i] > l->stages[i].end)
			l->files.now.taken[i] = 0;
		l->stages[i].freed = l->files.now.taken[i];
	}
}

static struct logs *logs_alloc(struct sp_loop *loop, const struct logs_conf *conf)
{
	struct logs *l = calloc(1, sizeof(*l));

	if (!l)
		return NULL;
	l->loop = loop;
	l->run_dirfd = l->files.dirfd = l->files.fd = l->files.ledger_fd = -1;
	sp_list_init(&l->readers);
	snprintf(l->id, sizeof(l->id), "%s", conf->id);
	l->again = (struct sp_timer){ .fn = on_again, .owner = l };
	for (int i = 0; i < LOGS_STREAMS; i++) {
		l->stages[i].fifo = l->stages[i].file = -1;
		l->watches[i] = (struct sp_op){ .fn = on_readable, .owner = l };
	}
	return l;
}

int logs_open(struct sp_loop *loop, const struct logs_conf *conf, struct logs **ret,
	      struct sp_err *err)
{
	struct logs *l = logs_alloc(loop, conf);
	int r;

	if (!l)
		return sp_fail_nomem(err);
	r = open_all(l, conf, err);
	if (r < 0) {
		free_when_idle(l);
		return r;
	}
	check_stages(l);
	for (int i = 0; i < LOGS_STREAMS; i++)
		sp_op_poll_many(loop, &l->watches[i], l->stages[i].fifo, EPOLLIN);
	(void)sp_timer_arm_in(loop, &l->again, 0); /* what an earlier agent left */
	*ret = l;
	return 0;
}

void logs_close(struct logs *l)
{
	struct sp_list *readers;
	struct logs_reader *reader;

	if (!l)
		return;
	l->closing = true;
	sp_timer_cancel(&l->again);
	logs_wake_readers(l);
	readers = &l->readers;
	SP_LIST_EACH (readers, reader, link) {
		sp_list_remove(&reader->link);
		reader->l = NULL;
	}
	for (int i = 0; i < LOGS_STREAMS; i++)
		sp_op_cancel(&l->watches[i]);
	free_when_idle(l);
}

int logs_forget(const char *run_dir, const char *id, struct sp_err *err)
{
	autoclose int fd = open(run_dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (fd < 0)
		return errno == ENOENT ? 0 : sp_fail_errno(err, errno, "'%s'", run_dir);
	return sp_remove_tree_at(fd, id, err);
}

int logs_stdio(struct logs *l, int *ret_stdout, int *ret_stderr, struct sp_err *err)
{
	autoclose int out =
		openat(l->run_dirfd, logs_stream_names[0], O_RDWR | O_NOFOLLOW | O_CLOEXEC);
	autoclose int errors =
		openat(l->run_dirfd, logs_stream_names[1], O_RDWR | O_NOFOLLOW | O_CLOEXEC);

	if (out < 0 || errors < 0)
		return sp_fail_errno(err, errno, "FIFOs of '%s'", l->id);
	*ret_stdout = take_fd(out);
	*ret_stderr = take_fd(errors);
	return 0;
}

void logs_drain(struct logs *l)
{
	for (int i = 0; i < LOGS_STREAMS; i++) {
		ssize_t n = pump(l, i, SIZE_MAX);

		if (n >= 0)
			n = write_staged(l, i, true);
		tell_stall(l, n < 0 ? (int)n : 0);
	}
}
