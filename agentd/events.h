/*
 * The event log: numbered from 1 without a gap, kept on disk over restarts, read by cursor.
 *
 * Events are JSON lines in files of EVENTS_FILE_BYTES, named by the number of their first event;
 * the oldest files go. An event is shown to readers once it is on the disk, so that no number is
 * ever used twice, not even when the machine loses power. While the disk is full, events wait in
 * memory and none is lost, up to EVENTS_WAITING_BYTES; past that they are dropped and counted,
 * before they get a number.
 */
#pragma once

#include <jansson.h>
#include <stdint.h>

#include "base/err.h"
#include "base/list.h"
#include "base/loop.h"

#define EVENTS_FILE_BYTES    (256 << 10)
#define EVENTS_WAITING_BYTES (1 << 20)
#define EVENTS_LIMIT         1000 /* events of one read */

struct events;

/* Called once, when events after the watcher's registration may be read. */
struct events_watch {
	struct sp_list link;
	void (*fn)(struct events_watch *w);
};

/* dirfd is borrowed. A torn last line, from a crash, is cut off. */
int events_open(struct sp_loop *loop, int dirfd, unsigned int files_kept, struct events **ret,
		struct sp_err *err);
/* Write out what waits; takes NULL. Runs the loop for a moment: not from a callback. */
void events_close(struct events *e);

/* What happened. stack and workload may be NULL; fields is stolen and may be NULL. Never fails: the
 * trouble of the log is told in the agent's own log. */
void events_emit(struct events *e, const char *type, const char *stack, const char *workload,
		 json_t *fields, const char *fmt, ...) __attribute__((format(printf, 6, 7)));

uint64_t events_last(const struct events *e); /* number of the newest that can be read; 0: none */

/* Events after number `after`, at most limit, as a new array. *ret_next is the cursor for the next
 * read. Events that are gone already are passed over. */
int events_read(struct events *e, uint64_t after, size_t limit, json_t **ret, uint64_t *ret_next,
		struct sp_err *err);

void events_watch(struct events *e, struct events_watch *w);
void events_unwatch(struct events_watch *w); /* safe on one that was called already */
